package confsync_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source/sourcetest"
)

func entry(e confsync.Entry[string, service]) string {
	value := func(s *service) string {
		if s == nil {
			return "-"
		}
		return s.Host
	}
	return fmt.Sprintf("%s:%s>%s@%d", e.Key, value(e.Old), value(e.New), e.Generation)
}

func members(hosts ...string) map[string]any {
	services := map[string]any{}
	for _, h := range hosts {
		name, host, _ := strings.Cut(h, "=")
		services[name] = map[string]any{"host": host}
	}
	return map[string]any{"services": services}
}

// eachViews returns the ways to a map: of a Config, which knows what has
// changed, of a view made elsewhere, and of a map that pick makes anew each
// time.
func eachViews(c *confsync.Config[app]) map[string]func(func(confsync.Entry[string, service])) func() {
	return map[string]func(func(confsync.Entry[string, service])) func(){
		"a Config": func(fn func(confsync.Entry[string, service])) func() {
			return confsync.Each(c, func(a *app) map[string]service { return a.Services }, fn)
		},
		"a foreign view": func(fn func(confsync.Entry[string, service])) func() {
			return confsync.Each(foreign[app]{c}, func(a *app) map[string]service { return a.Services }, fn)
		},
		"a map made anew": func(fn func(confsync.Entry[string, service])) func() {
			return confsync.Each(c, func(a *app) map[string]service { return maps.Clone(a.Services) }, fn)
		},
	}
}

func TestEach(t *testing.T) {
	for name := range eachViews(nil) {
		t.Run(name, func(t *testing.T) {
			m := sourcetest.NewMemory("m", members("b=1", "a=1"))
			c := openApp(t, sources(m))
			seen := make(chan string, 99)
			cancel := eachViews(c)[name](func(e confsync.Entry[string, service]) { seen <- entry(e) })
			expect := func(want ...string) {
				t.Helper()
				for _, w := range want {
					if got := <-seen; got[:strings.Index(got, "@")] != w {
						t.Errorf("got %s, want %s", got, w)
					}
				}
			}
			if len(seen) != 2 {
				t.Errorf("%d present ones were told before it returned", len(seen))
			}
			expect("a:->1", "b:->1")
			m.Replace(members("b=2", "a=1", "c=1"))
			expect("b:1>2", "c:->1")
			m.Set("server.port", 5)
			m.Replace(members("c=1"))
			expect("a:1>-", "b:2>-")
			m.Replace(nil)
			expect("c:1>-")
			cancel()
			m.Replace(members("d=1"))
			refreshed(t, c)
			if len(seen) > 0 {
				t.Errorf("told after cancel: %s", <-seen)
			}
		})
	}
}

func TestEachGoesOnAfterAPanicAndAnExit(t *testing.T) {
	m := sourcetest.NewMemory("m", nil)
	c := openApp(t, sources(m))
	seen := make(chan string, 99)
	confsync.Each(c, func(a *app) map[string]service { return a.Services }, func(e confsync.Entry[string, service]) {
		seen <- e.Key
		switch e.Key {
		case "a":
			panic("on purpose")
		case "b":
			runtime.Goexit()
		}
	})
	m.Replace(members("a=1", "b=1", "c=1"))
	for _, want := range []string{"a", "b", "c"} {
		if got := <-seen; got != want {
			t.Errorf("told %s, want %s", got, want)
		}
	}
	m.Replace(members("a=1", "b=1", "c=2"))
	if got := <-seen; got != "c" {
		t.Errorf("told %s", got)
	}
}

// TestEachKeepsACopy edits a map at random; what the entries make is always the
// map, also for a slow one.
func TestEachKeepsACopy(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 4))
	m := sourcetest.NewMemory("m", nil)
	c := openApp(t, sources(m))
	copied := make(chan map[string]service, 1)
	copied <- map[string]service{}
	cancel := confsync.Each(c, func(a *app) map[string]service { return a.Services }, func(e confsync.Entry[string, service]) {
		live := <-copied
		if was, ok := live[e.Key]; ok != (e.Old != nil) || ok && was != *e.Old {
			t.Errorf("%s: had %v, %v", entry(e), was, ok)
		}
		if delete(live, e.Key); e.New != nil {
			live[e.Key] = *e.New
		}
		if rnd.IntN(50) == 0 {
			time.Sleep(time.Millisecond)
		}
		copied <- live
	})
	defer cancel()
	for range 1000 {
		path := fmt.Sprintf("services.%c", 'a'+rune(time.Now().UnixNano()%7))
		if time.Now().UnixNano()%3 > 0 {
			m.Set(path+".host", fmt.Sprint(time.Now().UnixNano()%5))
		} else {
			m.Delete(path)
		}
	}
	refreshed(t, c)
	want := c.Get().Services
	eventually(t, "the copy", func() bool {
		live := <-copied
		defer func() { copied <- live }()
		return maps.Equal(live, want)
	})
	if keys := slices.Sorted(maps.Keys(want)); len(keys) > 7 {
		t.Errorf("keys %v", keys)
	}
}

// BenchmarkEach changes one of 10,000 members.
func BenchmarkEach(b *testing.B) {
	for _, n := range []int{10_000} {
		for _, with := range []string{"Each", "OnChange"} {
			b.Run(fmt.Sprintf("%s/N=%d", with, n), func(b *testing.B) {
				high := sourcetest.NewMemory("high", nil)
				c := open(b, memoryOf(b, "low", 8*n), high)
				told := make(chan int, n)
				if with == "Each" {
					confsync.Each(c, func(f *Fleet) map[string]Service { return f.Services }, func(e confsync.Entry[string, Service]) { told <- e.New.Retries })
					for range n {
						<-told
					}
				} else {
					c.OnChange(func(ch confsync.Change[*Fleet]) { told <- ch.New.Services["svc-00007"].Retries })
				}
				i := 1000
				for b.Loop() {
					i++
					high.Set("services.svc-00007.retries", fmt.Sprint(i))
					<-told
				}
			})
		}
	}
}
