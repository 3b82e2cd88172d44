package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/confsync/confsync/bench/start"
	"github.com/confsync/confsync/bench/stats"
)

// The budgets of a program of one file.
const (
	startBudget  = 1.2 // of the bare program
	weightBudget = 6e6 // bytes
	shownInit    = 50 * time.Microsecond
)

// Start returns the table of the programs whose start was measured.
func Start(results []start.Result, inits []start.Init, keys int) string {
	var t Table
	t.Head(" program", "size", "median", "99th percentile", "of the bare one")
	starts := 0
	for _, r := range results {
		starts = len(r.All())
		t.Row(r.Program, megabytes(r.Size), stats.Time(stats.Quantile(r.All(), 0.5)), stats.Time(stats.Quantile(r.All(), 0.99)), r.Times(results[0]).Times())
	}
	var slow []string
	for _, i := range inits {
		if i.Took >= shownInit {
			slow = append(slow, fmt.Sprintf("%s %s", i.Package, stats.Time(float64(i.Took))))
		}
	}
	slices.Sort(slow)
	which := "No package of ours or of those it imports takes more than " + stats.Time(float64(shownInit)) + " to initialise."
	if len(slow) > 0 {
		which = "Packages that take more than " + stats.Time(float64(shownInit)) + " to initialise: " + strings.Join(slow, ", ") + "."
	}
	return Wrap(fmt.Sprintf("From before the process is made until it has its configuration, with a document of %s keys in YAML and a variable "+
		"of the environment; the size of what `go build` makes, in millions of bytes. %s starts of each, in turns; the ratio is that of "+
		"the medians, the median round and the quartiles of all. %s %s; %s.\n\n%s",
		stats.Count(float64(keys)), stats.Count(float64(starts)), which, Versions(), Machine(), t.String()))
}

func megabytes(bytes int64) string { return fmt.Sprintf("%.2f MB", float64(bytes)/1e6) }

// StartOutcomes returns how the budgets of a program of one file came out.
func StartOutcomes(results []start.Result) Outcomes {
	o := Outcomes{}
	for _, r := range results {
		if r.Program != start.Ours {
			continue
		}
		times := r.Times(results[0])
		o["start"] = Outcome{
			Measured: fmt.Sprintf("%s, %s", stats.Time(stats.Quantile(r.All(), 0.5)), times.Times()), Met: times.Median <= startBudget,
		}
		o["weight"] = Outcome{Measured: megabytes(r.Size), Met: r.Size <= weightBudget}
	}
	return o
}
