package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/confsync/confsync/bench/edits"
	"github.com/confsync/confsync/bench/report"
	"github.com/confsync/confsync/bench/stats"
)

// editFiles measures the way from an edited file to the callback.
func editFiles(ctx context.Context, root string, quick bool, only string) error {
	plan := edits.Plan{Edits: 1000, Pause: 20 * time.Millisecond, Wait: 500 * time.Millisecond}
	if quick {
		plan.Edits = 50
	}
	var results []edits.Result
	for _, with := range edits.Writers() {
		for _, w := range edits.Watchers() {
			if only != "" && !strings.EqualFold(only, w.Name) {
				continue
			}
			r, err := edits.Measure(ctx, w, with, plan)
			if err != nil {
				return err
			}
			fmt.Printf("%-17s %-15s median %s, 99th percentile %s, %d of %d lost\n", r.Writer, r.Watcher,
				stats.Time(stats.Quantile(r.Latencies, 0.5)), stats.Time(stats.Quantile(r.Latencies, 0.99)), r.Lost, r.Edits)
			results = append(results, r)
		}
	}
	if quick || only != "" {
		return nil
	}
	return write(report.Section{File: filepath.Join(root, "docs", "performance.md"), Name: "files"}, report.Edits(results))
}
