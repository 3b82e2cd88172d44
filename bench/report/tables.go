package report

import (
	"fmt"
	"strings"

	"github.com/confsync/confsync/bench/compare"
	"github.com/confsync/confsync/bench/stats"
)

// peers returns the names of the contenders but ourselves, in the order of
// columns.
func peers() []string {
	var names []string
	for _, c := range compare.Contenders() {
		if c.Name() != compare.Ours {
			names = append(names, c.Name())
		}
	}
	return names
}

// Versions says which versions of the peers were measured.
func Versions() string {
	var out []string
	for _, c := range compare.Contenders() {
		if c.Name() != compare.Ours {
			out = append(out, strings.TrimSpace(c.Name()+" "+Version(c.Module())))
		}
	}
	return strings.Join(out, ", ")
}

// headlines are the rows of the short table.
var headlines = []struct {
	key string
	n   int
}{
	{"load/yaml", 100}, {"load/json", 100}, {"load/toml", 100}, {"load/yaml", 10_000}, {"load/yaml", 100_000},
	{"change/map", 10_000}, {"change/map", 100_000},
	{"change/struct", 100_000}, {"change/delete", 10_000}, {"read", 10_000},
}

// Headlines returns the short table, for people who are about to choose a
// library.
func Headlines(results []compare.Result) string {
	var t Table
	t.Head(append([]string{" work", "keys", compare.Ours}, peers()...)...)
	for _, h := range headlines {
		if r, ok := compare.Find(results, h.key, h.n); ok {
			row := []string{r.Title, stats.Count(float64(r.N)), "**" + r.Text(r.Figure(compare.Ours).Median) + "**"}
			for _, name := range peers() {
				row = append(row, timesOurs(r, name))
			}
			t.Row(row...)
		}
	}
	return Wrap(fmt.Sprintf("%s\n\nTime in multiples of confsync's, measured side by side in one run: the median round, and the quartiles of all %d. "+
		"%s; %s. Repeat it with `make bench`.\n", strings.TrimSpace(t.String()), rounds(results), Versions(), Machine()))
}

func timesOurs(r compare.Result, name string) string {
	s := r.Series[name]
	switch {
	case s == nil:
		return "–"
	case s.Cannot != "":
		return "cannot"
	}
	return r.Times(name).Times()
}

func rounds(results []compare.Result) int {
	if len(results) == 0 {
		return 0
	}
	return len(results[0].Series[compare.Ours].Figures)
}

// Works returns the tables of all works.
func Works(results []compare.Result) string {
	var b strings.Builder
	for i, r := range results {
		if i > 0 && results[i-1].Key == r.Key {
			continue
		}
		measured := "Timed"
		if r.Unit == compare.Bytes {
			measured = "Counted"
		}
		fmt.Fprintf(&b, "### %s\n\n%s: %s.", r.Title, measured, r.What)
		if r.Floor != "" {
			fmt.Fprintf(&b, " Floor: %s.", r.Floor)
		}
		b.WriteString("\n\n" + workTable(results, r.Key))
		b.WriteString("\n" + cannot(r))
	}
	return Wrap(b.String())
}

func workTable(results []compare.Result, key string) string {
	var t Table
	t.Head(append([]string{"keys", compare.Ours, "over the floor"}, peers()...)...)
	for _, r := range results {
		if r.Key != key {
			continue
		}
		row := []string{stats.Count(float64(r.N)), r.Text(r.Figure(compare.Ours).Median), r.OverFloor().Times()}
		for _, name := range peers() {
			row = append(row, timesOurs(r, name))
		}
		t.Row(row...)
	}
	return t.String()
}

// cannot returns the reasons of those who can't do a work.
func cannot(r compare.Result) string {
	var b strings.Builder
	for _, name := range peers() {
		if s := r.Series[name]; s != nil && s.Cannot != "" {
			fmt.Fprintf(&b, "%s cannot: %s.\n", name, s.Cannot)
		}
	}
	if b.Len() > 0 {
		b.WriteString("\n")
	}
	return b.String()
}

// Allocations returns the table of what each work allocates.
func Allocations(results []compare.Result) string {
	var t Table
	t.Head(append([]string{" work", "keys", compare.Ours}, peers()...)...)
	for _, r := range results {
		if r.Unit == compare.Bytes {
			continue
		}
		row := []string{r.Title, stats.Count(float64(r.N))}
		for _, name := range append([]string{compare.Ours}, peers()...) {
			s := r.Series[name]
			if s == nil || s.Cannot != "" {
				row = append(row, "cannot")
				continue
			}
			row = append(row, fmt.Sprintf("%s, %s", stats.Count(s.Allocations), stats.Size(s.Bytes)))
		}
		t.Row(row...)
	}
	return t.String()
}
