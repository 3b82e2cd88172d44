package report

import (
	"fmt"
	"time"

	"github.com/confsync/confsync/bench/rest"
	"github.com/confsync/confsync/bench/stats"
)

// goroutineBudget is how many a source may have beyond its client's own.
const goroutineBudget = 2

// Rest returns the table of what clients cost while nothing changes.
func Rest(results []rest.Result, keys int) string {
	var t Table
	t.Head(" store", " the client", "CPU", "allocations", "sent", "received", "goroutines", "beyond the client's own watch")
	var period time.Duration
	bare := 0
	for _, r := range results {
		period = r.For
		beyond := ""
		switch r.Kind {
		case rest.Bare:
			bare = r.Used.Goroutines
		case rest.Ours:
			beyond = fmt.Sprintf("%+d", r.Used.Goroutines-bare)
		}
		t.Row(r.Store, string(r.Kind), stats.Time(float64(r.Used.CPU.Nanoseconds())), stats.Count(float64(r.Used.Allocations)),
			stats.Size(float64(r.Up)), stats.Size(float64(r.Down)), stats.Count(float64(r.Used.Goroutines)), beyond)
	}
	return Wrap(fmt.Sprintf("What each process used in %v in which nothing changed, with %s keys that are about a megabyte: a client that is "+
		"connected and does nothing, one that watches as the store's documentation says, and confsync. What confsync does at rest is "+
		"ask every ten seconds whether the store still answers, so that a silent one is noticed. Budget: no more than %d goroutines a "+
		"source beyond the client's own, besides the one of the configuration. %s.\n\n%s",
		period, stats.Count(float64(keys)), goroutineBudget, Machine(), t.String()))
}
