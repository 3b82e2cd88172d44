package report_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/confsync/confsync/bench/compare"
	"github.com/confsync/confsync/bench/fleet"
	"github.com/confsync/confsync/bench/propagation"
	"github.com/confsync/confsync/bench/report"
	"github.com/confsync/confsync/bench/rest"
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

func TestBudgets(t *testing.T) {
	contains(t, report.Budgets(results()),
		"| load a YAML document of 10,000 keys | 1.4× faster than the fastest peer | 10× (10–10) the time of",
		"| met |",
		"80× faster than the fastest peer | 10× (10–10) the time of konf | **not met** |",
		"| Get | within 2× of a bare atomic.Pointer load | 2× (2–2) over the floor, 0 allocations | met |",
		"100 ns with 100 keys, 100 µs with 100,000 | **not met** |",
	)
	contains(t, report.Budgets(nil), "not in this run")
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
