package tree_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/confsync/confsync/tree"
)

// documentOf has n maps of nine values. At each turn the next key of every map
// changes.
func documentOf(n, turn int) []byte {
	var b strings.Builder
	b.WriteString("{")
	for i := range n {
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, `"m%04d":{`, i)
		for k := range 8 {
			last := max(0, turn-(turn-k-i%8+16)%8) // the last turn at which this key changed
			fmt.Fprintf(&b, `"k%d":"value %d of %d, with some text behind it",`, k, i, last)
		}
		b.WriteString(`"l":1}`)
	}
	b.WriteString("}")
	return []byte(b.String())
}

// held returns what make makes and how many bytes that holds.
func held(make func() tree.Tree) (tree.Tree, int64) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&before)
	made := make()
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&after)
	return made, int64(after.HeapAlloc) - int64(before.HeapAlloc)
}

// What a tree holds after any number of readings is what a fresh reading
// holds: nothing of an earlier one lives on beside the nodes that are shared.
func TestReuseHoldsNothingElse(t *testing.T) {
	read := func(n, turn int) tree.Tree {
		read, err := tree.JSON{}.Read(documentOf(n, turn))
		if err != nil {
			t.Fatal(err)
		}
		return read
	}
	for _, c := range []struct {
		name    string
		history [][2]int // each the arguments of documentOf
	}{
		{"every key changes many times", turns(500, 100)},
		{"once large, then small", [][2]int{{20_000, 0}, {20, 0}}},
		{"grown and shrunk", [][2]int{{10, 1}, {5000, 2}, {20, 3}, {3000, 4}, {300, 5}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			end := c.history[len(c.history)-1]
			fresh, want := held(func() tree.Tree { return read(end[0], end[1]) })
			last, got := held(func() (last tree.Tree) {
				for _, step := range c.history {
					last = tree.Reuse(last, read(step[0], step[1]))
				}
				return last
			})
			if !last.Root().Equal(fresh.Root()) {
				t.Fatal("the history ends in another tree")
			}
			if got > 2*want {
				t.Errorf("holds %d bytes, a fresh reading %d", got, want)
			}
			t.Logf("holds %d bytes, a fresh reading %d", got, want)
		})
	}
}

func turns(n, count int) [][2]int {
	all := make([][2]int, count)
	for i := range all {
		all[i] = [2]int{n, i}
	}
	return all
}
