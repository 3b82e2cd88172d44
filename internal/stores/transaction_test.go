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
	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/source"
)

// hundred is the value of a hundred keys.
type hundred struct{ K map[string]int }

// of returns the one transaction that a value is of.
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
	sideBySide(t, func(t *testing.T, b Store) {
		server := b.Serve(t)
		c := connect(t, b, server.Addr(), nil)
		for _, l := range b.Layouts {
			t.Run(string(l), func(t *testing.T) { arrivesWhole(t, c, l) })
		}
	})
}

func arrivesWhole(t *testing.T, c Client, l Layout) {
	const apart, at = 10, 50
	root := fmt.Sprintf("t%.3s%d", l, len(l))
	commit := func(generation int) {
		t.Helper()
		tx := Transaction{Root: root, Put: map[string]string{}}
		for i := range 100 {
			tx.Put[fmt.Sprintf("k/k%02d", i)] = fmt.Sprint(generation)
		}
		tx.Document = nested(tx.Put, "/")
		must(t, c.Commit(t.Context(), tx))
	}
	commit(0)
	cfg, err := confsync.Open(context.Background(), confsync.Options[hundred]{
		Sources: []source.Source{c.Source(l, root, Options{})},
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
		await.Until(t, fmt.Sprintf("transaction %d", generation), func() bool {
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
	sideBySide(t, func(t *testing.T, b Store) {
		server := b.Serve(t)
		c := connect(t, b, server.Addr(), nil)
		commit := func(n int) error {
			tx := Transaction{Put: map[string]string{}}
			for i := range n {
				tx.Put[fmt.Sprintf("k%d", i)] = "x"
			}
			return c.Commit(t.Context(), tx)
		}
		limit := b.Batch
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
