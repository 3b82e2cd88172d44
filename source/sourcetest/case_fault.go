package sourcetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/confsync/confsync/source"
)

func keepsErrorsApart(tr *trial) {
	w := tr.start()
	w.holds("the start", tr.now)
	tr.cut()
	w.returned("after the fault")
	again := tr.start()
	if err := again.returned("though it is cut off"); err == nil || errors.Is(err, context.Canceled) {
		tr.Errorf("Watch returned %v while it was cut off", err)
	}
	for _, snap := range append(w.seen(), again.seen()...) {
		if got := stateOf(snap.Tree); snap.Err != nil || !maps.Equal(got, tr.now) {
			tr.Errorf("emitted %v with error %v, though the store holds %v", got, snap.Err, tr.now)
		}
	}
}

func leavesOutItsName(tr *trial) {
	w := tr.start()
	w.holds("the start", tr.now)
	tr.cut()
	for _, err := range []error{w.returned("after the fault"), tr.start().returned("though it is cut off")} {
		if err != nil && strings.HasPrefix(err.Error(), tr.src.Name()) {
			tr.Errorf("the error %q begins with the name of the source, which who shows it puts before it", err)
		}
	}
}

func reportsContent(tr *trial) {
	isBad := func(snap source.Snapshot) bool { return snap.Err != nil }
	w := tr.start()
	w.holds("the start", tr.now)
	tr.store.Spoil(tr.T)
	w.until("an error for content that can't be used", isBad)
	tr.set("alpha", "good")
	w.holds("good content", tr.now)
	w.end()

	tr.store.Spoil(tr.T)
	w = tr.start()
	w.until("an error for content that can't be used from the start", isBad)
	tr.set("alpha", "better")
	w.holds("good content", tr.now)
}

// survivesFaults runs the source as a program does, by a supervisor, while a
// writer notes every state that it commits and faults come and go.
func survivesFaults(tr *trial) {
	w := tr.start() // after which the client has started all that it needs
	w.first()
	w.end()
	left := tr.leaks()
	seed := uint64(time.Now().UnixNano())
	tr.Logf("seed %d", seed)
	f := &faults{trial: tr, rand: rand.New(rand.NewPCG(seed, 0)), history: []state{maps.Clone(tr.now)}}
	f.run()
	if err := left(); err != nil {
		tr.Errorf("after the supervisor had ended: %v", err)
	}
}

type faults struct {
	*trial
	rand *rand.Rand
	sup  *source.Supervisor

	mu      sync.Mutex
	history []state // every state that was committed, or is about to be
	at      int     // where in it the newest snapshot is
	version uint64  // of that snapshot
	bad     string  // what was seen and must not be
}

const (
	minBackoff = 50 * time.Millisecond
	maxBackoff = 200 * time.Millisecond
	staleAfter = 300 * time.Millisecond
)

func (f *faults) run() {
	resync := max(time.Second, f.h.Within/2)
	counted := &counted{Source: f.src}
	f.sup = source.NewSupervisor(counted, source.Policy{
		StaleAfter: staleAfter, Resync: resync, MinBackoff: minBackoff, MaxBackoff: maxBackoff,
	}, f.look)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); f.sup.Run(ctx) }()
	defer func() { cancel(); <-done }()

	began := time.Now()
	for i := range 40 {
		switch n := f.rand.IntN(10); n {
		case 0:
			f.outage(i)
		case 1:
			f.commit("beta.one", "")
		case 2:
			f.commit("beta.two", "")
		default:
			f.commit([]string{"alpha", "beta.one", "beta.two"}[n%3], fmt.Sprintf("n%d", i))
		}
	}
	f.outage(40)
	f.commit("alpha", "end")
	f.converges("the last write")
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.bad != "" {
		f.Error(f.bad)
	}
	// Neither a wait nor the time to a resync is less than half its mean.
	most := int(time.Since(began)/(minBackoff/2)) + int(time.Since(began)/(resync/2)) + 2
	if n := counted.watches(); n > most {
		f.Errorf("Watch was called %d times in %v", n, time.Since(began))
	}
}

// commit sets a key, or deletes it if the value is "".
func (f *faults) commit(path, value string) {
	next := maps.Clone(f.now)
	if next[path] = value; value == "" {
		delete(next, path)
		if maps.Equal(next, f.now) {
			return
		}
	}
	f.mu.Lock()
	f.history = append(f.history, next)
	f.mu.Unlock()
	if value == "" {
		f.delete(path)
	} else {
		f.set(path, value)
	}
}

// outage cuts the source off until that shows, and heals it.
func (f *faults) outage(i int) {
	if f.store.Break == nil || f.store.Heal == nil {
		return
	}
	if f.sup.Status().Contact.IsZero() {
		f.converges("the start")
	}
	f.cut()
	f.poll("an outage in the status", func() bool {
		st := f.sup.Status()
		return st.State == source.Stale && st.Err != nil && !st.Since.IsZero()
	})
	if f.store.WritableWhileBroken {
		f.commit("beta.one", fmt.Sprintf("cut%d", i))
	}
	f.heal()
	f.converges("the state after an outage")
}

// look notes whether the newest snapshot is a state that was committed, and
// none from before the last one.
func (f *faults) look() {
	f.mu.Lock()
	defer f.mu.Unlock()
	snap, version, ok := f.sup.Latest()
	if !ok || version == f.version {
		return
	}
	got := stateOf(snap.Tree)
	for i := f.at; i < len(f.history); i++ {
		if maps.Equal(got, f.history[i]) {
			f.at, f.version = i, version
			return
		}
	}
	f.bad = fmt.Sprintf("a snapshot holds %v, which was not committed since %v", got, f.history[f.at])
}

func (f *faults) converges(what string) {
	f.Helper()
	f.poll(what, func() bool {
		snap, _, ok := f.sup.Latest()
		st := f.sup.Status()
		return ok && st.State == source.Live && st.Err == nil && maps.Equal(stateOf(snap.Tree), f.now)
	})
}

// poll waits for something to become true, for as long as a fault or a heal and
// the waits of the supervisor may take.
func (f *faults) poll(what string, ok func() bool) {
	f.Helper()
	deadline := time.Now().Add(f.h.Within + 2*maxBackoff + staleAfter)
	for !ok() {
		if time.Now().After(deadline) {
			snap, _, _ := f.sup.Latest()
			f.Fatalf("there is no %s within %v; the store holds %v, the snapshot %v, and the status is %+v",
				what, f.h.Within, f.now, stateOf(snap.Tree), f.sup.Status())
		}
		time.Sleep(5 * time.Millisecond) // between looks
	}
}

// counted is a source that counts its watches.
type counted struct {
	source.Source
	mu sync.Mutex
	n  int
}

func (c *counted) Watch(ctx context.Context, emit func(source.Snapshot)) error {
	c.mu.Lock()
	c.n++
	c.mu.Unlock()
	return c.Source.Watch(ctx, emit)
}

func (c *counted) watches() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}
