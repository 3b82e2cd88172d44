package confsync_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/sourcetest"
)

// three Deriveds with a veto of the two halves of a pair; the third refuses
// where the pair's b is 13.
func three(t *testing.T, c *confsync.Config[app], happened *diary) (a, b, both *confsync.Derived[int]) {
	t.Helper()
	derive := func(name string, pick func(*app) *int, refuse func(int) error) *confsync.Derived[int] {
		d, err := confsync.Derive(confsync.Select(c, pick), func(n *int) (int, error) {
			happened.note("build %s%d", name, *n)
			return *n, refuse(*n)
		}, func(n int) { happened.note("release %s%d", name, n) }, confsync.Veto())
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	never := func(int) error { return nil }
	a = derive("a", func(a *app) *int { return &a.Pair.A }, never)
	b = derive("b", func(a *app) *int { return &a.Pair.B }, never)
	both = derive("c", func(a *app) *int { return &a.Pair.B }, func(n int) error {
		if n == 13 {
			return confsync.Invalid(errors.New("unlucky"), "pair.b")
		}
		return nil
	})
	return a, b, both
}

func TestVetoIsAllOrNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		state := func(a, b int) map[string]any { return map[string]any{"pair": map[string]any{"a": a, "b": b}} }
		m := sourcetest.NewMemory("m", state(1, 1))
		c := openApp(t, sources(m))
		happened := &diary{}
		a, b, both := three(t, c, happened)
		happened.expect(t, "build a1", "build b1", "build c1")

		m.Replace(state(1, 2))
		happened.expect(t, "build b2", "build c2", "release b1", "release c1")
		if v, g := b.Current(); v != 2 || g != 2 {
			t.Errorf("b is %d of generation %d", v, g)
		}
		if v, g := a.Current(); v != 1 || g != 2 {
			t.Errorf("a is %d of generation %d", v, g)
		}

		before := c.Get()
		m.Replace(state(2, 13))
		happened.expect(t, "build a2", "build b13", "build c13", "release b13", "release a2")
		r := c.Status().Rejected
		if c.Get() != before || c.Generation() != 2 || r == nil || !strings.Contains(r.Error(), "pair.b: unlucky\n    from   memory") {
			t.Errorf("refused: generation %d, %v", c.Generation(), r)
		}
		if a.Get() != 1 || b.Get() != 2 || both.Get() != 2 {
			t.Errorf("serving %d, %d, %d", a.Get(), b.Get(), both.Get())
		}

		m.Replace(state(2, 3))
		happened.expect(t, "build a2", "build b3", "build c3", "release a1", "release b2", "release c2")
		b.Close()
		happened.expect(t, "release b3")
		m.Replace(state(2, 4))
		happened.expect(t, "build c4", "release c3")
		if b.Get() != 3 || both.Get() != 4 {
			t.Errorf("b is %d, c is %d", b.Get(), both.Get())
		}
		c.Close()
		a.Close()
		both.Close()
		happened.expect(t, "release a2", "release c4")
	})
}

func TestVetoOfCodeThatHangsOrDies(t *testing.T) {
	for name, act := range map[string]func(release chan struct{}){
		"panic": func(chan struct{}) { panic("on purpose") },
		"exit":  func(chan struct{}) { runtime.Goexit() },
		"hang":  func(release chan struct{}) { <-release },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := sourcetest.NewMemory("m", pair(1))
				c := openApp(t, confsync.Options[app]{Sources: []source.Source{m}, ApplyTimeout: time.Second})
				release := make(chan struct{})
				happened := &diary{}
				d, err := confsync.Derive(c, func(a *app) (int, error) {
					if a.Pair.A == 2 {
						act(release)
					}
					return a.Pair.A, nil
				}, func(n int) { happened.note("release %d", n) }, confsync.Veto())
				if err != nil {
					t.Fatal(err)
				}
				m.Replace(pair(2))
				time.Sleep(2 * time.Second)
				if c.Get().Pair.A != 1 || d.Get() != 1 || c.Status().Rejected == nil {
					t.Errorf("served %+v and %d, %v", c.Get().Pair, d.Get(), c.Status())
				}
				m.Replace(pair(3))
				synctest.Wait()
				close(release)
				synctest.Wait()
				if c.Get().Pair.A != 3 || d.Get() != 3 || c.Status().Rejected != nil {
					t.Errorf("served %+v and %d, %v", c.Get().Pair, d.Get(), c.Status())
				}
				if name == "hang" {
					happened.expect(t, "release 2", "release 1") // what came too late, too
				} else {
					happened.expect(t, "release 1")
				}
				d.Close()
			})
		})
	}
}

