package merge_test

import (
	"testing"

	"github.com/confsync/confsync/merge"
	"github.com/confsync/confsync/tree"
)

type m = map[string]any

func node(t *testing.T, v any) *tree.Node {
	t.Helper()
	if n, ok := v.(*tree.Node); ok {
		return n
	}
	made, err := tree.FromGo(v)
	if err != nil {
		t.Fatal(err)
	}
	return made.Root()
}

func nodes(t *testing.T, values []any) []*tree.Node {
	t.Helper()
	all := make([]*tree.Node, len(values))
	for i, v := range values {
		all[i] = node(t, v)
	}
	return all
}

// absent is a layer that holds nothing. A nil in a table is an explicit null.
var absent = (*tree.Node)(nil)

// valued returns a map with a value beside its children.
func valued(own string, key, value string) *tree.Node {
	e := tree.Tree{}.Edit()
	e.Set(nil, own, tree.Place{})
	e.Set(tree.Path{key}, value, tree.Place{})
	return e.Tree().Root()
}

func TestMerge(t *testing.T) {
	cases := []struct {
		name   string
		layers []any // lowest first
		want   string
	}{
		{"no layers", nil, `nothing`},
		{"absent layers", []any{absent, absent}, `nothing`},
		{"maps join key by key", []any{m{"a": 1, "b": m{"x": 1}}, m{"b": m{"y": 2}, "c": 3}}, `{a:1 b:{x:1 y:2} c:3}`},
		{"last wins", []any{m{"a": 1}, m{"a": 2}, m{"a": 3}}, `{a:3}`},
		{"an absent layer between", []any{m{"a": 1}, absent, m{"b": 2}}, `{a:1 b:2}`},
		{"scalar over map", []any{m{"a": m{"x": 1}}, m{"a": 2}}, `{a:2}`},
		{"map over scalar", []any{m{"a": 2}, m{"a": m{"x": 1}}}, `{a:{x:1}}`},
		{"list over map", []any{m{"a": m{"x": 1}}, m{"a": []int{1}}}, `{a:[1]}`},
		{"list over list", []any{m{"a": []int{1, 2, 3}}, m{"a": []int{4}}}, `{a:[4]}`},
		{"empty list over list", []any{m{"a": []int{1, 2, 3}}, m{"a": []int{}}}, `{a:[]}`},
		{"empty map over map", []any{m{"a": m{"x": 1}}, m{"a": m{}}}, `{a:{x:1}}`},
		{"empty map over list", []any{m{"a": []int{1, 2}}, m{"a": m{}}}, `{a:[1 2]}`},
		{"empty map over scalar", []any{m{"a": 1}, m{"a": m{}}}, `{a:{}}`},

		{"null hides a scalar", []any{m{"a": 1}, m{"a": nil}}, `{a:null}`},
		{"null hides a map", []any{m{"a": m{"x": 1}}, m{"a": nil}}, `{a:null}`},
		{"null differs from absent", []any{m{"a": 1}, m{}}, `{a:1}`},
		{"a value over null", []any{m{"a": 1}, m{"a": nil}, m{"a": 2}}, `{a:2}`},
		{"a map over null does not uncover the map below", []any{m{"a": m{"x": 1}}, m{"a": nil}, m{"a": m{"y": 2}}}, `{a:{y:2}}`},
		{"null at the root", []any{m{"a": 1}, nil}, `null`},

		{"indexes patch a list", []any{m{"a": []int{1, 2, 3}}, m{"a": m{"1": 9}}}, `{a:[1 9 3]}`},
		{"a patched element is merged", []any{m{"a": []m{{"x": 1, "y": 2}}}, m{"a": m{"0": m{"y": 3}}}}, `{a:[{x:1 y:3}]}`},
		{"one past the end appends", []any{m{"a": []int{1, 2}}, m{"a": m{"2": 9}}}, `{a:[1 2 9]}`},
		{"several past the end append", []any{m{"a": []int{1}}, m{"a": m{"1": 8, "2": 9}}}, `{a:[1 8 9]}`},
		{"each layer appends", []any{m{"a": []int{1}}, m{"a": m{"1": 8}}, m{"a": m{"2": 9}}}, `{a:[1 8 9]}`},
		{"elements past nine append in numeric order", []any{[]int{0, 1, 2, 3, 4, 5, 6, 7, 8}, m{"9": 9, "10": 10}}, `[0 1 2 3 4 5 6 7 8 9 10]`},
		{"a patch of an empty list", []any{m{"a": []int{}}, m{"a": m{"0": 1}}}, `{a:[1]}`},
		{"null hides an element", []any{m{"a": []int{1, 2}}, m{"a": m{"0": nil}}}, `{a:[null 2]}`},
		{"a gap makes a map by index", []any{m{"a": []int{1, 2}}, m{"a": m{"3": 9}}}, `{a:{0:1 1:2 3:9}}`},
		{"a filled gap stays a map", []any{m{"a": []int{1}}, m{"a": m{"2": 9}}, m{"a": m{"1": 8}}}, `{a:{0:1 1:8 2:9}}`},
		{"a list over a gap", []any{m{"a": []int{1}}, m{"a": m{"2": 9}}, m{"a": []int{7}}}, `{a:[7]}`},
		{"named keys join a gap", []any{m{"a": []int{1}}, m{"a": m{"2": 9}}, m{"a": m{"x": 7}}}, `{a:{0:1 2:9 x:7}}`},
		{"a leading zero is no index", []any{m{"a": []int{1}}, m{"a": m{"01": 9}}}, `{a:{01:9}}`},
		{"named keys replace a list", []any{m{"a": []int{1}}, m{"a": m{"0": 2, "x": 9}}}, `{a:{0:2 x:9}}`},
		{"indexes over no list are a map", []any{m{"a": m{"0": 1}}, m{"a": m{"1": 2}}}, `{a:{0:1 1:2}}`},
		{"a list over indexes", []any{m{"a": m{"0": 1}}, m{"a": []int{2}}}, `{a:[2]}`},
		{"indexes with a value of their own replace a list", []any{[]int{1, 2}, valued("v", "0", "x")}, `"v"{0:"x"}`},

		{"own value of the lower map", []any{valued("low", "a", "1"), m{"b": 2}}, `"low"{a:"1" b:2}`},
		{"own value of the higher map", []any{valued("low", "a", "1"), valued("high", "b", "2")}, `"high"{a:"1" b:"2"}`},
		{"own value alone added", []any{m{"a": 1}, valued("high", "a", "1")}, `"high"{a:"1"}`},
		{"a scalar below a map is no own value", []any{"x", m{"a": 1}}, `{a:1}`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := merge.Merge(merge.Result{}, nodes(t, c.layers)).Root()
			if got.String() != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestSharing has the cases where the very node matters, not its value: what
// is downstream takes the same pointer for no change.
func TestSharing(t *testing.T) {
	base := node(t, m{"a": m{"x": 1, "y": 2}, "b": m{"z": 3}, "l": []m{{"p": 1}, {"p": 2}}})
	override := node(t, m{"a": m{"x": 10}, "l": m{"0": m{"p": 3}}})
	at := func(n *tree.Node, path ...string) *tree.Node { return n.Lookup(path) }

	t.Run("one layer is its own merge", func(t *testing.T) {
		if got := merge.Merge(merge.Result{}, []*tree.Node{nil, base, nil}).Root(); got != base {
			t.Errorf("got a copy: %s", got)
		}
	})
	t.Run("what one layer holds alone is its node", func(t *testing.T) {
		got := merge.Merge(merge.Result{}, []*tree.Node{base, override}).Root()
		for _, path := range [][]string{{"b"}, {"a", "y"}, {"l", "1"}} {
			if at(got, path...) != at(base, path...) {
				t.Errorf("%v: got a copy", path)
			}
		}
	})
	t.Run("the same layers", func(t *testing.T) {
		first := merge.Merge(merge.Result{}, []*tree.Node{base, override})
		if again := merge.Merge(first, []*tree.Node{base, override}); again.Root() != first.Root() {
			t.Error("got a new root")
		}
	})
	t.Run("a change of a hidden value", func(t *testing.T) {
		first := merge.Merge(merge.Result{}, []*tree.Node{base, override})
		hidden := node(t, m{"x": 99})
		changed := base.With(map[string]*tree.Node{"a": at(base, "a").With(map[string]*tree.Node{"x": hidden}, nil)}, nil)
		if again := merge.Merge(first, []*tree.Node{changed, override}); again.Root() != first.Root() {
			t.Errorf("got a new root: %s", again.Root())
		}
	})
	t.Run("a layer comes", func(t *testing.T) {
		first := merge.Merge(merge.Result{}, []*tree.Node{base, nil})
		got := merge.Merge(first, []*tree.Node{base, override}).Root()
		if at(got, "b") != at(base, "b") || !got.SameKeys(base) {
			t.Errorf("got copies of what it doesn't hold: %s", got)
		}
	})
	t.Run("a layer goes", func(t *testing.T) {
		first := merge.Merge(merge.Result{}, []*tree.Node{base, override})
		if got := merge.Merge(first, []*tree.Node{base, nil}).Root(); got != base {
			t.Errorf("got a copy: %s", got)
		}
	})
	t.Run("an unchanged list of a changed patch", func(t *testing.T) {
		first := merge.Merge(merge.Result{}, []*tree.Node{base, override})
		same := override.With(map[string]*tree.Node{"l": at(override, "l").With(nil, nil)}, nil)
		if again := merge.Merge(first, []*tree.Node{base, same}); again.Root() != first.Root() {
			t.Errorf("got a new root: %s", again.Root())
		}
	})
}

// TestResultKeepsNoSlice changes the slice after the merge.
func TestResultKeepsNoSlice(t *testing.T) {
	layers := nodes(t, []any{m{"a": 1}, m{"a": 2}})
	first := merge.Merge(merge.Result{}, layers)
	layers[1] = nil
	if got := merge.Merge(first, layers).Root().String(); got != `{a:1}` {
		t.Errorf("got %s, want {a:1}", got)
	}
}
