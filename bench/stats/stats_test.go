package stats_test

import (
	"math"
	"slices"
	"testing"

	"github.com/confsync/confsync/bench/stats"
)

func TestOf(t *testing.T) {
	figures := []float64{5, 1, 4, 2, 3}
	want := stats.Summary{N: 5, Min: 1, Lower: 2, Median: 3, Upper: 4, Max: 5}
	if got := stats.Of(figures); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if !slices.Equal(figures, []float64{5, 1, 4, 2, 3}) {
		t.Error("the figures were sorted in place")
	}
	if got := stats.Of([]float64{1, 2}).Median; got != 1.5 {
		t.Errorf("the median of 1 and 2 is %v", got)
	}
	if got := stats.Of(nil); got != (stats.Summary{}) {
		t.Errorf("got %+v of nothing", got)
	}
	if !math.IsNaN(stats.Quantile(nil, 0.5)) {
		t.Error("a quantile of nothing is a number")
	}
}

func TestRatios(t *testing.T) {
	got := stats.Ratios([]float64{4, 9, 7}, []float64{2, 3})
	if !slices.Equal(got, []float64{2, 3}) {
		t.Errorf("got %v", got)
	}
}

func TestTexts(t *testing.T) {
	cases := []struct{ got, want string }{
		{stats.Of([]float64{3, 4, 5}).Times(), "4× (3.5–4.5)"},
		{stats.Of(nil).Times(), "–"},
		{stats.Short(0.0123), "0.012"},
		{stats.Short(0.95), "0.95"},
		{stats.Short(9.94), "9.9"},
		{stats.Short(9.96), "10"},
		{stats.Short(123), "120"},
		{stats.Short(12345), "12,000"},
		{stats.Time(1.234), "1.23 ns"},
		{stats.Time(12_340), "12.3 µs"},
		{stats.Time(123_400_000), "123 ms"},
		{stats.Time(2_000_000_000), "2.00 s"},
		{stats.Size(100), "100 B"},
		{stats.Size(2048), "2.00 kB"},
		{stats.Size(3 << 20), "3.00 MB"},
		{stats.Count(1234567.4), "1,234,567"},
	}
	for _, c := range cases {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}
