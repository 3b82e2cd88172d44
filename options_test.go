package confsync_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/sourcetest"
)

func TestUnknownKeys(t *testing.T) {
	misspelled := map[string]any{"server": map[string]any{"prot": 1}}

	t.Run("warn", func(t *testing.T) {
		var log logged
		m := sourcetest.NewMemory("m", misspelled)
		c := openApp(t, confsync.Options[app]{Sources: []source.Source{m}, Logger: log.logger()})
		for i := range 3 {
			m.Set("pair.a", i)
			refreshed(t, c)
		}
		if n := strings.Count(log.String(), "unknown key"); n != 2 { // the message and the problem of one line
			t.Errorf("logged %d times: %s", n, log.String())
		}
		unknown := c.Status().Unknown
		if len(unknown) != 1 || unknown[0].Path.String() != "server.prot" || !strings.Contains(unknown[0].Error(), `did you mean "server.port"?`) {
			t.Errorf("status: %v", unknown)
		}
		m.Delete("server.prot")
		refreshed(t, c)
		if unknown := c.Status().Unknown; len(unknown) != 0 {
			t.Errorf("still there after it was removed: %v", unknown)
		}
	})
	t.Run("reject", func(t *testing.T) {
		m := sourcetest.NewMemory("m", misspelled)
		_, err := confsync.Open(t.Context(), confsync.Options[app]{Sources: []source.Source{m}, Unknown: confsync.RejectUnknown})
		want := "server.prot: unknown key; did you mean \"server.port\"?\n    from   memory \"server.prot\" (revision 1)"
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	})
	t.Run("ignore", func(t *testing.T) {
		var log logged
		m := sourcetest.NewMemory("m", misspelled)
		c := openApp(t, confsync.Options[app]{Sources: []source.Source{m}, Unknown: confsync.IgnoreUnknown, Logger: log.logger()})
		if len(c.Status().Unknown) > 0 || log.String() != "" {
			t.Errorf("%v %s", c.Status().Unknown, log.String())
		}
	})
}

func TestQuietGathersABurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sourcetest.NewMemory("m", nil)
		c := openApp(t, confsync.Options[app]{
			Sources: []source.Source{m},
			Quiet:   confsync.Quiet{Min: 100 * time.Millisecond, Max: time.Second},
		})
		for i := range 5 {
			m.Set("pair.a", i+1)
			time.Sleep(50 * time.Millisecond)
		}
		if got := c.Generation(); got != 1 {
			t.Errorf("generation %d in the middle of the burst", got)
		}
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		if got := c.Generation(); got != 2 || c.Get().Pair.A != 5 {
			t.Errorf("generation %d with %d after the burst", got, c.Get().Pair.A)
		}
		for i := range 40 { // never quiet: Max ends the wait
			m.Set("pair.a", 100+i)
			time.Sleep(50 * time.Millisecond)
		}
		if got := c.Generation(); got < 3 || got > 5 {
			t.Errorf("generation %d after two seconds without quiet", got)
		}
	})
}

func TestOneLogLineForEachDistinctRejection(t *testing.T) {
	var log logged
	m := sourcetest.NewMemory("m", nil)
	c := openApp(t, confsync.Options[app]{Sources: []source.Source{m}, Logger: log.logger()})
	m.Set("server.port", "80a")
	refreshed(t, c)
	for range 5 {
		refreshed(t, c)
	}
	if n := strings.Count(log.String(), "update rejected"); n != 1 {
		t.Errorf("logged %d times: %s", n, log.String())
	}
	m.Set("server.port", "80b")
	refreshed(t, c)
	if n := strings.Count(log.String(), "update rejected"); n != 2 {
		t.Errorf("another rejection was logged %d times: %s", n, log.String())
	}
}

func TestOneLogLineForEachOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log logged
		m := sourcetest.NewMemory("m", nil)
		openApp(t, confsync.Options[app]{Sources: []source.Source{m}, Logger: log.logger()})
		m.Fail(errors.New("connection refused"))
		time.Sleep(20 * time.Minute)
		if n := strings.Count(log.String(), "cut off"); n != 2 { // retrying, then stale
			t.Errorf("logged %d times: %s", n, log.String())
		}
		m.Heal()
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := strings.Count(log.String(), "is back"); n != 1 {
			t.Errorf("back %d times: %s", n, log.String())
		}
	})
}

