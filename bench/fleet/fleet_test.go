package fleet

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/confsync/confsync/bench/stage"
	"github.com/confsync/confsync/source"
)

// away is a store that all sources of a test share: from the time it goes until
// it is back it refuses at once.
type away struct {
	mu    sync.Mutex
	gone  chan struct{} // closed when it goes
	back  chan struct{} // closed when it is back
	start time.Time
	asked []time.Duration
}

func (a *away) Name() string { return "away" }

func (a *away) Watch(ctx context.Context, emit func(source.Snapshot)) error {
	select {
	case <-a.gone:
	default:
		emit(source.Snapshot{Revision: "1"})
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-a.gone:
			return errors.New("cut off")
		}
	}
	a.ask()
	select {
	case <-a.back:
		a.ask() // for what comes
		emit(source.Snapshot{Revision: "2"})
		<-ctx.Done()
		return ctx.Err()
	default:
		return errors.New("refused")
	}
}

func (a *away) ask() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, time.Since(a.start))
}

// simulate is an outage for real supervisors, in fake time.
func simulate(t *testing.T, n int, d time.Duration) Outage {
	o := Outage{Instances: n, Away: d}
	synctest.Test(t, func(t *testing.T) {
		a := &away{gone: make(chan struct{}), back: make(chan struct{})}
		ctx, cancel := context.WithCancel(t.Context())
		var sups []*source.Supervisor
		var running sync.WaitGroup
		for range n {
			s := source.NewSupervisor(a, source.Policy{Resync: -1}, nil)
			sups = append(sups, s)
			running.Go(func() { _ = s.Run(ctx) })
		}
		time.Sleep(time.Minute)
		a.start = time.Now()
		close(a.gone)
		time.Sleep(d)
		close(a.back)
		time.Sleep(time.Minute)
		for _, s := range sups {
			if st := s.Status(); st.State == source.Live {
				o.Back = append(o.Back, st.Since.Sub(a.start))
			}
		}
		cancel()
		running.Wait()
		o.Asked = a.asked
	})
	slices.Sort(o.Asked)
	slices.Sort(o.Back)
	return o
}

// TestCalculationAgrees compares what is calculated with what supervisors do.
func TestCalculationAgrees(t *testing.T) {
	const n = 2000
	for _, d := range []time.Duration{10 * time.Second, 2 * time.Minute} {
		t.Run(d.String(), func(t *testing.T) {
			is, calculated := simulate(t, n, d), Calculate(n, d, Default())
			if len(is.Back) != n || len(calculated.Back) != n {
				t.Fatalf("%d and %d of %d came back", len(is.Back), len(calculated.Back), n)
			}
			for _, c := range []struct {
				what  string
				is, c float64
			}{
				{"attempts", float64(len(is.Asked)), float64(len(calculated.Asked))},
				{"the peak at the onset", float64(is.Onset()), float64(calculated.Onset())},
				{"half are back", is.BackAfter(0.5).Seconds(), calculated.BackAfter(0.5).Seconds()},
				{"nine tenths are back", is.BackAfter(0.9).Seconds(), calculated.BackAfter(0.9).Seconds()},
			} {
				if math.Abs(c.is-c.c) > 0.1*c.c+0.1 {
					t.Errorf("%s: %.2f, calculated %.2f", c.what, c.is, c.c)
				}
			}
		})
	}
}

func TestOutage(t *testing.T) {
	o := Outage{Away: 30 * time.Second}
	for _, second := range []int{0, 0, 0, 1, 1, 25, 25, 26, 31, 31, 31, 31, 40} {
		o.Asked = append(o.Asked, time.Duration(second)*time.Second)
	}
	o.Back = []time.Duration{31 * time.Second, 31 * time.Second, 40 * time.Second}
	if o.Onset() != 3 || o.Late() != 2 || o.Return() != 4 {
		t.Errorf("got %d, %d and %d", o.Onset(), o.Late(), o.Return())
	}
	if got := o.BackAfter(1); got != 10*time.Second {
		t.Errorf("all are back after %v", got)
	}
	if (Outage{}).Return() != 0 {
		t.Error("an outage of nothing has a peak")
	}
}

// TestRun has a few real instances go through it all.
func TestRun(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a server")
	}
	c, o, err := Run(t.Context(), Plan{Instances: 5, Keys: 10, Away: time.Second})
	if errors.Is(err, stage.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Seen) != 5 || c.Asked < 5 || c.Peak < 1 || c.Down == 0 {
		t.Errorf("the change: %+v", c)
	}
	if len(o.Back) != 5 || len(o.Asked) < 10 || o.Back[0] < o.Away {
		t.Errorf("the outage: %+v", o)
	}
}
