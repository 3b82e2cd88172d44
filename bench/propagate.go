package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/confsync/confsync/bench/propagation"
	"github.com/confsync/confsync/bench/report"
	"github.com/confsync/confsync/bench/stats"
	"github.com/confsync/confsync/internal/stores"
)

// propagate measures the way from a write to the callback, with all stores.
func propagate(ctx context.Context, root string, quick bool, only string) error {
	plan := propagation.Plan{Writes: 1000, Warm: 50}
	if quick {
		plan = propagation.Plan{Writes: 20, Warm: 5, Keys: []int{1, 1_000}}
	}
	var results []propagation.Result
	for _, s := range stores.All() {
		if only != "" && !strings.EqualFold(only, s.Name) {
			continue
		}
		if !quick {
			plan.Keys = propagation.Keys(s.Title)
		}
		of, err := propagation.Measure(ctx, s, plan)
		if err != nil {
			return err
		}
		for _, r := range of {
			bare, ours := r.Quantiles(0.5)
			slowBare, slowOurs := r.Quantiles(0.99)
			fmt.Printf("%-9s %6d keys: median %s and %s, %s; 99th percentile %s and %s\n", r.Store, r.Keys,
				stats.Time(bare), stats.Time(ours), r.Ratio(0.5).Times(), stats.Time(slowBare), stats.Time(slowOurs))
		}
		results = append(results, of...)
	}
	if quick || only != "" {
		return nil
	}
	return keep(root, "propagation", report.Propagation(results), report.PropagationOutcomes(results))
}
