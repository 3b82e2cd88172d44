package stores

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/source"
)

// TestGateReleasesManyTransactions writes 200 keys in ten transactions, again and
// again, and releases them by a gate. No instance ever sees a part of them: neither
// one that runs all the time nor one that starts in the middle of the writes.
func TestGateReleasesManyTransactions(t *testing.T) {
	const releases, transactions, each = 5, 10, 20
	sideBySide(t, func(t *testing.T, b Store) {
		server := b.Serve(t)
		c := connect(t, b, server.Addr(), nil)
		commit := func(tx Transaction) {
			t.Helper()
			tx.Root = "app"
			must(t, c.Commit(t.Context(), tx))
		}
		start := func() *source.Supervisor {
			return await.Supervise(t, source.Gate("release", c.Source(Keys, "app", Options{})))
		}
		var torn atomic.Pointer[string]
		look := func(sup *source.Supervisor) (release string) {
			snap, _, ok := sup.Latest()
			if !ok {
				return ""
			}
			values := map[string]int{}
			for _, n := range snap.Tree.Root().Leaves {
				values[n.Text()]++
			}
			for value, n := range values {
				if n != transactions*each {
					bad := fmt.Sprintf("%d of %d keys are %s", n, transactions*each, value)
					torn.Store(&bad)
				}
				release = value
			}
			return release
		}
		running := start()
		for release := range releases {
			value := fmt.Sprintf("r%d", release)
			if release > 0 {
				commit(Transaction{Delete: []string{"release"}})
			}
			for tx := range transactions {
				put := map[string]string{}
				for k := range each {
					put[fmt.Sprintf("k/%d-%d", tx, k)] = value
				}
				commit(Transaction{Put: put, New: release == 0})
				look(running)
				if tx == transactions/2 {
					started := start()
					await.Until(t, "word of the held source", func() bool { return started.Status().Err != nil })
					if got := look(started); got != "" {
						t.Errorf("an instance that has started in the middle of %s has %s", value, got)
					}
				}
			}
			commit(Transaction{Put: map[string]string{"release": value}, New: true})
			await.Until(t, "release "+value, func() bool { return look(running) == value })
		}
		if bad := torn.Load(); bad != nil {
			t.Error(*bad)
		}
	})
}
