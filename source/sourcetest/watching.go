package sourcetest

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

// state is what a store holds: values by their paths.
type state map[string]string

// stateOf has a tree's values. Maps and lists that are empty count for nothing:
// stores differ in whether they have any.
func stateOf(t tree.Tree) state {
	s := make(state)
	for p, n := range t.Root().Leaves {
		switch {
		case n.Own() != nil:
			s[p.String()] = n.Own().Text()
		case n.Kind().IsScalar():
			s[p.String()] = n.Text()
		}
	}
	return s
}

// watching is a Watch under observation.
type watching struct {
	t      *testing.T
	within time.Duration
	cancel context.CancelFunc
	woke   chan struct{} // capacity 1; emit sends; closed by none
	ended  chan struct{} // closed when Watch has returned; err is then set
	err    error

	mu    sync.Mutex
	snaps []source.Snapshot
	bad   string // a rule that was broken while nobody looked
}

// watch calls Watch in a goroutine that is joined when the test ends, at the latest.
func watch(t *testing.T, ctx context.Context, src source.Source, within time.Duration) *watching {
	w := &watching{t: t, within: within, woke: make(chan struct{}, 1), ended: make(chan struct{})}
	ctx, w.cancel = context.WithCancel(ctx)
	var emitting, over atomic.Bool
	go func() {
		defer close(w.ended)
		w.err = src.Watch(ctx, func(snap source.Snapshot) {
			if over.Load() {
				w.breach("emit was called after Watch had returned")
			}
			if emitting.Swap(true) {
				w.breach("emit was called while another emit ran")
			}
			w.take(snap)
			emitting.Store(false)
		})
		over.Store(true)
	}()
	t.Cleanup(func() {
		w.end()
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.bad != "" {
			t.Error(w.bad)
		}
	})
	return w
}

func (w *watching) breach(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bad = what
}

func (w *watching) take(snap source.Snapshot) {
	w.mu.Lock()
	w.snaps = append(w.snaps, snap)
	w.mu.Unlock()
	select {
	case w.woke <- struct{}{}:
	default:
	}
}

// seen returns every snapshot so far.
func (w *watching) seen() []source.Snapshot {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.snaps[:len(w.snaps):len(w.snaps)]
}

// good returns every snapshot so far whose content can be used.
func (w *watching) good() []source.Snapshot {
	return slices.DeleteFunc(slices.Clone(w.seen()), func(snap source.Snapshot) bool { return snap.Err != nil })
}

// until waits for a last snapshot that is as it should be.
func (w *watching) until(what string, ok func(source.Snapshot) bool) source.Snapshot {
	w.t.Helper()
	late := time.NewTimer(w.within)
	defer late.Stop()
	for {
		seen := w.seen()
		if len(seen) > 0 && ok(seen[len(seen)-1]) {
			return seen[len(seen)-1]
		}
		select {
		case <-w.woke:
			continue
		case <-w.ended:
			w.t.Fatalf("Watch returned %v before it emitted %s", w.err, what)
		case <-late.C:
			w.t.Fatalf("%s was not emitted within %v; after %d emits there is %s", what, w.within, len(seen), last(seen))
		}
	}
}

func last(seen []source.Snapshot) string {
	if len(seen) == 0 {
		return "nothing"
	}
	if err := seen[len(seen)-1].Err; err != nil {
		return err.Error()
	}
	return seen[len(seen)-1].Tree.Root().String()
}

// holds waits until the last snapshot is the given state.
func (w *watching) holds(what string, want state) source.Snapshot {
	w.t.Helper()
	return w.until(what, func(snap source.Snapshot) bool {
		return snap.Err == nil && maps.Equal(stateOf(snap.Tree), want)
	})
}

// first waits for the first emit.
func (w *watching) first() source.Snapshot {
	w.t.Helper()
	w.until("anything", func(source.Snapshot) bool { return true })
	return w.seen()[0]
}

// end cancels the Watch and is what it returned.
func (w *watching) end() error {
	w.t.Helper()
	w.cancel()
	return w.returned("after its context had ended")
}

// returned waits for the Watch to return, and is what it did.
func (w *watching) returned(when string) error {
	w.t.Helper()
	select {
	case <-w.ended:
		return w.err
	case <-time.After(w.within):
	}
	w.t.Errorf("Watch did not return within %v %s", w.within, when)
	return errors.New("watch did not return")
}
