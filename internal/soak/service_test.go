package soak

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/env"
)

// app is the service's configuration: a part for each place, which writers change.
type app struct {
	Env    string
	Static part
	Parts  map[string]part `config:",remain"`
}

// part is what one place holds. A and B are always written together.
type part struct {
	A, B  int
	Level uint8 // a writer's bad value is not one
	Map   map[string]int
}

// counts are what the service has done and seen.
type counts struct {
	vetoes, pins, callbacks, subscriptions, builds, released, torn atomic.Int64
}

// service follows the configuration in every way there is.
type service struct {
	t       *testing.T
	cfg     *confsync.Config[app]
	derived *confsync.Derived[*built]
	counts  counts
	stop    context.CancelFunc
	running sync.WaitGroup
}

func startService(t *testing.T, sources []source.Source) *service {
	t.Helper()
	s := &service{t: t}
	all := append([]source.Source{
		source.Static("defaults", map[string]any{"static": map[string]any{"a": 1, "b": 1}}),
		env.New("SOAK", &env.Options{Environ: func() []string { return []string{"SOAK_ENV=here"} }}),
	}, sources...)
	cfg, err := confsync.Open(t.Context(), confsync.Options[app]{
		Sources:  all,
		Validate: s.validate,
		Logger:   slog.New(slog.DiscardHandler),
		Policy:   source.Policy{StaleAfter: 5 * time.Second, Resync: 30 * time.Second, MaxBackoff: time.Second},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.cfg = cfg
	s.derived, err = confsync.Derive(cfg, s.build, func(*built) { s.counts.released.Add(1) }, confsync.Veto())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	s.stop = stop
	for _, run := range []func(context.Context){s.read, s.subscribe, s.pin, s.look} {
		s.running.Go(func() { run(ctx) })
	}
	return s
}

// validate sees that what was written together has come together.
func (s *service) validate(_, next *app) error {
	for name, p := range next.Parts {
		if p.A != p.B {
			s.counts.torn.Add(1)
			return confsync.Invalid(fmt.Errorf("a is %d and b is %d", p.A, p.B), name+".a", name+".b")
		}
	}
	return nil
}

// refused reports whether build refuses a sum: those that end in 7.
func refused(sum int) bool { return sum%10 == 7 }

// built is what the service builds of a configuration. Each is another.
type built struct{ sum int }

// build vetoes some generations.
func (s *service) build(a *app) (*built, error) {
	sum := 0
	for _, p := range a.Parts {
		sum += p.A
	}
	if refused(sum) {
		s.counts.vetoes.Add(1)
		return nil, errors.New("it ends in 7")
	}
	s.counts.builds.Add(1)
	return &built{sum}, nil
}

// read reads as requests do, and sees that a value is whole.
func (s *service) read(ctx context.Context) {
	for ctx.Err() == nil {
		a := s.cfg.Get()
		if a.Env != "here" || a.Static.A != 1 {
			s.t.Errorf("read %+v", *a)
		}
		if sum := s.derived.Get().sum; refused(sum) {
			s.t.Errorf("built of %d, which was refused", sum)
		}
		rest(ctx, time.Millisecond)
	}
}

// subscribe has subscriptions of every kind come and go, some of them slow.
func (s *service) subscribe(ctx context.Context) {
	var cancels []func()
	for ctx.Err() == nil {
		name := places[rand.N(len(places))]
		called := func() {
			s.counts.callbacks.Add(1)
			if rand.N(50) == 0 {
				rest(ctx, 20*time.Millisecond)
			}
		}
		pick := func(a *app) int { return a.Parts[name].A }
		switch rand.N(4) {
		case 0:
			cancels = append(cancels, confsync.Watch(s.cfg, pick, func(c confsync.Change[int]) { called() }))
		case 1:
			cancels = append(cancels, confsync.Follow(s.cfg, pick, func(int) { called() }))
		case 2:
			view := confsync.Select(s.cfg, func(a *app) *part { p := a.Parts[name]; return &p })
			cancels = append(cancels, view.OnChange(func(confsync.Change[*part]) { called() }))
		default:
			cancels = append(cancels, confsync.Each(s.cfg, func(a *app) map[string]int { return a.Parts[name].Map },
				func(confsync.Entry[string, int]) { called() }))
		}
		s.counts.subscriptions.Add(1)
		if len(cancels) > 50 {
			i := rand.N(len(cancels))
			cancels[i]()
			cancels = append(cancels[:i], cancels[i+1:]...)
		}
		rest(ctx, 10*time.Millisecond)
	}
	for _, cancel := range cancels {
		cancel()
	}
}

// pin goes back to an earlier generation for a moment, now and then.
func (s *service) pin(ctx context.Context) {
	for ctx.Err() == nil {
		rest(ctx, 2*time.Second)
		past := s.cfg.History()
		release, err := s.cfg.Pin(past[rand.N(len(past))].Number)
		if err != nil {
			continue // it has been forgotten meanwhile
		}
		s.counts.pins.Add(1)
		rest(ctx, 100*time.Millisecond)
		release()
	}
}

// look reads everything, as an operator's tools do.
func (s *service) look(ctx context.Context) {
	for ctx.Err() == nil {
		for range s.cfg.All() {
		}
		s.cfg.Healthy(time.Minute)
		s.cfg.Explain("etcd.a")
		rest(ctx, time.Second)
	}
}

// close ends all, and asserts that all that was built has been released.
func (s *service) close() {
	s.stop()
	s.running.Wait()
	s.derived.Close()
	s.cfg.Close()
	if built, released := s.counts.builds.Load(), s.counts.released.Load(); built != released {
		s.t.Errorf("%d were built and %d released", built, released)
	}
}

// rest waits, but not beyond ctx.
func rest(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