func TestDecodeHooks(t *testing.T) {
	type level int
	type config struct{ Level level }
	hook := func(from, to reflect.Type, v any) (any, error) {
		if to != reflect.TypeFor[level]() || from.Kind() != reflect.String {
			return v, nil
		}
		if v != "high" {
			return nil, fmt.Errorf("no such level")
		}
		return level(9), nil
	}
	src := source.Static("s", map[string]any{"level": "high"})
	opts := confsync.Options[config]{Sources: []source.Source{src}}
	opts.DecodeHooks = append(opts.DecodeHooks, hook)
	c, err := confsync.Open(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got := c.Get().Level; got != 9 {
		t.Errorf("level = %d", got)
	}
}

func TestOpenRefusesWhatCannotWork(t *testing.T) {
	for name, tc := range map[string]struct {
		open func() error
		want string
	}{
		"two sources of one name": {func() error {
			_, err := confsync.Open(t.Context(), sources(source.Static("a", nil), source.Static("a", nil)))
			return err
		}, `two sources are named "a"`},
		"a nil source": {func() error {
			_, err := confsync.Open(t.Context(), sources(nil))
			return err
		}, "source 0 is nil"},
		"a type with a channel": {func() error {
			_, err := confsync.Open(t.Context(), confsync.Options[struct{ C chan int }]{})
			return err
		}, "struct.C: a chan int can't be configured"},
		"two fields of one name": {func() error {
			_, err := confsync.Open(t.Context(), confsync.Options[struct {
				MaxConns int
				Other    int `config:"max_conns"`
			}]{})
			return err
		}, `fields MaxConns and Other are both named by the key "max_conns"`},
		"an ended context": {func() error {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			down := sourcetest.NewMemory("down", nil)
			down.Fail(errors.New("refused"))
			_, err := confsync.Open(ctx, sources(down))
			return err
		}, "context canceled"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := tc.open(); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

func TestOptionalContentThatIsThereMustBeUsable(t *testing.T) {
	m := sourcetest.NewMemory("m", nil)
	m.Reject(errors.New("does not parse"))
	if _, err := confsync.Open(t.Context(), sources(source.Optional(m))); err == nil || !strings.Contains(err.Error(), "does not parse") {
		t.Errorf("got %v", err)
	}
	m.Reject(source.ErrAbsent)
	c := openApp(t, sources(source.Optional(m)))
	if c.Status().Rejected != nil {
		t.Errorf("absent and optional, yet: %v", c.Status().Rejected)
	}
	m.Set("pair.a", 3)
	eventually(t, "it has come", func() bool { return c.Get().Pair.A == 3 })
}

func TestSelectAndFixed(t *testing.T) {
	m := sourcetest.NewMemory("m", map[string]any{"pair": map[string]any{"a": 1}})
	c := openApp(t, sources(m))
	server := confsync.Select(c, func(a *app) *struct{ A, B int } { return &a.Pair })
	var calls atomic.Int64
	var last atomic.Pointer[confsync.Change[*struct{ A, B int }]]
	server.OnChange(func(ch confsync.Change[*struct{ A, B int }]) { calls.Add(1); last.Store(&ch) })
	m.Set("server.port", 5)
	refreshed(t, c)
	if calls.Load() != 0 {
		t.Error("called for a part that has not changed")
	}
	m.Set("pair.b", 2)
	eventually(t, "the call", func() bool { return calls.Load() == 1 })
	if ch := last.Load(); ch.Old.B != 0 || ch.New.B != 2 || server.Get().B != 2 {
		t.Errorf("change %+v", ch)
	}
	fixed := confsync.Fixed(&struct{ A int }{7})
	fixed.OnChange(func(confsync.Change[*struct{ A int }]) { t.Error("a fixed view changed") })()
	if fixed.Get().A != 7 {
		t.Errorf("fixed view holds %+v", fixed.Get())
	}
}

func TestCancelledSubscriberIsNotCalled(t *testing.T) {
	m := sourcetest.NewMemory("m", nil)
	c := openApp(t, sources(m))
	var calls, other atomic.Int64
	var cancel func()
	cancel = c.OnChange(func(confsync.Change[*app]) { calls.Add(1); cancel(); cancel() })
	c.OnChange(func(confsync.Change[*app]) { other.Add(1) })
	for i := range 5 {
		m.Set("pair.a", i+1)
		eventually(t, "the other subscriber", func() bool { return other.Load() == int64(i+1) })
	}
	if calls.Load() != 1 {
		t.Errorf("%d calls, want 1 before it cancelled itself", calls.Load())
	}
}

// TestAbsenceOfAnOptionalSource has the content of an override go away, of one that
// may and of one that must not.
func TestAbsenceOfAnOptionalSource(t *testing.T) {
	for name, tc := range map[string]struct {
		wrap     func(source.Source) source.Source
		want     int
		rejected bool
	}{
		"optional": {source.Optional, 1, false},
		"required": {func(s source.Source) source.Source { return s }, 2, true},
	} {
		t.Run(name, func(t *testing.T) {
			base := source.Static("base", pair(1))
			m := sourcetest.NewMemory("override", pair(2))
			c := openApp(t, sources(base, tc.wrap(m)))
			m.Reject(source.ErrAbsent)
			eventually(t, "the absence", func() bool { return c.Get().Pair.A == tc.want && (c.Status().Rejected != nil) == tc.rejected })
			if note := c.Status().Sources[1].Note; strings.Contains(note, "absent") == tc.rejected {
				t.Errorf("note %q", note)
			}
			m.Set("pair.a", 3)
			eventually(t, "it is back", func() bool { return c.Get().Pair.A == 3 && c.Status().Rejected == nil })
		})
	}
}
