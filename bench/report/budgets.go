package report

import (
	"fmt"

	"github.com/confsync/confsync/bench/compare"
	"github.com/confsync/confsync/bench/propagation"
	"github.com/confsync/confsync/bench/stats"
	"github.com/confsync/confsync/bench/sustained"
)

// budget is one promise about speed.
type budget struct {
	key        string // of its outcome
	work, text string
	other      string // where it is measured, when the bench doesn't do it
}

// limit is a budget of the comparison of libraries: that of a work at a size.
type limit struct {
	budget
	work    string // its key
	n       int
	atLeast float64 // times ours that the fastest peer takes; 0: there is none
	atMost  float64 // times the floor that ours takes; 0: there is none
}

func limits() []limit {
	all := []limit{{
		budget: budget{work: "Get", text: "within 1.2× of a bare atomic.Pointer load, 0 allocations"}, work: "read", n: 10_000, atMost: 1.2,
	}}
	times := map[int][3]float64{100: {1.3, 1.3, 1.3}, 1_000: {1.3, 1.3, 1.3}, 10_000: {2.5, 3, 2.5}, 100_000: {8, 3, 10}} // in the order of formats
	formats := []string{"YAML", "JSON", "TOML"}
	for _, n := range []int{100, 1_000, 10_000, 100_000} {
		for i, work := range []string{"load/yaml", "load/json", "load/toml"} {
			all = append(all, limit{
				budget: budget{work: fmt.Sprintf("load %s and close, %s keys", formats[i], stats.Count(float64(n))), text: faster(times[n][i])},
				work:   work, n: n, atLeast: times[n][i],
			})
		}
	}
	for _, c := range []struct {
		n     int
		times float64
	}{{10_000, 40}, {100_000, 100}} {
		work := fmt.Sprintf("one key changes under a Go map, %s keys", stats.Count(float64(c.n)))
		all = append(all,
			limit{budget: budget{work: work, text: "within 1.2× of a clone and a decode"}, work: "change/map", n: c.n, atMost: 1.2},
			limit{budget: budget{work: work, text: faster(c.times)}, work: "change/map", n: c.n, atLeast: c.times})
	}
	all = append(all, limit{
		budget: budget{work: "a thousand keys change at once, 10,000 keys", text: faster(4)}, work: "change/thousand", n: 10_000, atLeast: 4,
	})
	for i, l := range all {
		all[i].key = fmt.Sprintf("%s/%d", l.work, l.n)
		if l.atMost > 0 {
			all[i].key += "/floor"
		}
	}
	return all
}

func faster(times float64) string {
	return fmt.Sprintf("%s× faster than the fastest peer", stats.Short(times))
}

// budgets returns all budgets in the order of the table.
func budgets() []budget {
	var all []budget
	for _, l := range limits() {
		all = append(all, l.budget)
	}
	all = append(all,
		budget{key: "change/struct", work: "a key of a plain nested struct changes", text: "9 µs, with any number of keys"},
		budget{key: "file/renamed", work: "a file renamed over, to the callback", text: "median and 99th percentile within 1.5× of fsnotify alone, none lost"},
		budget{key: "file/place", work: "a file written in place, to the callback", text: "within 10 ms, none lost, never half"},
	)
	for _, store := range []string{"Consul", "etcd", "Redis", "ZooKeeper"} {
		for _, n := range propagation.Keys(store) {
			all = append(all, budget{
				key: propagationKey(store, n), work: fmt.Sprintf("a write to %s, to the callback, %s", store, keysOf(n)),
				text: fmt.Sprintf("median within %v×, 99th percentile within %v× of the bare client", medianBudget, percentileBudget),
			})
		}
	}
	for _, store := range sustained.Stores {
		for _, n := range sustained.Keys {
			all = append(all, budget{
				key: sustainedKey(store, n), work: fmt.Sprintf("3,000 writes/s to %s over %s", store, keysOf(n)),
				text: "lag under 100 ms at the 99th percentile, memory flat",
			})
		}
	}
	return append(all,
		budget{key: "link", work: "200 sources of 1 MB over one full link", text: "all within 1.5× of the link's own time", other: "TestU9FullLink of internal/stores"},
		budget{key: "held", work: "memory held a key", text: "100 B"},
		budget{key: "bounds", work: "memory while a store holds ten times MaxBytes", text: "2× MaxBytes", other: "the tests of each store"},
		budget{key: "weight", work: "a program of one file", text: "6 MB"},
		budget{key: "start", work: "process start to Open returned", text: "within 1.2× of the bare YAML library"},
		budget{key: "fleet/rest", work: "at rest, 10,000 instances and one etcd with 10,000 keys", text: "under one core of the server", other: "TestE13ProbeAtRest of source/etcd"},
	)
}

