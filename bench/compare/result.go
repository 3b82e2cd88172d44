package compare

import (
	"fmt"
	"io"
	"slices"

	"github.com/confsync/confsync/bench/stats"
)

// Ours is our own name among the contenders.
const Ours = "confsync"

// Figure returns the spread of what one of them needed.
func (r Result) Figure(name string) stats.Summary {
	if s := r.Series[name]; s != nil {
		return stats.Of(s.Figures)
	}
	return stats.Summary{}
}

// Times returns how many times ours another needed, round by round.
func (r Result) Times(name string) stats.Summary { return r.ratio(name, Ours) }

// OverFloor returns how many times the floor ours is, round by round.
func (r Result) OverFloor() stats.Summary { return r.ratio(Ours, FloorName) }

func (r Result) ratio(a, b string) stats.Summary {
	above, below := r.Series[a], r.Series[b]
	if above == nil || below == nil {
		return stats.Summary{}
	}
	return stats.Of(stats.Ratios(above.Figures, below.Figures))
}

// FastestPeer returns the peer with the lowest median, "" when none did the
// work.
func (r Result) FastestPeer() string {
	var peers []string
	for _, c := range Contenders() {
		if s := r.Series[c.Name()]; c.Name() != Ours && s != nil && len(s.Figures) > 0 {
			peers = append(peers, c.Name())
		}
	}
	if len(peers) == 0 {
		return ""
	}
	return slices.MinFunc(peers, func(a, b string) int {
		if r.Figure(a).Median < r.Figure(b).Median {
			return -1
		}
		return 1
	})
}

// Find returns the result of a work at a size.
func Find(results []Result, key string, n int) (Result, bool) {
	i := slices.IndexFunc(results, func(r Result) bool { return r.Key == key && r.N == n })
	if i < 0 {
		return Result{}, false
	}
	return results[i], true
}

// Text returns a figure in the unit of the work.
func (w Work) Text(figure float64) string {
	if w.Unit == Bytes {
		return stats.Size(figure)
	}
	return stats.Time(figure)
}

func (r Result) log(to io.Writer) {
	fmt.Fprintf(to, "%s, %s keys\n", r.Title, stats.Count(float64(r.N)))
	for _, name := range r.Names() {
		s := r.Series[name]
		if s.Cannot != "" {
			fmt.Fprintf(to, "  %-9s cannot: %s\n", name, s.Cannot)
			continue
		}
		f := r.Figure(name)
		fmt.Fprintf(to, "  %-9s %10s (%s to %s)  %12s allocations, %10s  %s\n", name, r.Text(f.Median), r.Text(f.Min), r.Text(f.Max),
			stats.Count(s.Allocations), stats.Size(s.Bytes), r.Times(name).Times())
	}
}
