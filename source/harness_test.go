package source_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

var errCut = errors.New("connection refused")

// scripted is a source whose Watch is a function.
type scripted func(ctx context.Context, emit func(source.Snapshot)) error

func (scripted) Name() string { return "scripted" }

func (f scripted) Watch(ctx context.Context, emit func(source.Snapshot)) error { return f(ctx, emit) }

// running is a supervisor that runs until the test's bubble ends.
type running struct {
	*source.Supervisor
	reported atomic.Int32 // calls of changed
	stop     func()       // ends Run and waits for it
}

// run starts a supervisor within a synctest bubble, and waits until it idles.
func run(t *testing.T, src source.Source, p source.Policy) *running {
	t.Helper()
	r := &running{}
	r.Supervisor = source.NewSupervisor(src, p, func() { r.reported.Add(1) })
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	stopped := false
	r.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != context.Canceled {
			t.Errorf("Run returned %v, want context.Canceled", err)
		}
	}
	t.Cleanup(r.stop)
	synctest.Wait()
	return r
}

// sleep lets fake time pass and everything that it starts come to rest.
func sleep(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// expect compares the state and its error with what they should be.
func (r *running) expect(t *testing.T, state source.State, err error) source.Status {
	t.Helper()
	st := r.Status()
	if st.State != state || !errors.Is(st.Err, err) || (err == nil) != (st.Err == nil) {
		t.Fatalf("state is %v with error %v, want %v with %v", st.State, st.Err, state, err)
	}
	return st
}

// calls fails the test unless changed was called n times since it was last asked.
func (r *running) calls(t *testing.T, n int32, why string) {
	t.Helper()
	if got := r.reported.Swap(0); got != n {
		t.Fatalf("%s: changed was called %d times, want %d", why, got, n)
	}
}

// fed returns a source named "store" that emits what comes through a channel.
func fed(snaps <-chan source.Snapshot) source.Source {
	return source.Named("store", scripted(func(ctx context.Context, emit func(source.Snapshot)) error {
		for {
			select {
			case snap := <-snaps:
				emit(snap)
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}))
}

// ledger notes the times at which something happens.
type ledger struct {
	mu    sync.Mutex
	times []time.Time
}

func (l *ledger) note() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.times = append(l.times, time.Now())
}

func (l *ledger) all() []time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.times)
}

func (r *running) root(t *testing.T) string {
	t.Helper()
	snap, _, ok := r.Latest()
	if !ok {
		t.Fatal("there is no snapshot")
	}
	return snap.Tree.Root().String()
}

func keys(t *testing.T, values map[string]any) tree.Tree {
	t.Helper()
	k, err := tree.FromGo(values)
	if err != nil {
		t.Fatal(err)
	}
	return k
}