func keysOf(n int) string {
	if n == 1 {
		return "1 key"
	}
	return stats.Count(float64(n)) + " keys"
}

// Budgets returns the table of budgets: each with what was measured, met or not.
func Budgets(all Outcomes) string {
	var t Table
	t.Head(" work", " budget", " measured", " ")
	for _, b := range budgets() {
		o, ok := all[b.key]
		switch {
		case ok:
			t.Row(b.work, b.text, o.Measured, met(o.Met))
		case b.other != "":
			t.Row(b.work, b.text, "by "+b.other, "")
		default:
			t.Row(b.work, b.text, "not in this run", "")
		}
	}
	return t.String()
}

func met(conditions ...bool) string {
	for _, c := range conditions {
		if !c {
			return "**not met**"
		}
	}
	return "met"
}

// LibraryOutcomes returns how the budgets of the comparison came out.
func LibraryOutcomes(results []compare.Result) Outcomes {
	o := Outcomes{}
	for _, l := range limits() {
		if r, ok := compare.Find(results, l.work, l.n); ok {
			o[l.key] = l.outcome(r)
		}
	}
	small, ok := compare.Find(results, "change/struct", 100)
	large, found := compare.Find(results, "change/struct", 100_000)
	if ok && found {
		a, b := small.Figure(compare.Ours).Median, large.Figure(compare.Ours).Median
		o["change/struct"] = Outcome{
			Measured: fmt.Sprintf("%s with 100 keys, %s with 100,000", stats.Time(a), stats.Time(b)), Met: max(a, b) < structBudget,
		}
	}
	few, ok := compare.Find(results, "held", 10_000)
	many, found := compare.Find(results, "held", 100_000)
	if ok && found {
		a, b := few.Figure(compare.Ours).Median, many.Figure(compare.Ours).Median
		o["held"] = Outcome{Measured: fmt.Sprintf("%s of 10,000, %s of 100,000", stats.Size(a), stats.Size(b)), Met: max(a, b) <= heldBudget}
	}
	return o
}

const (
	structBudget = 9.5e3 // nanoseconds: 9 µs, rounded
	heldBudget   = 100   // bytes
)

func (l limit) outcome(r compare.Result) Outcome {
	if l.atMost > 0 {
		ratio, allocations := r.OverFloor(), ""
		if l.work == "read" {
			allocations = fmt.Sprintf(", %s allocations", stats.Count(r.Series[compare.Ours].Allocations))
		}
		return Outcome{
			Measured: spread(ratio) + " over the floor" + allocations,
			Met:      ratio.Median <= l.atMost && (allocations == "" || r.Series[compare.Ours].Allocations == 0),
		}
	}
	peer := r.FastestPeer()
	ratio := r.Times(peer)
	return Outcome{Measured: spread(ratio) + " the time of " + peer, Met: ratio.Median >= l.atLeast}
}

// spread returns a ratio, the slowest round and the fastest.
func spread(s stats.Summary) string {
	return fmt.Sprintf("%s× (%s–%s)", stats.Short(s.Median), stats.Short(s.Min), stats.Short(s.Max))
}
