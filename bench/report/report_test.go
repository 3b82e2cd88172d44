package report_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/confsync/confsync/bench/compare"
	"github.com/confsync/confsync/bench/edits"
	"github.com/confsync/confsync/bench/fleet"
	"github.com/confsync/confsync/bench/propagation"
	"github.com/confsync/confsync/bench/report"
	"github.com/confsync/confsync/bench/rest"
	"github.com/confsync/confsync/bench/start"
	"github.com/confsync/confsync/bench/sustained"
)

func TestSection(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.md")
	cases := []struct {
		name, before, after string
		written             bool
	}{
		{"filled", "a\n<!-- x -->\n<!-- /x -->\nb\n", "a\n<!-- x -->\nnew\n<!-- /x -->\nb\n", true},
		{"filled again", "a\n<!-- x -->\nold\n<!-- /x -->\nb\n", "a\n<!-- x -->\nnew\n<!-- /x -->\nb\n", true},
		{"another's", "<!-- y -->\n<!-- /y -->\n", "<!-- y -->\n<!-- /y -->\n", false},
		{"not closed", "<!-- x -->\n", "<!-- x -->\n", false},
		{"closed before", "<!-- /x -->\n<!-- x -->\n", "<!-- /x -->\n<!-- x -->\n", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if err := os.WriteFile(file, []byte(c.before), 0o600); err != nil {
				t.Fatal(err)
			}
			written, err := report.Section{File: file, Name: "x"}.Write("\nnew\n\n")
			if err != nil || written != c.written {
				t.Errorf("got %t, %v", written, err)
			}
			if got, _ := os.ReadFile(file); string(got) != c.after {
				t.Errorf("got %q, want %q", got, c.after)
			}
		})
	}
	if written, err := (report.Section{File: file + ".none", Name: "x"}).Write("new"); written || err != nil {
		t.Errorf("of no file: got %t, %v", written, err)
	}
}

// results returns those of a run in which a key costs ours a nanosecond, the
// peers ten and the floor half of one.
func results() []compare.Result {
	var all []compare.Result
	for _, w := range compare.Works() {
		for _, n := range w.Sizes {
			r := compare.Result{Work: w, N: n, Series: map[string]*compare.Series{}}
			for _, name := range w.Names() {
				each := float64(n)
				switch {
				case name == compare.FloorName:
					each /= 2
				case name != compare.Ours:
					each *= 10
				}
				r.Series[name] = &compare.Series{Figures: []float64{each, 2 * each, each}}
			}
			if s := r.Series["kratos"]; w.Key == "change/delete" {
				*s = compare.Series{Cannot: "some reason"}
			}
			all = append(all, r)
		}
	}
	return all
}

