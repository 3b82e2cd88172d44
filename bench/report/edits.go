package report

import (
	"fmt"
	"strings"

	"github.com/confsync/confsync/bench/compare"
	"github.com/confsync/confsync/bench/edits"
	"github.com/confsync/confsync/bench/stats"
)

// Edits returns the tables of edited files: the results with each kind of writer,
// the floor first.
func Edits(all [][]edits.Result) string {
	var t Table
	t.Head(" the file is", " by", "median", "99th percentile", "of fsnotify alone", "lost")
	for _, results := range all {
		for _, r := range results {
			t.Row(r.Writer, r.Watcher, stats.Time(r.Quantile(0.5)), stats.Time(r.Quantile(0.99)), r.Times(results[0]).Times(),
				fmt.Sprintf("%s of %s", stats.Count(float64(r.Lost)), stats.Count(float64(r.Edits))))
		}
	}
	return Wrap(fmt.Sprintf("%s\n\nMeasured in turns in one run; the ratio is of the medians, the median round and the quartiles of all. %s; %s.\n",
		t.String(), Versions(), Machine()))
}

// EditHeadlines returns the short table of edited files.
func EditHeadlines(all [][]edits.Result) string {
	var t Table
	head := []string{" an edited file"}
	for _, r := range all[0] {
		head = append(head, r.Watcher)
	}
	t.Head(head...)
	for _, results := range all {
		row := []string{"The file is " + results[0].Writer}
		for _, r := range results {
			row = append(row, shortEdit(r))
		}
		t.Row(row...)
	}
	return Wrap(fmt.Sprintf("%s\n\nFrom before the write until the callback: the median of %s edits, and how many nobody was told of. Repeat it with "+
		"`make bench SUBJECT=file`.\n", strings.TrimSpace(t.String()), stats.Count(float64(all[0][0].Edits))))
}

func shortEdit(r edits.Result) string {
	switch {
	case r.Lost >= r.Edits*9/10:
		return "stops"
	case r.Lost > 0:
		return fmt.Sprintf("%s, %s lost", stats.Time(r.Quantile(0.5)), stats.Count(float64(r.Lost)))
	}
	return stats.Time(r.Quantile(0.5))
}

// The budgets of edited files.
const (
	renamedBudget = 1.5  // of fsnotify alone, the median and the 99th percentile
	placeBudget   = 10e6 // nanoseconds, the 99th percentile
)

// EditOutcomes returns how the budgets of edited files came out.
func EditOutcomes(all [][]edits.Result) Outcomes {
	o := Outcomes{}
	for i, results := range all {
		bare := results[0]
		for _, r := range results {
			if r.Watcher != compare.Ours {
				continue
			}
			lost := fmt.Sprintf("%d of %s lost", r.Lost, stats.Count(float64(r.Edits)))
			median, slow := r.Quantile(0.5), r.Quantile(0.99)
			if i == 0 {
				ratio, slowRatio := r.Times(bare), slow/bare.Quantile(0.99)
				o["file/renamed"] = Outcome{
					Measured: fmt.Sprintf("%s, %s; %s, %s×; %s", stats.Time(median), ratio.Times(), stats.Time(slow), stats.Short(slowRatio), lost),
					Met:      ratio.Median <= renamedBudget && slowRatio <= renamedBudget && r.Lost == 0,
				}
			} else {
				o["file/place"] = Outcome{
					Measured: fmt.Sprintf("%s; %s; %s", stats.Time(median), stats.Time(slow), lost),
					Met:      slow <= placeBudget && r.Lost == 0,
				}
			}
		}
	}
	return o
}
