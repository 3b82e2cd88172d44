// Package metrics is what the exports to Prometheus and OpenTelemetry share.
package metrics

import (
	"time"

	"github.com/confsync/confsync/source"
)

// States are the states that a source can be in.
var States = []source.State{source.Connecting, source.Live, source.Degraded, source.Retrying, source.Stale, source.Closed}

// Elapsed returns how many seconds ago a time was, 0 for the zero time.
func Elapsed(now, then time.Time) float64 {
	if then.IsZero() {
		return 0
	}
	return max(0, now.Sub(then).Seconds())
}

// One returns 1 for true and 0 for false.
func One[N int64 | float64](yes bool) N {
	if yes {
		return 1
	}
	return 0
}
