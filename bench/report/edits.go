package report

import (
	"fmt"

	"github.com/confsync/confsync/bench/edits"
	"github.com/confsync/confsync/bench/stats"
)

// Edits returns the table of edited files.
func Edits(results []edits.Result) string {
	var t Table
	t.Head(" the file is", " by", "median", "99th percentile", "lost")
	for _, r := range results {
		t.Row(r.Writer, r.Watcher, stats.Time(stats.Quantile(r.Latencies, 0.5)), stats.Time(stats.Quantile(r.Latencies, 0.99)),
			fmt.Sprintf("%d of %d", r.Lost, r.Edits))
	}
	return t.String()
}
