package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/confsync/confsync/bench/edits"
	"github.com/confsync/confsync/bench/report"
	"github.com/confsync/confsync/bench/stats"
)

// editFiles measures the way from an edited file to the callback.
func editFiles(ctx context.Context, root string, quick bool, only string) error {
	plan := edits.Plan{Rounds: 10, Edits: 100, Pause: 20 * time.Millisecond, Wait: 100 * time.Millisecond}
	if quick {
		plan.Rounds, plan.Edits = 2, 20
	}
	watchers := slices.DeleteFunc(edits.Watchers(), func(w edits.Watcher) bool { return only != "" && !strings.EqualFold(only, w.Name) })
	var all [][]edits.Result
	for _, with := range edits.Writers() {
		results, err := edits.Measure(ctx, watchers, with, plan)
		if err != nil {
			return err
		}
		for _, r := range results {
			fmt.Printf("%-17s %-15s median %s, 99th percentile %s, %d of %d lost\n", r.Writer, r.Watcher,
				stats.Time(r.Quantile(0.5)), stats.Time(r.Quantile(0.99)), r.Lost, r.Edits)
		}
		all = append(all, results)
	}
	if quick || only != "" {
		return nil
	}
	if err := write(report.Section{File: filepath.Join(root, "README.md"), Name: "files"}, report.EditHeadlines(all)); err != nil {
		return err
	}
	return keep(root, "files", report.Edits(all), report.EditOutcomes(all))
}