func contains(t *testing.T, text string, wanted ...string) {
	t.Helper()
	for _, want := range wanted {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

// TestBudgets: the budgets that a run measures are told, and stay with those of
// other runs; those that none has measured say so.
func TestBudgets(t *testing.T) {
	contains(t, report.Budgets(report.LibraryOutcomes(results())),
		"| load YAML and close, 10,000 keys | 2.5× faster than the fastest peer | 10× (10–10) the time of konf | met |",
		"| load TOML and close, 100,000 keys | 10× faster than the fastest peer | 10× (10–10) the time of konf | met |",
		"| one key changes under a Go map, 10,000 keys | 40× faster than the fastest peer | 10× (10–10) the time of konf | **not met** |",
		"| one key changes under a Go map, 100,000 keys | within 1.2× of a clone and a decode | 2× (2–2) over the floor | **not met** |",
		"| Get | within 1.2× of a bare atomic.Pointer load, 0 allocations | 2× (2–2) over the floor, 0 allocations | **not met** |",
		"| 100 ns with 100 keys, 100 µs with 100,000 | **not met** |",
		"| a program of one file | 6 MB | not in this run |",
		"| by TestU9FullLink of internal/stores |",
	)
	file := filepath.Join(t.TempDir(), "outcomes.json")
	first := report.StartOutcomes([]start.Result{
		{Program: start.Bare, Rounds: [][]float64{{1e6}, {2e6}, {2e6}}}, {Program: start.Ours, Size: 6_900_000, Rounds: [][]float64{{1e6}, {2.2e6}, {2e6}}},
	})
	if _, err := first.Keep(file); err != nil {
		t.Fatal(err)
	}
	all, err := report.LibraryOutcomes(results()).Keep(file)
	if err != nil {
		t.Fatal(err)
	}
	contains(t, report.Budgets(all), "| within 1.2× of the bare YAML library | 2.00 ms, 1× (1–1.1) | met |", "| 6 MB | 6.90 MB | **not met** |", "| load YAML")
}

// TestEveryOutcomeHasABudget: nothing is measured for a budget that isn't in the
// table, which would leave it out without a word.
func TestEveryOutcomeHasABudget(t *testing.T) {
	edited := func(median float64) edits.Result {
		return edits.Result{Watcher: compare.Ours, Rounds: [][]float64{{median}}}
	}
	var stores []propagation.Result
	for _, store := range []string{"Consul", "etcd", "Redis", "ZooKeeper"} {
		for _, n := range propagation.Keys(store) {
			stores = append(stores, propagation.Result{Store: store, Keys: n, Bare: []float64{1e6}, Ours: []float64{1e6}})
		}
	}
	var flooded []sustained.Result
	for _, store := range sustained.Stores {
		for _, n := range sustained.Keys {
			flooded = append(flooded, sustained.Result{Store: store, Keys: n, Lags: []float64{1e6}})
		}
	}
	for name, o := range map[string]report.Outcomes{
		"sustained": report.SustainedOutcomes(flooded),
		"libraries": report.LibraryOutcomes(results()), "propagation": report.PropagationOutcomes(stores),
		"start": report.StartOutcomes([]start.Result{{Program: start.Ours, Size: 1, Rounds: [][]float64{{1}}}}),
		"files": report.EditOutcomes([][]edits.Result{{edited(1e6)}, {edited(4e6)}}),
	} {
		before := strings.Count(report.Budgets(nil), "not in this run")
		if after := strings.Count(report.Budgets(o), "not in this run"); len(o) == 0 || before-after != len(o) {
			t.Errorf("%s: %d outcomes, %d rows", name, len(o), before-after)
		}
	}
}

func TestEdits(t *testing.T) {
	bare := edits.Result{Watcher: "fsnotify alone", Writer: "renamed over", Edits: 4, Rounds: [][]float64{{1e6, 1e6}, {1e6, 1e6}}}
	ours := edits.Result{Watcher: compare.Ours, Writer: "renamed over", Edits: 4, Lost: 1, Rounds: [][]float64{{1e6}, {2e6, 2e6}}}
	all := [][]edits.Result{{bare, ours}}
	contains(t, report.Edits(all), "| renamed over | confsync | 2.00 ms | 2.00 ms | 1.5× (1.2–1.8) | 1 of 4 |")
	stopped := edits.Result{Watcher: "koanf", Edits: 4, Lost: 4}
	contains(t, report.EditHeadlines([][]edits.Result{{bare, ours, stopped}}), "| The file is renamed over | 1.00 ms | 2.00 ms, 1 lost | stops |")
	contains(t, report.Budgets(report.EditOutcomes(all)), "| 2.00 ms, 1.5× (1.2–1.8); 2.00 ms, 2×; 1 of 4 lost | **not met** |")
}

func TestSustained(t *testing.T) {
	results := []sustained.Result{
		{Store: "etcd", Keys: 10_000, Rate: 3_000, Lags: []float64{3e6}, Early: 4 << 20, Late: 5 << 20 * 9 / 10},
		{Store: "etcd", Keys: 100_000, Rate: 2_700, Lags: []float64{3e6}, Early: 4 << 20, Late: 8 << 20}, // it grows
	}
	contains(t, report.Sustained(results), "| etcd | 10,000 | 3,000 | 3.00 ms | 3.00 ms | 3.00 ms | 4.00 MB | 4.50 MB | met |", "| 8.00 MB | **not met** |")
	contains(t, report.Budgets(report.SustainedOutcomes(results)), "| 3.00 ms at 3,000/s; 4.00 MB held, then 4.50 MB | met |", "| 3.00 ms at 2,700/s; 4.00 MB held, then 8.00 MB | **not met** |")
}

func TestStart(t *testing.T) {
	results := []start.Result{
		{Program: start.Bare, Size: 4_000_000, Rounds: [][]float64{{1e6}}}, {Program: start.Ours, Size: 6_900_000, Rounds: [][]float64{{1.5e6}}},
	}
	contains(t, report.Start(results, []start.Init{{Package: "slow", Took: time.Millisecond}, {Package: "quick"}}, 100),
		"| confsync | 6.90 MB | 1.50 ms | 1.50 ms | 1.5× (1.5–1.5) |", "initialise: slow 1.00")
	if text := report.Start(results, nil, 100); !strings.Contains(strings.Join(strings.Fields(text), " "), "No package of ours") {
		t.Error(text)
	}
}

func TestTables(t *testing.T) {
	all := results()
	works := report.Works(all)
	contains(t, works, "### Load a YAML document", "kratos cannot: some reason.",
		"| 100,000 | 100 µs | 2× (2–2) | 10× (10–10) |", "Counted: what the library keeps")
	for _, w := range compare.Works() {
		if n := strings.Count(works, "### "+w.Title+"\n"); n != 1 {
			t.Errorf("%q stands %d times", w.Title, n)
		}
	}
	contains(t, report.Headlines(all), "| work | keys | confsync | konf | kratos | koanf | viper |", "cannot", "quartiles of all 3", "Go 1.")
	contains(t, report.Allocations(all), "0, 0 B", "cannot")
}

func TestGrowth(t *testing.T) {
	file := filepath.Join(t.TempDir(), "growth.svg")
	if err := report.Growth(results(), "load/yaml", file); err != nil {
		t.Fatal(err)
	}
	svg, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	contains(t, string(svg), "<svg", ">koanf</text>", ">100,000</text>", ">1 ms</text>")
	if err := report.Growth(nil, "load/yaml", filepath.Join(t.TempDir(), "none.svg")); err != nil {
		t.Errorf("of nothing: %v", err)
	}
}

func TestFleet(t *testing.T) {
	real := fleet.Calculate(100, 20*time.Second, fleet.Default())
	real.Real = true
	outages := []fleet.Outage{real, fleet.Calculate(1_000, 20*time.Second, fleet.Default())}
	change := fleet.Change{Instances: 2, Seen: []time.Duration{time.Second, 3 * time.Second}, Asked: 2, Peak: 1, Down: 2 << 20}
	contains(t, report.Fleet(outages, change, 1_000), "| 100, measured |", "| 1,000, calculated |", "away for 20s",
		"the new tree 2.00 s after", "| 10,000, calculated | 10,000 | 9.77 GB |")
	file := filepath.Join(t.TempDir(), "fleet.svg")
	if err := report.FleetPicture(outages, fleet.Calculate(100, 20*time.Second, fleet.Unspread()), file); err != nil {
		t.Fatal(err)
	}
	svg, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	contains(t, string(svg), "were there no jitter", "100, measured")
}

func TestPropagation(t *testing.T) {
	r := propagation.Result{Store: "Consul", Keys: 10_000}
	for i := range 100 {
		r.Bare, r.Ours = append(r.Bare, 1e6), append(r.Ours, 1.1e6)
		if i >= 98 {
			r.Ours[i] = 2e6
		}
	}
	contains(t, report.Propagation([]propagation.Result{r}),
		"| Consul | 10,000 | 1.00 ms | 1.00 ms | 1.10 ms | 2.00 ms | 1.10 (1.10–1.10) | 2.00 | **not met** |", "100 to each")
}

func TestRest(t *testing.T) {
	used := func(kind rest.Kind, goroutines int) rest.Result {
		return rest.Result{Store: "etcd", Kind: kind, For: time.Minute, Used: rest.Usage{CPU: time.Millisecond, Goroutines: goroutines}}
	}
	contains(t, report.Rest([]rest.Result{used(rest.Idle, 3), used(rest.Bare, 5), used(rest.Ours, 7)}, 10_000),
		"| etcd | connected | 1.00 ms | 0 | 0 B | 0 B | 3 |", "| 7 | +2 |", "10,000 keys")
}

func TestMachine(t *testing.T) {
	host, err := os.Hostname()
	if err == nil && strings.Contains(report.Machine(), host) {
		t.Error("it names the machine")
	}
	contains(t, report.Machine(), "cores", "Go 1.")
}

func TestWrap(t *testing.T) {
	long := strings.Repeat("word ", 40)
	text := "### A heading that stays\n\n" + long + "\n\n| a | " + long + "|\n| b |\n\nend"
	for i, line := range strings.Split(report.Wrap(text), "\n") {
		if !strings.HasPrefix(line, "|") && len(line) > 120 {
			t.Errorf("line %d has %d characters", i+1, len(line))
		}
	}
	contains(t, report.Wrap(text), "### A heading that stays\n\nword", "|\n| b |\n\nend")
}
