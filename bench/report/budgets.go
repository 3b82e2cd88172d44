package report

import (
	"fmt"

	"github.com/confsync/confsync/bench/compare"
	"github.com/confsync/confsync/bench/stats"
)

// budget is one promise about speed, and how to tell whether it is kept.
type budget struct {
	work, text string
	key        string
	n          int
	of         func(compare.Result) (stats.Summary, string) // the ratio, and what it is to
	atLeast    float64                                      // 0: there is none
	atMost     float64                                      // 0: there is none
}

func budgets() []budget {
	fastest := func(r compare.Result) (stats.Summary, string) {
		peer := r.FastestPeer()
		return r.Times(peer), "the time of " + peer
	}
	times := func(peer string) func(compare.Result) (stats.Summary, string) {
		return func(r compare.Result) (stats.Summary, string) { return r.Times(peer), "the time of " + peer }
	}
	floor := func(r compare.Result) (stats.Summary, string) { return r.OverFloor(), "over the floor" }
	const change = "one key under a Go map changes: emit to Get, %s keys"
	change10, change100 := fmt.Sprintf(change, "10,000"), fmt.Sprintf(change, "100,000")
	return []budget{
		{work: "Get", text: "within 2× of a bare atomic.Pointer load", key: "read", n: 10_000, of: floor, atMost: 2},
		{work: "load a YAML document of 10,000 keys", text: "1.4× faster than the fastest peer", key: "load/yaml", n: 10_000, of: fastest, atLeast: 1.4},
		{work: "load a YAML document of 100,000 keys", text: "3× faster than the fastest peer", key: "load/yaml", n: 100_000, of: fastest, atLeast: 3},
		{work: change10, text: "80× faster than the fastest peer", key: "change/map", n: 10_000, of: fastest, atLeast: 80},
		{work: change10, text: "400× faster than koanf", key: "change/map", n: 10_000, of: times("koanf"), atLeast: 400},
		{work: change10, text: "400× faster than viper", key: "change/map", n: 10_000, of: times("viper"), atLeast: 400},
		{work: change100, text: "60× faster than the fastest peer", key: "change/map", n: 100_000, of: fastest, atLeast: 60},
		{work: change100, text: "within 3× of cloning the map and decoding the entry", key: "change/map", n: 100_000, of: floor, atMost: 3},
	}
}

// sameThroughout is what a time that doesn't grow may differ by, from the
// smallest document to the largest: they are measured minutes apart.
const sameThroughout = 1.5

// Budgets returns the table of budgets: each with what was measured, met or
// not.
func Budgets(results []compare.Result) string {
	var t Table
	t.Head(" work", " budget", " measured", " ")
	for _, b := range budgets() {
		r, ok := compare.Find(results, b.key, b.n)
		if !ok {
			t.Row(b.work, b.text, "not in this run", "")
			continue
		}
		ratio, to := b.of(r)
		measured := fmt.Sprintf("%s× (%s–%s) %s", stats.Short(ratio.Median), stats.Short(ratio.Min), stats.Short(ratio.Max), to)
		if b.key == "read" {
			measured += fmt.Sprintf(", %s allocations", stats.Count(r.Series[compare.Ours].Allocations))
		}
		t.Row(b.work, b.text, measured, met(b.atLeast == 0 || ratio.Median >= b.atLeast, b.atMost == 0 || ratio.Median <= b.atMost))
	}
	t.Row(growth(results)...)
	return t.String()
}

func growth(results []compare.Result) []string {
	row := []string{"a key of a plain nested struct changes", "does not grow with the number of keys"}
	small, ok := compare.Find(results, "change/struct", 100)
	large, found := compare.Find(results, "change/struct", 100_000)
	if !ok || !found {
		return append(row, "not in this run", "")
	}
	a, b := small.Figure(compare.Ours).Median, large.Figure(compare.Ours).Median
	return append(row, fmt.Sprintf("%s with 100 keys, %s with 100,000", stats.Time(a), stats.Time(b)), met(b <= sameThroughout*a))
}

func met(conditions ...bool) string {
	for _, c := range conditions {
		if !c {
			return "**not met**"
		}
	}
	return "met"
}
