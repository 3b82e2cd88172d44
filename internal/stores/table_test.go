package stores

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
)

// table is the outcomes of rules, one for each column.
type table struct {
	mu      sync.Mutex
	columns []string
	rules   []string // in the order in which they came
	cells   map[[2]string]string
}

// newTable returns a table with a column for each way of each store.
func newTable() *table {
	tb := &table{cells: map[[2]string]string{}}
	for _, b := range All() {
		for _, l := range b.Layouts {
			tb.columns = append(tb.columns, b.Name+" "+string(l))
		}
	}
	return tb
}

// watch notes the outcome of a test when it ends.
func (tb *table) watch(t *testing.T, rule, column string) {
	t.Cleanup(func() {
		switch {
		case t.Failed():
			tb.set(rule, column, "FAILED")
		case t.Skipped():
			tb.set(rule, column, "-")
		default:
			tb.set(rule, column, "kept")
		}
	})
}

func (tb *table) set(rule, column, outcome string) {
	tb.mu.Lock()
	defer tb.mu.Unlock()
	if !slices.Contains(tb.rules, rule) {
		tb.rules = append(tb.rules, rule)
	}
	tb.cells[[2]string{rule, column}] = outcome
}

// filled returns how many rules have an outcome in a column.
func (tb *table) filled(column string) (n int) {
	tb.mu.Lock()
	defer tb.mu.Unlock()
	for _, rule := range tb.rules {
		if tb.cells[[2]string{rule, column}] != "" {
			n++
		}
	}
	return n
}

func (tb *table) String() string {
	tb.mu.Lock()
	defer tb.mu.Unlock()
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "rule\t%s\n", strings.Join(tb.columns, "\t"))
	for _, rule := range tb.rules {
		fmt.Fprint(w, rule)
		for _, column := range tb.columns {
			outcome := tb.cells[[2]string{rule, column}]
			if outcome == "" {
				outcome = "-"
			}
			fmt.Fprintf(w, "\t%s", outcome)
		}
		fmt.Fprintln(w)
	}
	w.Flush()
	return b.String()
}
