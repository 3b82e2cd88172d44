package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/confsync/confsync/bench/report"
	"github.com/confsync/confsync/bench/rest"
	"github.com/confsync/confsync/bench/stats"
	"github.com/confsync/confsync/internal/stores"
)

// atRest measures what clients of all stores cost while nothing changes.
func atRest(ctx context.Context, root string, quick bool, only string) error {
	plan := rest.Plan{Keys: 10_000, Settle: 15 * time.Second, For: time.Minute}
	if quick {
		plan = rest.Plan{Keys: 1_000, Settle: time.Second, For: 5 * time.Second}
	}
	all := stores.All()
	if only != "" {
		s, err := stores.Of(only)
		if err != nil {
			return err
		}
		all = []stores.Store{s}
	}
	results, err := rest.Measure(ctx, all, plan)
	if err != nil {
		return err
	}
	for _, r := range results {
		fmt.Printf("%-9s %-13s %8v CPU, %6s allocations, %10s sent, %10s received, %d goroutines\n", r.Store, r.Kind,
			r.Used.CPU.Round(time.Microsecond), stats.Count(float64(r.Used.Allocations)), stats.Size(float64(r.Up)), stats.Size(float64(r.Down)), r.Used.Goroutines)
	}
	if quick || only != "" {
		return nil
	}
	return write(report.Section{File: filepath.Join(root, "docs", "performance.md"), Name: "rest"}, report.Rest(results, plan.Keys))
}
