package confsync_test

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source/sourcetest"
)

type pool struct{ Min, Max int }

// foreign is a View that was made elsewhere: nothing but the two methods.
type foreign[V any] struct{ confsync.View[V] }

// views returns the ways to the pool of an app, all of which a component may be
// handed, and how to change it.
func views(t *testing.T) map[string]struct {
	view confsync.View[pool]
	set  func(min, max int)
} {
	m := sourcetest.NewMemory("m", map[string]any{"db": map[string]any{"pool": map[string]any{"min": 1, "max": 1}}})
	c := openApp(t, sources(m))
	set := func(min, max int) {
		m.Replace(map[string]any{"db": map[string]any{"pool": map[string]any{"min": min, "max": max}}})
		refreshed(t, c)
	}
	type db = struct {
		MaxConns int
		Pool     struct{ Min, Max int }
		Password confsync.Secret
	}
	of := func(d *db) *pool { return (*pool)(&d.Pool) }
	whole := confsync.Select[app](c, func(a *app) *db { return (*db)(&a.DB) })
	v := confsync.NewVar(&pool{1, 1})
	type way = struct {
		view confsync.View[pool]
		set  func(min, max int)
	}
	return map[string]way{
		"Select":                   {confsync.Select(c, func(a *app) *pool { return (*pool)(&a.DB.Pool) }), set},
		"Select of a Select":       {confsync.Select(whole, of), set},
		"Select of a foreign view": {confsync.Select[db](foreign[db]{whole}, of), set},
		"a foreign view":           {foreign[pool]{confsync.Select(whole, of)}, set},
		"Var":                      {v, func(min, max int) { v.Set(&pool{min, max}) }},
	}
}

// TestViewIsTheSeam watches, follows, narrows and derives from whatever a
// component may be handed.
func TestViewIsTheSeam(t *testing.T) {
	for name, way := range views(t) {
		t.Run(name, func(t *testing.T) {
			way.set(1, 1)
			watched, followed, narrowed := make(chan confsync.Change[int], 9), make(chan int, 9), make(chan int, 9)
			max := func(p *pool) int { return p.Max }
			defer confsync.Watch(way.view, max, func(c confsync.Change[int]) { watched <- c })()
			defer confsync.Follow(way.view, max, func(n int) { followed <- n })()
			part := confsync.Select(way.view, func(p *pool) *int { return &p.Max })
			defer part.OnChange(func(c confsync.Change[*int]) { narrowed <- *c.New })()
			var builds atomic.Int64
			d, err := confsync.Derive(part, func(n *int) (int, error) { builds.Add(1); return *n, nil }, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			if got := <-followed; got != 1 {
				t.Errorf("followed from %d, want the present 1", got)
			}
			way.set(5, 1) // no business of theirs
			way.set(5, 2)
			if c := <-watched; c.Old != 1 || c.New != 2 {
				t.Errorf("watched %+v", c)
			}
			if a, b := <-followed, <-narrowed; a != 2 || b != 2 {
				t.Errorf("followed %d, narrowed %d, want 2", a, b)
			}
			eventually(t, "the build", func() bool { return d.Get() == 2 })
			if n := builds.Load(); n != 2 || way.view.Get().Min != 5 || *part.Get() != 2 {
				t.Errorf("%d builds, want 2: at first and for the change; view %+v", n, way.view.Get())
			}
		})
	}
}

func TestSelectOfWhatIsNotThere(t *testing.T) {
	v := confsync.NewVar[struct{ Pool *pool }](nil)
	part := confsync.Select(v, func(c *struct{ Pool *pool }) *pool { return c.Pool })
	max := confsync.Select(part, func(p *pool) *int { return &p.Max })
	var got []string
	max.OnChange(func(c confsync.Change[*int]) {
		got = append(got, fmt.Sprint(c.Old == nil, c.New == nil))
	})
	if part.Get() != nil || max.Get() != nil {
		t.Error("a part of nothing is there")
	}
	v.Set(&struct{ Pool *pool }{})
	v.Set(&struct{ Pool *pool }{&pool{}})
	v.Set(nil)
	if want := []string{"true false", "false true"}; !slices.Equal(got, want) {
		t.Errorf("old and new were nil as %v, want %v", got, want)
	}
}

// TestFollowMissesNothing begins to follow, again and again, while 10,000 changes
// go on. Each is given first what there was and last what there is.
func TestFollowMissesNothing(t *testing.T) {
	const changes, followers = 10_000, 20
	v := confsync.NewVar(&pool{})
	max := func(p *pool) int { return p.Max }
	var running sync.WaitGroup
	for i := range followers {
		running.Go(func() {
			eventually(t, "its turn", func() bool { return v.Get().Max >= i*changes/followers })
			var last atomic.Int64
			last.Store(-1)
			before := v.Get().Max
			defer confsync.Follow(v, max, func(n int) {
				if was := int(last.Swap(int64(n))); n <= was || n < before {
					t.Errorf("got %d after %d, of a value that was %d", n, was, before)
				}
			})()
			if last.Load() < 0 {
				t.Error("Follow returned before its first call")
			}
			eventually(t, "the last value", func() bool { return last.Load() == changes })
		})
	}
	for i := range changes {
		v.Set(&pool{Max: i + 1})
	}
	running.Wait()
}

func TestFollowContainsAPanic(t *testing.T) {
	v := confsync.NewVar(&pool{})
	calls := 0
	confsync.Follow(v, func(p *pool) int { return p.Max }, func(n int) {
		if calls++; n < 2 {
			panic(errors.New("on purpose"))
		}
	})
	v.Set(&pool{Max: 1})
	v.Set(&pool{Max: 2})
	if calls != 3 {
		t.Errorf("%d calls, want 3", calls)
	}
}

// TestGenerationIsNeverAheadOfGet reads the generation and then the value while
// a writer makes each value its own number.
func TestGenerationIsNeverAheadOfGet(t *testing.T) {
	m := sourcetest.NewMemory("m", pair(1))
	c := openApp(t, sources(m))
	var done atomic.Bool
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for ; !done.Load(); runtime.Gosched() {
				if g := c.Generation(); int(g) > c.Get().Pair.A {
					t.Errorf("generation %d with the value of %d", g, c.Get().Pair.A)
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

func TestVarSetReturnsAfterTheCallbacks(t *testing.T) {
	v := confsync.NewVar(&pool{Max: 1})
	var seen []int
	cancel := v.OnChange(func(c confsync.Change[*pool]) { seen = append(seen, c.New.Max) })
	v.Set(&pool{Max: 2})
	v.Set(&pool{Max: 3})
	cancel()
	v.Set(&pool{Max: 4})
	if !slices.Equal(seen, []int{2, 3}) || v.Get().Max != 4 {
		t.Errorf("seen %v", seen)
	}
}
