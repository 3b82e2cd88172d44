package confsync_test

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/sourcetest"
)

func TestPromise5SlowSubscriber(t *testing.T) {
	m := sourcetest.NewMemory("m", map[string]any{"pair": map[string]any{"a": 0}})
	c := openApp(t, sources(m))
	const updates = 10_000
	release := make(chan struct{})
	var slowCalls, slowLast, fastLast atomic.Int64
	confsync.Watch(c, func(a *app) int { return a.Pair.A }, func(ch confsync.Change[int]) {
		if slowCalls.Add(1) == 1 {
			<-release
		}
		if int64(ch.Old) != slowLast.Load() {
			t.Errorf("old is %d, was told %d last", ch.Old, slowLast.Load())
		}
		slowLast.Store(int64(ch.New))
	})
	confsync.Watch(c, func(a *app) int { return a.Pair.A }, func(ch confsync.Change[int]) {
		if int64(ch.New) <= fastLast.Load() {
			t.Errorf("went back from %d to %d", fastLast.Load(), ch.New)
		}
		fastLast.Store(int64(ch.New))
	})
	m.Set("pair.a", 1)
	eventually(t, "the slow subscriber is called", func() bool { return slowCalls.Load() == 1 })
	for i := range updates {
		m.Set("pair.a", i+1)
	}
	eventually(t, "the other subscriber has the last value", func() bool { return fastLast.Load() == updates })
	if n := slowCalls.Load(); n != 1 {
		t.Errorf("the slow subscriber was called %d times at once", n)
	}
	close(release)
	eventually(t, "the slow one has it too", func() bool { return slowLast.Load() == updates })
	if n := slowCalls.Load(); n != 2 {
		t.Errorf("it took the slow one %d calls, want 2: the first and the newest", n)
	}
}

func TestPromise5OnlyForWhatChanged(t *testing.T) {
	m := sourcetest.NewMemory("m", map[string]any{"server": map[string]any{"port": 1}, "pair": map[string]any{"a": 1}})
	c := openApp(t, sources(m))
	var ports, all atomic.Int64
	var last atomic.Value
	confsync.Watch(c, func(a *app) uint16 { return a.Server.Port }, func(confsync.Change[uint16]) { ports.Add(1) })
	c.OnChange(func(ch confsync.Change[*app]) { all.Add(1); last.Store(ch) })
	m.Set("pair.a", 2)
	eventually(t, "a generation", func() bool { return all.Load() == 1 })
	ch := last.Load().(confsync.Change[*app])
	if ch.Old.Pair.A != 1 || ch.New.Pair.A != 2 || ch.Generation != 2 || fmt.Sprint(ch.Paths) != "[pair.a]" {
		t.Errorf("change is %+v", ch)
	}
	m.Set("pair.a", "2") // another way to write the same
	m.Set("nobody.knows", "x")
	refreshed(t, c)
	if ports.Load() != 0 || all.Load() != 1 || c.Generation() != 2 {
		t.Errorf("calls for nothing: ports %d, all %d, generation %d", ports.Load(), all.Load(), c.Generation())
	}
}

func TestPromise5PanicIsContained(t *testing.T) {
	var log logged
	m := sourcetest.NewMemory("m", map[string]any{"pair": map[string]any{"a": 0}})
	c := openApp(t, confsync.Options[app]{Sources: []source.Source{m}, Logger: log.logger()})
	var calls, others atomic.Int64
	c.OnChange(func(confsync.Change[*app]) {
		if calls.Add(1) == 1 {
			panic(errors.New("on purpose"))
		}
	})
	confsync.Watch(c, func(a *app) int {
		if a.Pair.A == 1 {
			panic("pick")
		}
		return a.Pair.A
	}, func(confsync.Change[int]) { others.Add(1) })
	m.Set("pair.a", 1)
	eventually(t, "the first call", func() bool { return calls.Load() == 1 })
	m.Set("pair.a", 2)
	eventually(t, "both are called again", func() bool { return calls.Load() == 2 && others.Load() == 1 })
	if text := log.String(); !strings.Contains(text, "a callback panicked") || !strings.Contains(text, "on purpose") ||
		!strings.Contains(text, "a picking function panicked") {
		t.Errorf("log: %s", text)
	}
}

func TestPromise6SecretsAreNowhere(t *testing.T) {
	const secret = "hunter2"
	var log logged
	low := sourcetest.NewMemory("low", map[string]any{"db": map[string]any{"password": secret + "low", "passwort": secret}})
	m := sourcetest.NewMemory("m", map[string]any{"db": map[string]any{"password": secret}})
	c := openApp(t, confsync.Options[app]{Sources: []source.Source{low, m}, Logger: log.logger()})
	if got := c.Get().DB.Password.Reveal(); got != secret {
		t.Fatalf("password is %q", got)
	}
	m.Set("db.password", []any{secret})
	m.Set("db.max_conns", []any{secret})
	eventually(t, "rejected", func() bool { return c.Status().Rejected != nil && len(c.Status().Rejected.Problems) == 2 })
	var shown strings.Builder
	for _, path := range []string{"db.password", "db.passwort", "db", "db.max_conns"} {
		x, err := c.Explain(path)
		if err != nil {
			t.Error(err)
		}
		fmt.Fprintf(&shown, "%v %+v\n", x, x)
	}
	fmt.Fprintf(&shown, "%v %+v %v %+v %#v %s", c.Status(), c.Status(), c.Status().Rejected, c.Get(), c.Get(), log.String())
	if strings.Contains(shown.String(), secret) {
		t.Errorf("the secret shows in\n%s", shown.String())
	}
	if !strings.Contains(shown.String(), "<redacted>") {
		t.Error("nothing was redacted: the test looks in the wrong places")
	}
}
