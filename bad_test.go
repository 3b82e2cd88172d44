package confsync_test

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/sourcetest"
)

// TestTenThousandBadUpdates makes random bad updates of every kind. Each leaves the
// very value that was served, a status with the reason, and one record; the next
// good one heals.
func TestTenThousandBadUpdates(t *testing.T) {
	updates := 10_000
	if testing.Short() {
		updates = 500
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 5))
	var log logged
	m := sourcetest.NewMemory("m", nil)
	c := openApp(t, confsync.Options[app]{
		Sources: []source.Source{m},
		Logger:  slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn})),
		Unknown: confsync.RejectUnknown,
		Validate: func(_, next *app) error {
			switch next.Pair.B {
			case 1:
				return confsync.Invalid(errors.New("no"), "pair.b")
			case 2:
				panic("on purpose")
			}
			return nil
		},
	})
	bad := map[string]func(){
		"mistyped":     func() { m.Set("server.port", fmt.Sprint("x", rnd.IntN(1e9))) },
		"out of range": func() { m.Set("server.port", 65536+rnd.IntN(1e6)) },
		"unknown":      func() { m.Set(fmt.Sprint("key", rnd.IntN(1e9)), 1) },
		"conflict":     func() { m.Set("server.port.deeper", rnd.IntN(1e9)) },
		"refused":      func() { m.Set("pair.b", 1) },
		"panic":        func() { m.Set("pair.b", 2) },
		"unusable":     func() { m.Reject(fmt.Errorf("line %d does not parse", rnd.IntN(1e9))) },
		"a secret":     func() { m.Set("db.password", []any{rnd.IntN(1e9)}) },
	}
	names := []string{"mistyped", "out of range", "unknown", "conflict", "refused", "panic", "unusable", "a secret"}
	counts := map[string]int{}
	good := map[string]any{"pair": map[string]any{"a": 0}}
	for i := range updates {
		m.Replace(good)
		refreshed(t, c)
		before := c.Get()
		if c.Status().Rejected != nil || before.Pair.A != good["pair"].(map[string]any)["a"] {
			t.Fatalf("not healed: %v", c.Status())
		}
		name := names[rnd.IntN(len(names))]
		counts[name]++
		records := strings.Count(log.String(), "update rejected")
		bad[name]()
		refreshed(t, c)
		if c.Get() != before || c.Status().Rejected == nil {
			t.Fatalf("%s: served %+v, %v", name, c.Get(), c.Status())
		}
		if n := strings.Count(log.String(), "update rejected") - records; n != 1 {
			t.Fatalf("%s: %d records", name, n)
		}
		log.reset()
		good = map[string]any{"pair": map[string]any{"a": i + 1}}
	}
	t.Logf("%d bad updates: %v; problems by kind: %v", updates, counts, c.Status().Rejections)
}
