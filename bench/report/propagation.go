package report

import (
	"fmt"

	"github.com/confsync/confsync/bench/propagation"
	"github.com/confsync/confsync/bench/stats"
)

// The budgets of propagation: ours over the bare client's.
const (
	medianBudget     = 1.15
	percentileBudget = 1.5
)

func propagationKey(store string, keys int) string {
	return fmt.Sprintf("propagation/%s/%d", store, keys)
}

// PropagationOutcomes returns how the budgets of propagation came out.
func PropagationOutcomes(results []propagation.Result) Outcomes {
	o := Outcomes{}
	for _, r := range results {
		bare, ours := r.Quantiles(0.5)
		slowBare, slowOurs := r.Quantiles(0.99)
		o[propagationKey(r.Store, r.Keys)] = Outcome{
			Measured: fmt.Sprintf("%s, %.2f×; %s, %.2f×", stats.Time(ours), ours/bare, stats.Time(slowOurs), slowOurs/slowBare),
			Met:      ours/bare <= medianBudget && slowOurs/slowBare <= percentileBudget,
		}
	}
	return o
}

// Propagation returns the table of the ways from a write to the callback.
func Propagation(results []propagation.Result) string {
	var t Table
	t.Head(" store", "keys", "client: median", "99th", "confsync: median", "99th", "ratio of medians", "of 99ths", " budget")
	writes := 0
	for _, r := range results {
		writes = len(r.Ours)
		bare, ours := r.Quantiles(0.5)
		slowBare, slowOurs := r.Quantiles(0.99)
		t.Row(r.Store, stats.Count(float64(r.Keys)), stats.Time(bare), stats.Time(slowBare), stats.Time(ours), stats.Time(slowOurs),
			fmt.Sprintf("%.2f (%.2f–%.2f)", ours/bare, r.Ratio(0.5).Min, r.Ratio(0.5).Max), fmt.Sprintf("%.2f", slowOurs/slowBare),
			met(ours/bare <= medianBudget, slowOurs/slowBare <= percentileBudget))
	}
	return Wrap(fmt.Sprintf("From before the write until the callback, on loopback, with servers that don't wait for a disk; beside the store's own "+
		"client on a prefix of its own, with the writes in turn: %s to each. The client watches as its documentation says: a blocking "+
		"query of the prefix, a watch of the prefix, a notification and a read of the key, a watch of the one node. The spread in "+
		"brackets is that of ten parts of the run. Budget: median within %v, 99th percentile within %v. %s.\n\n%s",
		stats.Count(float64(writes)), medianBudget, percentileBudget, Machine(), t.String()))
}
