package confsync_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/sourcetest"
)

// diary notes what happens, in order.
type diary struct {
	mu     sync.Mutex
	events []string
}

func (d *diary) note(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.events = append(d.events, fmt.Sprintf(format, args...))
}

// expect compares what has happened since it was last asked.
func (d *diary) expect(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	if !slices.Equal(d.events, want) {
		t.Errorf("got %q, want %q", d.events, want)
	}
	d.events = nil
}

var errBuild = errors.New("no such pool")

// derived returns a Derived of a *int that holds pair.a, in a bubble. A
// negative pair.a fails, and so does 13 with a panic; releasing 7 panics.
func derived(t *testing.T, m *sourcetest.Memory, log *logged) (*confsync.Config[app], *confsync.Derived[*int], *diary) {
	t.Helper()
	c := openApp(t, confsync.Options[app]{Sources: []source.Source{m}, Logger: log.logger()})
	happened := &diary{}
	var d *confsync.Derived[*int]
	d, err := confsync.Derive(c, func(a *app) (*int, error) {
		n := a.Pair.A
		happened.note("build %d", n)
		switch {
		case n < 0:
			return nil, errBuild
		case n == 13:
			panic("on purpose")
		}
		return &n, nil
	}, func(n *int) {
		happened.note("release %d for %d", *n, *d.Get())
		if *n == 7 {
			panic(errors.New("will not close"))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return c, d, happened
}

func pair(a int) map[string]any { return map[string]any{"pair": map[string]any{"a": a}} }

func TestDerive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log logged
		m := sourcetest.NewMemory("m", pair(1))
		c, d, happened := derived(t, m, &log)
		happened.expect(t, "build 1")
		got := func(want int, err error) {
			t.Helper()
			if n := *d.Get(); n != want || !errors.Is(d.Err(), err) || (err == nil) != (d.Err() == nil) {
				t.Errorf("got %d with error %v, want %d with %v", n, d.Err(), want, err)
			}
		}
		got(1, nil)

		m.Replace(pair(2))
		happened.expect(t, "build 2", "release 1 for 2")
		got(2, nil)

		m.Set("server.port", 81)
		happened.expect(t, "build 2", "release 2 for 2")

		m.Replace(pair(-1))
		happened.expect(t, "build -1")
		got(2, errBuild)
		m.Replace(map[string]any{"server": map[string]any{"port": 82}, "pair": map[string]any{"a": -2}})
		happened.expect(t, "build -2")
		got(2, errBuild)
		if n := strings.Count(log.String(), "what was built before stays"); n != 1 {
			t.Errorf("the failure was logged %d times:\n%s", n, log.String())
		}

		m.Replace(pair(13))
		happened.expect(t, "build 13")
		if err := d.Err(); *d.Get() != 2 || err == nil || !strings.Contains(err.Error(), "panicked: string") {
			t.Errorf("after a panic: %d, %v", *d.Get(), err)
		}

		m.Replace(pair(7))
		happened.expect(t, "build 7", "release 2 for 7")
		got(7, nil)
		m.Replace(pair(8))
		happened.expect(t, "build 8", "release 7 for 8")
		got(8, nil)
		if !strings.Contains(log.String(), "a release function panicked") || !strings.Contains(log.String(), "will not close") {
			t.Errorf("no word of the panic in\n%s", log.String())
		}
		m.Set("pair.a", "x")
		refreshed(t, c)
		happened.expect(t)

		d.Close()
		happened.expect(t, "release 8 for 8")
		d.Close()
		m.Replace(pair(9))
		happened.expect(t)
		got(8, nil)
		if c.Get().Pair.A != 9 {
			t.Error("the configuration ended with what was derived from it")
		}
	})
}

func TestDeriveAfterConfigClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log logged
		m := sourcetest.NewMemory("m", pair(1))
		c, d, happened := derived(t, m, &log)
		c.Close()
		m.Replace(pair(2))
		happened.expect(t, "build 1")
		d.Close()
		happened.expect(t, "release 1 for 1")

		again, err := confsync.Derive(c, func(a *app) (int, error) { return a.Pair.A, nil }, nil)
		if err != nil || again.Get() != 1 || again.Close() != nil {
			t.Errorf("derived from a closed configuration: %v", err)
		}
	})
}

