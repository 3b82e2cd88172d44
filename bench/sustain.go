package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/confsync/confsync/bench/report"
	"github.com/confsync/confsync/bench/stats"
	"github.com/confsync/confsync/bench/sustained"
	"github.com/confsync/confsync/internal/stores"
)

// sustain measures the lag behind a store that is written to without a pause.
func sustain(ctx context.Context, root string, quick bool, only string) error {
	plan := sustained.Plan{Rate: 3_000, For: 30 * time.Second, Keys: sustained.Keys}
	if quick {
		plan.For, plan.Keys = 3*time.Second, []int{1_000}
	}
	var results []sustained.Result
	for _, name := range sustained.Stores {
		if only != "" && !strings.EqualFold(only, name) {
			continue
		}
		s, err := stores.Of(name)
		if err != nil {
			return err
		}
		of, err := sustained.Measure(ctx, s, plan)
		if err != nil {
			return err
		}
		for _, r := range of {
			fmt.Printf("%-9s %7d keys: %.0f writes a second, lag median %s, 99th percentile %s, worst %s; heap %s, then %s\n", r.Store, r.Keys, r.Rate,
				stats.Time(r.Quantile(0.5)), stats.Time(r.Quantile(0.99)), stats.Time(r.Quantile(1)), stats.Size(float64(r.Early)), stats.Size(float64(r.Late)))
		}
		results = append(results, of...)
	}
	if quick || only != "" {
		return nil
	}
	return keep(root, "sustained", report.Sustained(results), report.SustainedOutcomes(results))
}
