package stores

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
)

// hundred is the value of a hundred keys.
type hundred struct{ K map[string]int }

// of is the one transaction that a value is of.
func (h *hundred) of() (generation int, whole bool) {
	values := slices.Collect(maps.Values(h.K))
	if len(values) != 100 {
		return 0, false
	}
	return values[0], slices.Min(values) == slices.Max(values)
}

// TestTransactionOf100KeysIsOneGeneration writes a hundred keys in one
// transaction, again and again: first each when the one before has arrived, and
// then one right after another. Consul and etcd take at most 128 operations in one,
// so a hundred keys are one transaction in every store.
func TestTransactionOf100KeysIsOneGeneration(t *testing.T) {
	sideBySide(t, func(t *testing.T, b backend) {
		server := b.serve(t)
		c := b.connect(t, server.Addr(), nil)
		t.Cleanup(c.close)
		for _, w := range b.ways {
			t.Run(string(w), func(t *testing.T) { arrivesWhole(t, c, w) })
		}
	})
}

func arrivesWhole(t *testing.T, c client, w way) {
	const apart, at = 10, 50
	root := fmt.Sprintf("t%.3s%d", w, len(w))
	commit := func(generation int) {
		t.Helper()
		tx := txn{root: root, put: map[string]string{}}
		for i := range 100 {
			tx.put[fmt.Sprintf("k/k%02d", i)] = fmt.Sprint(generation)
		}
		tx.doc = nested(tx.put, "/")
		must(t, c.commit(t.Context(), tx))
	}
	commit(0)
	cfg, err := confsync.Open(context.Background(), confsync.Options[hundred]{
		Sources: []source.Source{c.source(w, root, options{})},
		Logger:  slog.New(slog.DiscardHandler),
	})
	must(t, err)
	defer cfg.Close()
	var mu sync.Mutex
	torn := 0
	cfg.OnChange(func(change confsync.Change[*hundred]) {
		mu.Lock()
		defer mu.Unlock()
		if _, whole := change.New.of(); !whole {
			torn++
		}
	})
	has := func(generation int) {
		t.Helper()
		eventually(t, patience, func() string { return fmt.Sprintf("transaction %d; %v", generation, cfg.Status()) }, func() bool {
			got, whole := cfg.Get().of()
			return whole && got == generation
		})
	}
	for n := range apart {
		before := cfg.Generation()
		commit(n + 1)
		has(n + 1)
		if got := cfg.Generation(); got != before+1 {
			t.Errorf("transaction %d is %d generations, want 1", n+1, got-before)
		}
	}
	before := cfg.Generation()
	for n := range at {
		commit(apart + n + 1)
	}
	has(apart + at)
	cfg.Close() // after the last callback
	if torn > 0 {
		t.Errorf("%d generations are of more than one transaction", torn)
	}
	if n := cfg.Generation() - before; n > at {
		t.Errorf("%d generations of %d transactions", n, at)
	}
	t.Logf("%d transactions apart: a generation each; %d at once: %d generations, all whole", apart, at, cfg.Generation()-before)
}

// TestTransactionLimit says what one transaction of a store holds.
func TestTransactionLimit(t *testing.T) {
	limits := map[string]int{"consul": 128, "etcd": 128, "redis": 1000, "zookeeper": 1000}
	sideBySide(t, func(t *testing.T, b backend) {
		server := b.serve(t)
		c := b.connect(t, server.Addr(), nil)
		t.Cleanup(c.close)
		commit := func(n int) error {
			tx := txn{put: map[string]string{}}
			for i := range n {
				tx.put[fmt.Sprintf("k%d", i)] = "x"
			}
			return c.commit(t.Context(), tx)
		}
		limit := limits[b.name]
		if err := commit(limit); err != nil {
			t.Errorf("%d keys: %v", limit, err)
		}
		err := commit(limit + 1)
		if limit == 128 && err == nil || limit == 1000 && err != nil {
			t.Errorf("%d keys: %v", limit+1, err)
		}
		t.Logf("%d keys in one transaction are taken; %d: %v", limit, limit+1, err)
	})
}
