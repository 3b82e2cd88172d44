package source_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/sourcetest"
)

// deaf is a Memory whose notifications are all lost: a Watch emits once.
type deaf struct {
	*sourcetest.Memory
	began ledger
}

func (d *deaf) Watch(ctx context.Context, emit func(source.Snapshot)) error {
	d.began.note()
	return d.Memory.Watch(ctx, func(snap source.Snapshot) {
		emit(snap)
		<-ctx.Done()
	})
}

func TestU7ResyncRepairsALostEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &deaf{Memory: sourcetest.NewMemory("m", map[string]any{"a": 1})}
		r := run(t, d, source.Policy{})
		started := r.Status().Since
		r.reported.Store(0)
		d.Set("a", 2)
		sleep(7 * time.Minute)
		if got := r.root(t); got != "{a:1}" {
			t.Fatalf("holds %s: no event was lost", got)
		}
		sleep(16 * time.Minute)
		if got := r.root(t); got != "{a:2}" {
			t.Errorf("holds %s after the resync", got)
		}
		if st := r.expect(t, source.Live, nil); st.Since != started || st.Retries != 0 {
			t.Errorf("the resync shows as an outage: %+v", st)
		}
		r.calls(t, 1, "resync")
	})
}

func TestResyncInterval(t *testing.T) {
	tests := []struct {
		name     string
		resync   time.Duration
		min, max time.Duration
	}{
		{"default", 0, 7*time.Minute + 30*time.Second, 22*time.Minute + 30*time.Second},
		{"set", time.Minute, 30 * time.Second, 90 * time.Second},
		{"never", -1, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &deaf{Memory: sourcetest.NewMemory("m", nil)}
				r := run(t, d, source.Policy{Resync: tt.resync})
				r.reported.Store(0)
				sleep(100 * time.Hour)
				r.calls(t, 0, "resyncs that find nothing")
				began := d.began.all()
				if tt.max == 0 {
					if len(began) != 1 {
						t.Errorf("%d watches, want 1", len(began))
					}
					return
				}
				shortest, longest := time.Duration(1<<62), time.Duration(0)
				for i, at := range began[1:] {
					gap := at.Sub(began[i])
					shortest, longest = min(shortest, gap), max(longest, gap)
				}
				spread := (tt.max - tt.min) / 10
				if shortest < tt.min || shortest > tt.min+spread || longest > tt.max || longest < tt.max-spread {
					t.Errorf("intervals are %v to %v, want to fill %v to %v", shortest, longest, tt.min, tt.max)
				}
			})
		})
	}
}

// turning is a source whose first Watch emits and stays, and whose later ones
// take a while and then fail.
type turning struct {
	takes time.Duration // negative: until ctx ends
	again ledger        // when the later ones began
	first sync.Once
}

func (*turning) Name() string { return "turning" }

func (s *turning) Watch(ctx context.Context, emit func(source.Snapshot)) error {
	first := false
	s.first.Do(func() { first = true })
	if first {
		emit(source.Snapshot{})
	} else {
		s.again.note()
	}
	if first || s.takes < 0 {
		<-ctx.Done()
		return ctx.Err()
	}
	time.Sleep(s.takes)
	return errCut
}

// resynced lets time pass until the second Watch has begun, and tells when it did.
func (s *turning) resynced() time.Time {
	for len(s.again.all()) == 0 {
		sleep(time.Second)
	}
	return s.again.all()[0]
}

func TestResyncThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &turning{takes: 10 * time.Second}
		r := run(t, src, source.Policy{})
		r.reported.Store(0)
		began := src.resynced()
		r.expect(t, source.Live, nil)
		sleep(time.Until(began.Add(10*time.Second - 1)))
		r.expect(t, source.Live, nil)
		r.calls(t, 0, "an attempt that may yet succeed")
		sleep(1)
		if st := r.expect(t, source.Retrying, errCut); st.Since != began {
			t.Errorf("cut off since %v, want since the healthy watch ended at %v", st.Since, began)
		}
		r.calls(t, 1, "failure")
		sleep(time.Until(began.Add(30*time.Second - 1)))
		r.expect(t, source.Retrying, errCut)
		sleep(1)
		r.expect(t, source.Stale, errCut)
		r.calls(t, 1, "stale")
	})
}

func TestU3ResyncThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &turning{takes: -1}
		r := run(t, src, source.Policy{})
		r.reported.Store(0)
		began := src.resynced()
		sleep(time.Until(began.Add(30*time.Second - 1)))
		r.expect(t, source.Live, nil)
		sleep(1)
		st := r.Status()
		if st.State != source.Stale || st.Since != began || st.Err == nil {
			t.Errorf("status is %+v", st)
		}
		r.calls(t, 1, "stale")
		sleep(23 * time.Minute)
		if len(src.again.all()) < 2 {
			t.Error("the watch that hangs was not started anew")
		}
	})
}
