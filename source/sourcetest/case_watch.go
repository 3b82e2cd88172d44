package sourcetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/confsync/confsync/source"
)

func blocksUntilCtxEnds(tr *trial) {
	w := tr.start()
	w.first()
	select {
	case <-w.ended:
		tr.Fatalf("Watch returned %v while its context was alive", w.err)
	default:
	}
	if err := w.end(); !errors.Is(err, context.Canceled) {
		tr.Errorf("Watch returned %v after its context was cancelled", err)
	}
	ctx, cancel := context.WithTimeout(tr.Context(), 50*time.Millisecond)
	defer cancel()
	w = watch(tr.T, ctx, tr.src, tr.h.Within)
	if err := w.returned("after its deadline"); !errors.Is(err, context.DeadlineExceeded) {
		tr.Errorf("Watch returned %v after its deadline", err)
	}
	w = watch(tr.T, ctx, tr.src, tr.h.Within)
	if err := w.returned("though its context had ended before"); !errors.Is(err, context.DeadlineExceeded) {
		tr.Errorf("Watch returned %v from a context that had ended before", err)
	}
}

func returnsWhy(tr *trial) {
	w := tr.start()
	w.holds("the start", tr.now)
	tr.cut()
	if err := w.returned("after the fault"); err == nil || errors.Is(err, context.Canceled) {
		tr.Errorf("Watch returned %v after the stream broke", err)
	}
}

func leavesNoGoroutine(tr *trial) {
	for _, warm := range []bool{true, false} { // a client may start its own at the first use
		left := tr.leaks()
		for range 3 {
			w := tr.start()
			w.first()
			w.end()
		}
		w := tr.start() // ended before it has emitted, perhaps
		w.end()
		if err := left(); err != nil && !warm {
			tr.Errorf("after Watch had returned: %v", err)
		}
	}
}

// endsInTheMidst leaves it to each watching to notice a late emit, until the
// end of the case.
func endsInTheMidst(tr *trial) {
	for i := range 20 {
		w := tr.start()
		if i%2 == 0 {
			w.first()
		}
		tr.set("alpha", fmt.Sprintf("n%d", i))
		w.end()
	}
	tr.start().holds("the last write", tr.now)
	time.Sleep(lateEmits)
}

// lateEmits is how long a Watch that has returned is given to emit after all.
const lateEmits = 50 * time.Millisecond

func refusesASecondWatch(tr *trial) {
	w := tr.start()
	w.first()
	second := tr.start()
	if err := second.returned("beside the first"); !errors.Is(err, source.ErrWatched) {
		tr.Errorf("the second Watch returned %v, want source.ErrWatched", err)
	}
	if n := len(second.seen()); n > 0 {
		tr.Errorf("the second Watch emitted %d times", n)
	}
	select {
	case <-w.ended:
		tr.Errorf("the first Watch ended with %v because of the second", w.err)
	default:
	}
	w.end()
	tr.start().holds("the present state, once the first has returned", tr.now)
}

func watchesAgain(tr *trial) {
	for i := range 5 {
		w := tr.start()
		if snap := w.first(); !maps.Equal(stateOf(snap.Tree), tr.now) {
			tr.Fatalf("watch %d first emitted %s, want %v", i+1, snap.Tree.Root(), tr.now)
		}
		tr.set("alpha", fmt.Sprintf("during%d", i))
		w.holds("a write during the watch", tr.now)
		w.end()
		tr.set("beta.one", fmt.Sprintf("between%d", i))
	}
}

func watchesAfterAFault(tr *trial) {
	for i := range 2 {
		w := tr.start()
		w.holds("the present state", tr.now)
		tr.cut()
		w.returned("after the fault")
		if tr.store.WritableWhileBroken {
			tr.set("beta.one", fmt.Sprintf("cut%d", i))
		}
		tr.heal()
		tr.set("alpha", fmt.Sprintf("healed%d", i))
		w = tr.untilWatchable()
		w.holds("what was written during the fault", tr.now)
		tr.set("beta.two", fmt.Sprintf("live%d", i))
		w.holds("a write after the fault", tr.now)
		w.end()
	}
}

// untilWatchable watches again and again, as a supervisor does, until it emits.
func (tr *trial) untilWatchable() *watching {
	tr.Helper()
	for deadline := time.Now().Add(tr.h.Within); ; {
		w := tr.start()
		select {
		case <-w.woke:
			return w
		case <-w.ended:
		case <-time.After(time.Until(deadline)):
		}
		if time.Now().After(deadline) {
			tr.Fatalf("no Watch emitted within %v after the fault was healed; the last is %s", tr.h.Within, w.outcome())
		}
		time.Sleep(10 * time.Millisecond) // between attempts
	}
}

func (w *watching) outcome() string {
	select {
	case <-w.ended:
		return fmt.Sprintf("over with %v", w.err)
	default:
		return "silent"
	}
}
