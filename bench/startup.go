package main

import (
	"context"
	"fmt"

	"github.com/confsync/confsync/bench/report"
	"github.com/confsync/confsync/bench/start"
	"github.com/confsync/confsync/bench/stats"
)

// startUp measures the start of programs that read one file and the environment,
// and their size.
func startUp(ctx context.Context, root string, quick bool) error {
	plan := start.Plan{Rounds: 11, Starts: 50, Keys: 100}
	if quick {
		plan.Rounds, plan.Starts = 2, 5
	}
	results, inits, err := start.Measure(ctx, plan)
	if err != nil {
		return err
	}
	for _, r := range results {
		fmt.Printf("%-9s %8d bytes, median %s, 99th percentile %s, %s\n", r.Program, r.Size,
			stats.Time(stats.Quantile(r.All(), 0.5)), stats.Time(stats.Quantile(r.All(), 0.99)), r.Times(results[0]).Times())
	}
	for _, i := range inits[:min(5, len(inits))] {
		fmt.Printf("  %s initialises in %v\n", i.Package, i.Took)
	}
	if quick {
		return nil
	}
	return keep(root, "start", report.Start(results, inits, plan.Keys), report.StartOutcomes(results))
}
