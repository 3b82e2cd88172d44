package source_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/sourcetest"
)

func TestRefreshReadsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &deaf{Memory: sourcetest.NewMemory("m", map[string]any{"a": 1})}
		r := run(t, d, source.Policy{})
		r.reported.Store(0)
		d.Set("a", 2)
		synctest.Wait()
		if err := r.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := r.root(t); got != "{a:2}" {
			t.Errorf("holds %s", got)
		}
		r.expect(t, source.Live, nil)
		r.calls(t, 1, "refresh")
	})
}

func TestRefreshCutsABackoffShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sourcetest.NewMemory("m", nil)
		m.Fail(errCut)
		r := run(t, m, source.Policy{MinBackoff: time.Hour})
		if err := r.Refresh(t.Context()); err != errCut {
			t.Errorf("Refresh returned %v, want the watch's error", err)
		}
		m.Heal()
		began := time.Now()
		if err := r.Refresh(t.Context()); err != nil {
			t.Error(err)
		}
		r.expect(t, source.Live, nil)
		if took := time.Since(began); took != 0 {
			t.Errorf("it took %v", took)
		}
	})
}

func TestRefreshOfContentThatCannotBeUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sourcetest.NewMemory("m", nil)
		r := run(t, m, source.Policy{})
		bad := errors.New("bad")
		m.Reject(bad)
		if err := r.Refresh(t.Context()); err != nil {
			t.Error(err)
		}
		r.expect(t, source.Live, bad)
	})
}

func TestRefreshBeforeRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := source.NewSupervisor(sourcetest.NewMemory("m", nil), source.Policy{}, nil)
		got := make(chan error, 1)
		go func() { got <- s.Refresh(t.Context()) }()
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		go s.Run(ctx)
		if err := <-got; err != nil {
			t.Error(err)
		}
		cancel()
	})
}

// slow returns a source that needs a second to its first emit.
func slow(watches *ledger) source.Source {
	return scripted(func(ctx context.Context, emit func(source.Snapshot)) error {
		watches.note()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
		emit(source.Snapshot{})
		<-ctx.Done()
		return ctx.Err()
	})
}

func TestRefreshIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var watches ledger
		r := run(t, slow(&watches), source.Policy{})
		sleep(time.Minute)
		var calls sync.WaitGroup
		for i := range 100 {
			calls.Go(func() {
				time.Sleep(time.Duration(i) * 100 * time.Millisecond)
				began := time.Now()
				if err := r.Refresh(t.Context()); err != nil {
					t.Error(err)
				}
				if took := time.Since(began); took < time.Second || took > 2*time.Second {
					t.Errorf("Refresh took %v: it must see a read that began after it, and no others' calls may hold it up", took)
				}
			})
		}
		calls.Wait()
		if n := len(watches.all()); n > 15 {
			t.Errorf("%d watches for 100 calls within 10 seconds", n)
		}
		r.expect(t, source.Live, nil)
	})
}

func TestRefreshThatGivesUpHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var answers atomic.Bool
		r := run(t, scripted(func(ctx context.Context, emit func(source.Snapshot)) error {
			if answers.Load() {
				emit(source.Snapshot{})
			}
			<-ctx.Done()
			return ctx.Err()
		}), source.Policy{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := r.Refresh(ctx); err != context.DeadlineExceeded {
			t.Errorf("Refresh returned %v", err)
		}
		answers.Store(true)
		began := time.Now()
		if err := r.Refresh(t.Context()); err != nil || time.Since(began) != 0 {
			t.Errorf("Refresh returned %v after %v", err, time.Since(began))
		}
	})
}

func TestRefreshThatWaitsForAFailureSkipsTheBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, scripted(func(context.Context, func(source.Snapshot)) error {
			time.Sleep(time.Second)
			return errCut
		}), source.Policy{MinBackoff: time.Hour})
		sleep(time.Minute)
		began := time.Now()
		var calls sync.WaitGroup
		for i, want := range []time.Duration{time.Second, 2 * time.Second} {
			calls.Go(func() {
				time.Sleep(time.Duration(i) * time.Second / 2)
				if err := r.Refresh(t.Context()); err != errCut || time.Since(began) != want {
					t.Errorf("call %d returned %v after %v, want %v after %v", i+1, err, time.Since(began), errCut, want)
				}
			})
		}
		calls.Wait()
	})
}

func TestRefreshEndsWithRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var watches ledger
		r := run(t, slow(&watches), source.Policy{})
		got := make(chan error, 2)
		for range 2 {
			go func() { got <- r.Refresh(t.Context()) }()
			synctest.Wait()
		}
		r.stop()
		for range 2 {
			if err := <-got; err != source.ErrClosed {
				t.Errorf("Refresh returned %v, want ErrClosed", err)
			}
		}
	})
}