// TestDerivedAndGenerationAreReadTogether has readers that compare what was built
// with the generation it is said to belong to, which each value names.
func TestDerivedAndGenerationAreReadTogether(t *testing.T) {
	m := sourcetest.NewMemory("m", pair(1))
	c := openApp(t, sources(m))
	d, err := confsync.Derive(c, func(a *app) (int, error) { return a.Pair.A, nil }, nil, confsync.Veto())
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	var done atomic.Bool
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for ; !done.Load(); runtime.Gosched() {
				if v, g := d.Current(); uint64(v) != g {
					t.Errorf("%d of generation %d", v, g)
					return
				}
			}
		})
	}
	for i := range 300 {
		m.Replace(pair(i + 2))
		refreshed(t, c)
	}
	done.Store(true)
	readers.Wait()
}

func TestVetoFromWithin(t *testing.T) {
	m := sourcetest.NewMemory("m", pair(1))
	var c *confsync.Config[app]
	var calls []string
	c = openApp(t, sources(m))
	d, err := confsync.Derive(c, func(a *app) (int, error) {
		if a.Pair.A == 2 {
			_, err := confsync.Derive(c, func(a *app) (int, error) { return 0, nil }, nil, confsync.Veto())
			calls = append(calls, fmt.Sprint(errors.Is(err, confsync.ErrReentrant), errors.Is(c.Refresh(t.Context()), confsync.ErrReentrant)))
			_, err = c.Pin(1)
			calls = append(calls, fmt.Sprint(errors.Is(err, confsync.ErrReentrant)))
		}
		return a.Pair.A, nil
	}, nil, confsync.Veto())
	if err != nil {
		t.Fatal(err)
	}
	m.Replace(pair(2))
	refreshed(t, c)
	if fmt.Sprint(calls) != "[true true true]" || d.Get() != 2 {
		t.Errorf("calls from within: %v", calls)
	}
}

func TestVetoOfAVarAndOfPins(t *testing.T) {
	refuse := errors.New("no")
	build := func(p *pool) (int, error) {
		if p.Max == 13 {
			return 0, refuse
		}
		return p.Max, nil
	}
	v := confsync.NewVar(&pool{Max: 1})
	d, err := confsync.Derive(v, build, nil, confsync.Veto())
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Set(&pool{Max: 13}); !errors.Is(err, refuse) || v.Get().Max != 1 || d.Get() != 1 {
		t.Errorf("Set returned %v", err)
	}
	if err := v.Set(&pool{Max: 2}); err != nil || d.Get() != 2 {
		t.Errorf("Set returned %v", err)
	}
	if _, err := confsync.Derive(confsync.Fixed(&pool{}), build, nil, confsync.Veto()); err == nil {
		t.Error("a veto on what never changes")
	}

	m := sourcetest.NewMemory("m", pair(1))
	c := openApp(t, sources(m))
	m.Replace(pair(2))
	refreshed(t, c)
	_, err = confsync.Derive(c, func(a *app) (int, error) {
		if a.Pair.A == 1 {
			return 0, refuse
		}
		return 0, nil
	}, nil, confsync.Veto())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Pin(1); !errors.Is(err, refuse) || c.Get().Pair.A != 2 || c.Status().Pinned != 0 {
		t.Errorf("Pin returned %v", err)
	}
}
