package confsync_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/sourcetest"
)

// scripted is a type whose methods do as the text says.
type scripted string

var script atomic.Pointer[func(where, text string)] // what a method does

func (m *scripted) UnmarshalText(text []byte) error {
	if f := script.Load(); f != nil {
		(*f)("UnmarshalText", string(text))
	}
	*m = scripted(text)
	return nil
}

func (m scripted) Equal(other scripted) bool {
	if f := script.Load(); f != nil {
		(*f)("Equal", string(other))
	}
	return m == other
}

type scriptedConfig struct{ Value scripted }

func (c *scriptedConfig) Validate() error {
	if f := script.Load(); f != nil {
		(*f)("Validate", string(c.Value))
	}
	return nil
}

// nilError is an error whose method panics on a nil.
type nilError struct{ text string }

func (e *nilError) Error() string { return e.text }

// openScripted opens a configuration of one scripted value with a callback, and calls act in
// every code of the program's that confsync calls.
func openScripted(t *testing.T, m *sourcetest.Memory, act func(where, text string), change func(*confsync.Options[scriptedConfig])) (*confsync.Config[scriptedConfig], *atomic.Value) {
	t.Helper()
	opts := confsync.Options[scriptedConfig]{
		Sources:  []source.Source{m},
		Logger:   slog.New(slog.DiscardHandler),
		Validate: func(_, next *scriptedConfig) error { act("Options.Validate", string(next.Value)); return nil },
	}
	if change != nil {
		change(&opts)
	}
	script.Store(&act)
	t.Cleanup(func() { script.Store(nil) })
	c, err := confsync.Open(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	last := &atomic.Value{}
	confsync.Watch(c, func(c *scriptedConfig) scripted {
		act("pick", string(c.Value))
		return c.Value
	}, func(ch confsync.Change[scripted]) {
		act("callback", string(ch.New))
		last.Store(string(ch.New))
	})
	return c, last
}

// TestProgramsCodeIsContained has each piece of the program's code panic and exit its
// goroutine. Every time the next good value is served and told.
func TestProgramsCodeIsContained(t *testing.T) {
	acts := map[string]func(){
		"panic":                      func() { panic("on purpose") },
		"panic with a typed nil":     func() { panic((*nilError)(nil)) },
		"panic of the runtime":       func() { _ = []int{}[len(acts0)] },
		"exit of the goroutine":      runtime.Goexit,
		"panic with a nil interface": func() { panic(nil) },
	}
	places := map[string]bool{ // whether it refuses the value
		"UnmarshalText": true, "Equal": false, "Validate": true, "Options.Validate": true, "pick": false, "callback": false,
	}
	for place, refuses := range places {
		for name, act := range acts {
			t.Run(place+"/"+name, func(t *testing.T) {
				m := sourcetest.NewMemory("m", map[string]any{"value": "calm"})
				var acted atomic.Int64
				c, last := openScripted(t, m, func(where, text string) {
					if where == place && text == "bad" {
						acted.Add(1)
						act()
					}
				}, nil)
				m.Set("value", "bad")
				eventually(t, "the act", func() bool { return acted.Load() > 0 })
				if refuses {
					eventually(t, "rejected", func() bool { return c.Status().Rejected != nil })
					if c.Get().Value != "calm" {
						t.Errorf("served %+v", c.Get())
					}
				}
				m.Set("value", "good")
				eventually(t, "the next good one", func() bool {
					return c.Get().Value == "good" && c.Status().Rejected == nil && last.Load() == "good"
				})
				if err := c.Close(); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

var acts0 = []int{}

func TestValidatorThatReturnsATypedNil(t *testing.T) {
	m := sourcetest.NewMemory("m", pair(1))
	var answer atomic.Pointer[error]
	c, err := confsync.Open(t.Context(), confsync.Options[app]{
		Sources: []source.Source{m}, Logger: slog.New(slog.DiscardHandler),
		Validate: func(_, _ *app) error {
			if err := answer.Load(); err != nil {
				return *err
			}
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for i, refusal := range []error{
		(*nilError)(nil), (*confsync.Error)(nil), (*confsync.Problem)(nil), (*fs.PathError)(nil),
		fmt.Errorf("wrapped: %w", (*fs.PathError)(nil)), errors.Join((*confsync.Error)(nil), (*nilError)(nil)),
		confsync.Invalid((*confsync.Error)(nil), "pair"),
	} {
		answer.Store(&refusal)
		m.Replace(pair(2 + i))
		err := c.Refresh(t.Context())
		if e := (*confsync.Error)(nil); !errors.As(err, &e) || !strings.Contains(err.Error(), "Error panics") && i != 4 {
			t.Errorf("%d: %v", i, err)
		}
		if i != 4 && errors.Is(err, fs.ErrNotExist) || c.Get().Pair.A != 1 {
			t.Errorf("%d: %v; served is %+v", i, err, c.Get())
		}
	}
}

func TestPickThatPanicsAtSubscription(t *testing.T) {
	m := sourcetest.NewMemory("m", pair(1))
	c := openApp(t, sources(m))
	told := make(chan int, 1)
	confsync.Watch(c, func(a *app) int {
		if a.Pair.A == 1 {
			panic("on purpose")
		}
		return a.Pair.A
	}, func(ch confsync.Change[int]) { told <- ch.New })
	m.Replace(pair(2))
	if got := <-told; got != 2 {
		t.Errorf("told %d", got)
	}
}

// TestCallsFromWithin calls back into the Config from every piece of code that
// it calls.
func TestCallsFromWithin(t *testing.T) {
	for _, place := range []string{"UnmarshalText", "Equal", "Validate", "Options.Validate", "pick", "callback"} {
		t.Run(place, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := sourcetest.NewMemory("m", map[string]any{"value": "calm"})
				var config atomic.Pointer[confsync.Config[scriptedConfig]]
				var calls atomic.Int64
				c, _ := openScripted(t, m, func(where, text string) {
					c := config.Load()
					if where != place || text != "bad" || c == nil || calls.Add(1) > 1 {
						return
					}
					c.Get()
					c.Generation()
					c.Status()
					if _, err := c.Explain("value"); err != nil {
						t.Error(err)
					}
					c.OnChange(func(confsync.Change[*scriptedConfig]) {})()
					cancel := confsync.Follow(c, func(c *scriptedConfig) *scriptedConfig { return c }, func(*scriptedConfig) {})
					cancel()
					err := c.Refresh(t.Context())
					if place == "callback" && err != nil || place != "callback" && place != "Equal" && !errors.Is(err, confsync.ErrReentrant) {
						t.Errorf("Refresh returned %v", err)
					}
					if err := c.Close(); err != nil {
						t.Errorf("Close returned %v", err)
					}
				}, nil)
				config.Store(c)
				began := time.Now()
				m.Set("value", "bad")
				synctest.Wait()
				if calls.Load() == 0 {
					t.Fatal("not called")
				}
				if err := c.Close(); err != nil || time.Since(began) > time.Second {
					t.Errorf("Close from outside returned %v after %s", err, time.Since(began))
				}
				if c.Status().Sources[0].State != source.Closed {
					t.Error("the source runs on")
				}
			})
		})
	}
}

func TestBuildThatEndsItsGoroutine(t *testing.T) {
	m := sourcetest.NewMemory("m", pair(1))
	c := openApp(t, sources(m))
	d, err := confsync.Derive(c, func(a *app) (int, error) {
		if a.Pair.A == 2 {
			runtime.Goexit()
		}
		return a.Pair.A, nil
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	m.Replace(pair(2))
	eventually(t, "the failure", func() bool { return d.Err() != nil && strings.Contains(d.Err().Error(), "ended its goroutine") })
	m.Replace(pair(3))
	eventually(t, "the next build", func() bool { return d.Get() == 3 && d.Err() == nil })
	if v, g := d.Current(); v != 3 || g != 3 {
		t.Errorf("%d of generation %d", v, g)
	}
	d.Close()
}

func TestDerivedClosedByItsRelease(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	m := sourcetest.NewMemory("m", pair(1))
	c := openApp(t, sources(m))
	var d *confsync.Derived[int]
	released := make(chan int, 2)
	d, err := confsync.Derive(c, func(a *app) (int, error) { return a.Pair.A, nil }, func(n int) {
		d.Close()
		released <- n
	})
	if err != nil {
		t.Fatal(err)
	}
	m.Replace(pair(2))
	if a, b := <-released, <-released; a != 1 || b != 2 {
		t.Errorf("released %d and %d", a, b)
	}
	c.Close()
}

func ExampleLoad() {
	type App struct {
		Name string
		Port uint16 `default:"8080"`
	}
	app, err := confsync.Load(context.Background(), confsync.Options[App]{
		Sources: []confsync.Source{source.Static("app", map[string]any{"name": "checkout"})},
	})
	fmt.Println(app.Name, app.Port, err)
	// Output: checkout 8080 <nil>
}

// A Close while Pin, Section or a Derive with Veto is at work leaves nothing behind,
// nor anything that two goroutines touch.
func TestCloseDuringCallsThatWait(t *testing.T) {
	for i := range 100 {
		m := sourcetest.NewMemory("m", map[string]any{"value": "a"})
		c, err := confsync.Open(t.Context(), confsync.Options[openType]{Sources: []source.Source{m}, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		var built, released atomic.Int64
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				if release, err := c.Pin(1); err == nil {
					release()
				}
			})
			all.Go(func() {
				if v, err := confsync.Section[struct{ X int }](c, "map.part"); err == nil {
					v.Get()
				}
			})
			all.Go(func() {
				d, err := confsync.Derive(c, func(*openType) (int64, error) { return built.Add(1), nil }, func(int64) { released.Add(1) }, confsync.Veto())
				if err == nil {
					d.Close()
				}
			})
		}
		if i%2 == 0 {
			runtime.Gosched()
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		all.Wait()
		eventually(t, "what was built is released", func() bool { return built.Load() == released.Load() })
	}
}
