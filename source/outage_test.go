package source_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/sourcetest"
)

// faulty is a store that can be down, and notes when it is asked.
type faulty struct {
	asked ledger
	broke atomic.Pointer[chan struct{}] // closed to break what runs; nil while down
}

func (*faulty) Name() string { return "faulty" }

func (f *faulty) Watch(ctx context.Context, emit func(source.Snapshot)) error {
	f.asked.note()
	broke := f.broke.Load()
	if broke == nil {
		return errCut
	}
	emit(source.Snapshot{})
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-*broke:
		return errCut
	}
}

func (f *faulty) heal() {
	broke := make(chan struct{})
	f.broke.Store(&broke)
}

func (f *faulty) cut() { close(*f.broke.Swap(nil)) }

func TestU6AnOutageOfTwentyMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &faulty{}
		f.heal()
		r := run(t, f, source.Policy{})
		sleep(time.Minute)
		r.reported.Store(0)
		f.cut()
		synctest.Wait()
		lost := time.Now()
		if st := r.expect(t, source.Retrying, errCut); st.Since != lost || st.Retries != 1 {
			t.Errorf("status is %+v, want since %v", st, lost)
		}
		sleep(20 * time.Minute)
		if st := r.expect(t, source.Stale, errCut); st.Since != lost {
			t.Errorf("stale since %v, want %v", st.Since, lost)
		}
		r.calls(t, 2, "retrying, then stale")
		asked := f.asked.all()
		attempts := len(asked) - 1
		if attempts < 20 || attempts > 100 {
			t.Errorf("%d attempts in 20 minutes", attempts)
		}
		last := asked[attempts]
		if gap := time.Since(last); gap > 45*time.Second {
			t.Errorf("the last attempt was %v ago: it has given up", gap)
		}
		f.heal()
		sleep(45 * time.Second)
		r.calls(t, 1, "healed")
		if st := r.expect(t, source.Live, nil); st.Retries != 0 || !st.Since.After(lost) {
			t.Errorf("status is %+v", st)
		}
	})
}

func TestU6BackoffStartsOverOnlyAfterHealth(t *testing.T) {
	tests := []struct {
		name     string
		live     time.Duration // how long each watch stays up
		min, max time.Duration // of the wait after the 20th break
	}{
		{"breaks at once", 0, 15 * time.Second, 45 * time.Second},
		{"breaks a moment before it is healthy", 10*time.Second - 1, 15 * time.Second, 45 * time.Second},
		{"breaks when it is healthy", 10 * time.Second, 100 * time.Millisecond, 300 * time.Millisecond},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var starts, breaks ledger
				run(t, scripted(func(ctx context.Context, emit func(source.Snapshot)) error {
					starts.note()
					emit(source.Snapshot{})
					time.Sleep(tt.live)
					breaks.note()
					return errCut
				}), source.Policy{})
				sleep(time.Hour)
				began, broke := starts.all(), breaks.all()
				if len(began) < 22 {
					t.Fatalf("%d attempts in an hour", len(began))
				}
				if wait := began[20].Sub(broke[19]); wait < tt.min || wait > tt.max {
					t.Errorf("the 20th wait is %v, want %v to %v", wait, tt.min, tt.max)
				}
			})
		})
	}
}

// U5: a stream that is closed at once is not a hot loop, whatever it emits first.
func TestU5EmitAndReturnIsBackedOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var watches ledger
		run(t, scripted(func(_ context.Context, emit func(source.Snapshot)) error {
			watches.note()
			emit(source.Snapshot{})
			return errCut
		}), source.Policy{})
		sleep(10 * time.Minute)
		if n := len(watches.all()); n < 10 || n > 70 {
			t.Errorf("%d attempts in 10 minutes", n)
		}
	})
}

func TestU3StalenessDeadline(t *testing.T) {
	tests := []struct {
		name   string
		policy source.Policy
		after  time.Duration // 0: never
	}{
		{"default", source.Policy{}, 30 * time.Second},
		{"short", source.Policy{StaleAfter: time.Second}, time.Second},
		{"never", source.Policy{StaleAfter: -1}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := sourcetest.NewMemory("m", nil)
				r := run(t, m, tt.policy)
				sleep(time.Minute)
				m.Fail(errCut)
				synctest.Wait()
				lost := time.Now()
				r.reported.Store(0)
				if tt.after == 0 {
					sleep(time.Hour)
					r.expect(t, source.Retrying, errCut)
					return
				}
				sleep(tt.after - 1)
				r.expect(t, source.Retrying, errCut)
				r.calls(t, 0, "before the deadline")
				sleep(1)
				if st := r.expect(t, source.Stale, errCut); st.Since != lost {
					t.Errorf("since %v, want %v", st.Since, lost)
				}
				r.calls(t, 1, "at the deadline")
			})
		})
	}
}

func TestStaleAgainAfterHealing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sourcetest.NewMemory("m", nil)
		r := run(t, m, source.Policy{StaleAfter: time.Minute, MaxBackoff: time.Second})
		for range 3 {
			m.Fail(errCut)
			sleep(50 * time.Second)
			r.expect(t, source.Retrying, errCut)
			m.Heal()
			sleep(5 * time.Second)
			r.expect(t, source.Live, nil)
		}
	})
}

func TestOneCallOfChangedForOneError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sourcetest.NewMemory("m", nil)
		r := run(t, m, source.Policy{StaleAfter: -1})
		r.calls(t, 1, "first emit")
		m.Fail(errCut)
		sleep(10 * time.Minute)
		r.calls(t, 1, "one error")
		m.Fail(errors.New("access denied"))
		sleep(10 * time.Minute)
		r.calls(t, 1, "another error")
		if m.Watches() < 20 {
			t.Errorf("%d attempts: nothing was retried", m.Watches())
		}
	})
}

// A thousand clients that lose their store together don't come back together.
func TestU6AFleetSpreadsItsAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const fleet = 1000
		stores := make([]*faulty, fleet)
		all := make([]*running, fleet)
		for i := range stores {
			stores[i] = &faulty{}
			stores[i].heal()
			all[i] = run(t, stores[i], source.Policy{})
		}
		sleep(time.Minute)
		for _, f := range stores {
			f.cut()
		}
		sleep(5 * time.Minute)
		healed := time.Now()
		for _, f := range stores {
			f.heal()
		}
		sleep(time.Minute)
		early, late := make(map[int64]int), make(map[int64]int)
		for i, f := range stores {
			all[i].expect(t, source.Live, nil)
			for _, at := range f.asked.all() {
				switch since := at.Sub(healed); {
				case since >= 0:
					late[int64(since/time.Second)]++
				case since > -2*time.Minute:
					early[int64(since/time.Second)]++
				}
			}
		}
		for name, each := range map[string]map[int64]int{"during the outage": early, "after it": late} {
			total, peak := 0, 0
			for _, n := range each {
				total, peak = total+n, max(peak, n)
			}
			if total < fleet || peak > fleet/10 {
				t.Errorf("%s: %d attempts, %d of them within one second", name, total, peak)
			}
			t.Logf("%s: %d attempts, at most %d a second", name, total, peak)
		}
	})
}