func TestDeriveThatFailsAtFirst(t *testing.T) {
	for name, build := range map[string]func(*app) (int, error){
		"error": func(*app) (int, error) { return 0, errBuild },
		"panic": func(*app) (int, error) { panic(errBuild) },
		"nil":   nil,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := sourcetest.NewMemory("m", pair(1))
				c := openApp(t, sources(m))
				var builds atomic.Int64
				counted := build
				if build != nil {
					counted = func(a *app) (int, error) { builds.Add(1); return build(a) }
				}
				d, err := confsync.Derive(c, counted, func(int) { t.Error("released") })
				if d != nil || err == nil || name == "error" && !errors.Is(err, errBuild) {
					t.Errorf("Derive returned %v, %v", d, err)
				}
				before := builds.Load()
				m.Replace(pair(2))
				synctest.Wait()
				if builds.Load() != before {
					t.Error("built again after the failure")
				}
			})
		})
	}
}

// TestDeriveMissesNothing changes the configuration while the first build runs.
func TestDeriveMissesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sourcetest.NewMemory("m", pair(1))
		c := openApp(t, sources(m))
		var built []int
		d, err := confsync.Derive(c, func(a *app) (int, error) {
			if built = append(built, a.Pair.A); len(built) == 1 {
				m.Replace(pair(2))
				synctest.Wait()
				m.Replace(pair(3))
				synctest.Wait()
				if c.Get().Pair.A != 3 {
					t.Error("the configuration did not change meanwhile")
				}
			}
			return a.Pair.A, nil
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if !slices.Equal(built, []int{1, 3}) || d.Get() != 3 {
			t.Errorf("built %v, got %d", built, d.Get())
		}
	})
}

func TestDeriveKeepsWhatBuildReturnsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sourcetest.NewMemory("m", pair(1))
		c := openApp(t, sources(m))
		var last *int
		var released []int
		d, err := confsync.Derive(c, func(a *app) (*int, error) {
			if n := a.Pair.A; last == nil || *last != n {
				last = &n
			}
			return last, nil
		}, func(n *int) { released = append(released, *n) })
		if err != nil {
			t.Fatal(err)
		}
		first := d.Get()
		m.Set("server.port", 81)
		synctest.Wait()
		if d.Get() != first || released != nil {
			t.Errorf("another was built, and %v released", released)
		}
		m.Replace(pair(2))
		synctest.Wait()
		if *d.Get() != 2 || !slices.Equal(released, []int{1}) {
			t.Errorf("got %d, released %v", *d.Get(), released)
		}
	})
}

// TestDeriveCloseWaits closes while a build runs, whose result is released too.
func TestDeriveCloseWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sourcetest.NewMemory("m", pair(1))
		c := openApp(t, sources(m))
		finish := make(chan struct{})
		var happened diary
		d, err := confsync.Derive(c, func(a *app) (int, error) {
			if a.Pair.A == 2 {
				<-finish
			}
			happened.note("build %d", a.Pair.A)
			return a.Pair.A, nil
		}, func(n int) { happened.note("release %d", n) })
		if err != nil {
			t.Fatal(err)
		}
		m.Replace(pair(2))
		synctest.Wait()
		go func() {
			d.Close()
			happened.note("closed")
		}()
		happened.expect(t, "build 1")
		close(finish)
		happened.expect(t, "build 2", "release 1", "release 2", "closed")
	})
}

// TestDeriveUnderLoad has readers beside many changes. Each handle is released
// once, never while it is the one that is served, and nothing runs twice at a time.
func TestDeriveUnderLoad(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	type handle struct {
		n        int
		released atomic.Bool
	}
	m := sourcetest.NewMemory("m", pair(0))
	c := openApp(t, sources(m))
	var busy, builds, releases atomic.Int64
	alone := func(n *atomic.Int64) func() {
		n.Add(1)
		if busy.Add(1) != 1 {
			t.Error("two at a time")
		}
		return func() { busy.Add(-1) }
	}
	d, err := confsync.Derive(c, func(a *app) (*handle, error) {
		defer alone(&builds)()
		return &handle{n: a.Pair.A}, nil
	}, func(h *handle) {
		defer alone(&releases)()
		if h.released.Swap(true) {
			t.Error("released twice")
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	var readers sync.WaitGroup
	var done atomic.Bool
	for range 8 {
		readers.Go(func() {
			for last := 0; !done.Load(); {
				h := d.Get()
				if h.n < last {
					t.Errorf("went back from %d to %d", last, h.n)
				}
				last = h.n
			}
		})
	}
	const updates = 1000
	for i := range updates {
		m.Replace(pair(i + 1))
	}
	eventually(t, "the last one", func() bool { return d.Get().n == updates })
	eventually(t, "the release of the one before", func() bool { return releases.Load() == builds.Load()-1 })
	if d.Get().released.Load() {
		t.Error("released while it is served")
	}
	done.Store(true)
	readers.Wait()
	d.Close()
	if !d.Get().released.Load() || releases.Load() != builds.Load() || builds.Load() < 2 {
		t.Errorf("%d built, %d released", builds.Load(), releases.Load())
	}
	c.Close()
}
