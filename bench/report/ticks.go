package report

import (
	"math"

	"gonum.org/v1/plot"

	"github.com/confsync/confsync/bench/stats"
)

// Decades are ticks at the powers of ten, with a text at each.
type Decades func(float64) string

// Ticks implements [plot.Ticker].
func (text Decades) Ticks(low, high float64) []plot.Tick {
	var ticks []plot.Tick
	for e := math.Floor(math.Log10(low)); e <= math.Ceil(math.Log10(high)); e++ {
		x := math.Pow(10, e)
		ticks = append(ticks, plot.Tick{Value: x, Label: text(x)})
		for i := 2.0; i < 10; i++ {
			ticks = append(ticks, plot.Tick{Value: i * x})
		}
	}
	return ticks
}

// Duration returns a power of ten of nanoseconds as a tick shows it.
func Duration(ns float64) string {
	switch {
	case ns >= 1e9:
		return stats.Count(ns/1e9) + " s"
	case ns >= 1e6:
		return stats.Count(ns/1e6) + " ms"
	case ns >= 1e3:
		return stats.Count(ns/1e3) + " µs"
	}
	return stats.Count(ns) + " ns"
}
