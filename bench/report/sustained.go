package report

import (
	"fmt"

	"github.com/confsync/confsync/bench/stats"
	"github.com/confsync/confsync/bench/sustained"
)

// The budgets of sustained writes: of the lag's 99th percentile, and of the heap,
// late in the run over early in it.
const (
	lagBudget  = 100e6 // nanoseconds
	heapBudget = 1.2
)

func sustainedKey(store string, keys int) string {
	return fmt.Sprintf("sustained/%s/%d", store, keys)
}

func sustainedMet(r sustained.Result) string {
	return met(r.Quantile(0.99) < lagBudget, float64(r.Late) <= heapBudget*float64(r.Early))
}

// SustainedOutcomes returns how the budgets of sustained writes came out.
func SustainedOutcomes(results []sustained.Result) Outcomes {
	o := Outcomes{}
	for _, r := range results {
		o[sustainedKey(r.Store, r.Keys)] = Outcome{
			Measured: fmt.Sprintf("%s at %s/s; %s held, then %s", stats.Time(r.Quantile(0.99)), stats.Count(r.Rate), stats.Size(float64(r.Early)), stats.Size(float64(r.Late))),
			Met:      sustainedMet(r) == met(),
		}
	}
	return o
}

// Sustained returns the table of the lags behind stores that are written to
// without a pause.
func Sustained(results []sustained.Result) string {
	var t Table
	t.Head(" store", "keys", "writes a second", "lag: median", "99th", "worst", "heap, second quarter", "last quarter", " budget")
	for _, r := range results {
		t.Row(r.Store, stats.Count(float64(r.Keys)), stats.Count(r.Rate), stats.Time(r.Quantile(0.5)), stats.Time(r.Quantile(0.99)), stats.Time(r.Quantile(1)),
			stats.Size(float64(r.Early)), stats.Size(float64(r.Late)), sustainedMet(r))
	}
	return Wrap(fmt.Sprintf("One key after another is written for half a minute, 3,000 in a second or as many as the store takes beside the rest, and one "+
		"in sixteen writes is to the key that is timed: from before the write until the callback has it, or a later one. The store, its writers and "+
		"the program share the machine. The heap is what lives, at its least. Budget: the 99th percentile under 100 ms, and the heap flat. %s.\n\n%s",
		Machine(), t.String()))
}
