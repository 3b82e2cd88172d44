// Package stats says how figures are spread.
package stats

import (
	"fmt"
	"math"
	"slices"
)

// Summary is the spread of some figures. The zero Summary is of none.
type Summary struct {
	N                              int
	Min, Lower, Median, Upper, Max float64 // Lower and Upper are the quartiles
}

// Of returns the spread of figures, which it leaves as they are.
func Of(figures []float64) Summary {
	if len(figures) == 0 {
		return Summary{}
	}
	s := slices.Sorted(slices.Values(figures))
	return Summary{
		N: len(s), Min: s[0], Lower: Quantile(s, 0.25), Median: Quantile(s, 0.5), Upper: Quantile(s, 0.75), Max: s[len(s)-1],
	}
}

// Quantile returns a quantile of sorted figures, interpolated between two of
// them. It is NaN of none.
func Quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i+1 == len(sorted) {
		return sorted[i]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

// Ratios returns each of a over the one of b beside it: what was measured in
// the same round. The longer one's rest is left out.
func Ratios(a, b []float64) []float64 {
	out := make([]float64, min(len(a), len(b)))
	for i := range out {
		out[i] = a[i] / b[i]
	}
	return out
}

// Times returns a ratio and its quartiles: "3.9× (3.7–4.1)".
func (s Summary) Times() string {
	if s.N == 0 {
		return "–"
	}
	return fmt.Sprintf("%s× (%s–%s)", Short(s.Median), Short(s.Lower), Short(s.Upper))
}

// Short returns a figure with two or three digits that count.
func Short(x float64) string {
	switch {
	case x < 0.095:
		return fmt.Sprintf("%.3f", x)
	case x < 9.95:
		return fmt.Sprintf("%.2g", x)
	case x < 99.5:
		return fmt.Sprintf("%.0f", x)
	}
	digits := math.Pow(10, math.Floor(math.Log10(x))-1)
	return thousands(int64(math.Round(x/digits) * digits))
}

func thousands(n int64) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}

// Time returns a duration in nanoseconds, in the unit that suits it.
func Time(ns float64) string {
	units := []struct {
		ns   float64
		name string
	}{{1e9, "s"}, {1e6, "ms"}, {1e3, "µs"}}
	for _, u := range units {
		if ns >= u.ns {
			return Digits(ns/u.ns) + " " + u.name
		}
	}
	return Digits(ns) + " ns"
}

// Size returns a number of bytes, in the unit that suits it.
func Size(bytes float64) string {
	switch {
	case bytes >= 1<<30:
		return Digits(bytes/(1<<30)) + " GB"
	case bytes >= 1<<20:
		return Digits(bytes/(1<<20)) + " MB"
	case bytes >= 1<<10:
		return Digits(bytes/(1<<10)) + " kB"
	}
	return Count(bytes) + " B"
}

// Count returns a number of things, with thousands set apart.
func Count(n float64) string { return thousands(int64(math.Round(n))) }

// Digits returns a figure with three digits that count, but no fraction of a
// hundred.
func Digits(x float64) string {
	switch {
	case x < 9.995:
		return fmt.Sprintf("%.2f", x)
	case x < 99.95:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.0f", x)
}
