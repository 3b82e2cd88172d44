package tree_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/confsync/confsync/tree"
)

func TestDiff(t *testing.T) {
	long := []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"}
	shortened := slices.Clone(long)
	shortened[2], shortened[10] = "x", "x"
	cases := []struct {
		name string
		a, b any
		want []string
	}{
		{"nothing differs", m{"a": "1", "l": []string{"x"}}, m{"a": "1", "l": []string{"x"}}, nil},
		{"a leaf changes", m{"a": m{"b": "1", "c": "2"}}, m{"a": m{"b": "9", "c": "2"}}, []string{"a.b"}},
		{"a leaf comes and one goes", m{"a": m{"b": "1"}}, m{"a": m{"c": "1"}}, []string{"a.b", "a.c"}},
		{"a branch comes: its leaves", m{}, m{"a": m{"b": "1", "c": []string{"x", "y"}}}, []string{"a.b", "a.c.0", "a.c.1"}},
		{"a branch goes: its leaves", m{"a": m{"b": "1", "c": m{"d": "2"}}}, m{}, []string{"a.b", "a.c.d"}},
		{"an empty map comes", m{}, m{"a": m{}}, []string{"a"}},
		{"a map becomes empty", m{"a": m{"b": "1"}}, m{"a": m{}}, []string{"a.b"}},
		{"a kind changes: not what is below", m{"a": m{"b": "1"}}, m{"a": []string{"1"}}, []string{"a"}},
		{"a kind of scalar changes", m{"a": "1"}, m{"a": 1}, []string{"a"}},
		{"a null comes", m{"a": m{"b": "1"}}, m{"a": nil}, []string{"a"}},
		{"the root changes its kind", "1", m{"a": "1"}, []string{""}},
		{"elements, in the order of the list", long, shortened, []string{"2", "10"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a, b := fromGo(t, c.a).Root(), fromGo(t, c.b).Root()
			if got := texts(tree.Diff(a, b)); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestDiffOfOwnValues(t *testing.T) {
	e := tree.Tree{}.Edit()
	e.Set(tree.Path{"a", "b"}, "1", tree.Place{})
	without := e.Tree().Root()
	e.Set(tree.Path{"a"}, "own", tree.Place{})
	with := e.Tree().Root()
	for _, pair := range [][2]*tree.Node{{without, with}, {with, without}} {
		if got := texts(tree.Diff(pair[0], pair[1])); !slices.Equal(got, []string{"a"}) {
			t.Errorf("%s to %s: got %q, want a", pair[0], pair[1], got)
		}
	}
	if got := texts(tree.Diff(nil, with)); !slices.Equal(got, []string{"a", "a.b"}) {
		t.Errorf("from nothing: got %q, want a and a.b", got)
	}
}

// TestDiffAgainstOracle compares Diff with the difference of two flat lists.
func TestDiffAgainstOracle(t *testing.T) {
	r := newRandom(t)
	for range 3000 {
		v := r.value(4)
		prev := r.build(v)
		next := r.build(r.edited(r.edited(v, 4), 4))
		if r.IntN(2) == 0 {
			next = tree.Reuse(prev, next)
		}
		if r.IntN(20) == 0 {
			prev = tree.Tree{}
		}
		got, want := texts(tree.Diff(prev.Root(), next.Root())), oracleDiff(prev.Root(), next.Root())
		if !slices.Equal(got, want) {
			t.Fatalf("%s to %s\n got %q\nwant %q", prev.Root(), next.Root(), got, want)
		}
	}
}

// oracleDiff goes through all paths of both trees. The lists of a random tree
// are short, so that the order of paths is the order of the tree.
func oracleDiff(a, b *tree.Node) []string {
	all := make(map[string]tree.Path)
	for _, n := range []*tree.Node{a, b} {
		everyNode(nil, n, func(p tree.Path, _ *tree.Node) { all[p.String()] = p })
	}
	var found []tree.Path
	for _, p := range slices.SortedFunc(maps.Values(all), tree.Path.Compare) {
		x, y := a.Lookup(p), b.Lookup(p)
		parts := slices.ContainsFunc(found, func(q tree.Path) bool { return p.HasPrefix(q) })
		if !parts && (x.Kind() != y.Kind() && x != nil && y != nil || x.Len() == 0 && y.Len() == 0 && x.String() != y.String()) {
			found = append(found, p)
		}
	}
	return texts(found)
}

func texts(paths []tree.Path) []string {
	var all []string
	for _, p := range paths {
		all = append(all, p.String())
	}
	return all
}
