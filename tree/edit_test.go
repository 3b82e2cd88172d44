package tree_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/confsync/confsync/tree"
)

func TestEditor(t *testing.T) {
	set := func(path, text string) func(*tree.Editor) {
		return func(e *tree.Editor) { e.Set(parse(t, path), text, tree.Place{}) }
	}
	folder := func(path string) func(*tree.Editor) {
		return func(e *tree.Editor) { e.SetFolder(parse(t, path), tree.Place{}) }
	}
	remove := func(path string) func(*tree.Editor) {
		return func(e *tree.Editor) { e.Delete(parse(t, path)) }
	}
	graft := func(path string, v any) func(*tree.Editor) {
		return func(e *tree.Editor) { e.Graft(parse(t, path), fromGo(t, v)) }
	}
	drop := func(path string) func(*tree.Editor) {
		return func(e *tree.Editor) { e.Graft(parse(t, path), tree.Tree{}) }
	}
	type m = map[string]any
	type edits = []func(*tree.Editor)
	cases := []struct {
		name  string
		base  any // nil is the zero Tree
		edits edits
		want  string
	}{
		{"nothing at all", nil, nil, `nothing`},
		{"a key", nil, edits{set("a.b", "1")}, `{a:{b:"1"}}`},
		{"a value at the root", nil, edits{set("", "1")}, `"1"`},
		{"the last edit of a key holds", nil, edits{set("a", "1"), remove("a"), set("a", "2")}, `{a:"2"}`},
		{"a value and keys below it", nil, edits{set("a", "1"), set("a.b", "2")}, `{a:"1"{b:"2"}}`},
		{"the value goes, the keys stay", m{}, edits{set("a", "1"), set("a.b", "2"), remove("a")}, `{a:{b:"2"}}`},
		{"the last key goes, the value stays", nil, edits{set("a", "1"), set("a.b", "2"), remove("a.b")}, `{a:"1"}`},
		{"maps that are left with nothing go", m{"a": m{"b": m{"c": "1"}}, "d": "2"}, edits{remove("a.b.c")}, `{d:"2"}`},
		{"the last key of all", m{"a": "1"}, edits{remove("a")}, `nothing`},
		{"a key that isn't there", m{"a": "1"}, edits{remove("b"), remove("a.c"), remove("d.e")}, `{a:"1"}`},
		{"a folder", nil, edits{folder("a.b")}, `{a:{b:{}}}`},
		{"a folder outlives its keys", nil, edits{folder("a"), set("a.b", "1"), remove("a.b")}, `{a:{}}`},
		{"a folder goes", nil, edits{folder("a"), set("b", "1"), remove("a")}, `{b:"1"}`},
		{"a folder in the place of a value", m{"a": "1"}, edits{folder("a")}, `{a:{}}`},
		{"a value in the place of a folder", nil, edits{folder("a"), set("a", "1")}, `{a:"1"}`},

		{"a document", m{"a": "1"}, edits{graft("b", m{"l": []string{"x"}})}, `{a:"1" b:{l:["x"]}}`},
		{"a document over keys", m{"a": m{"x": "1"}}, edits{set("a.z", "2"), graft("a", m{"y": "1"})}, `{a:{y:"1"}}`},
		{"keys into a document", m{"a": m{"x": "1"}}, edits{graft("a", m{"y": "1"}), set("a.z", "2")}, `{a:{y:"1" z:"2"}}`},
		{"a value at a document", nil, edits{graft("a", m{"y": "1"}), set("a", "2")}, `{a:"2"{y:"1"}}`},
		{"a value instead of a document", m{"a": m{"x": "1"}}, edits{drop("a"), set("a", "2")}, `{a:"2"}`},
		{"a branch goes", m{"a": m{"x": "1"}, "b": "2"}, edits{drop("a")}, `{b:"2"}`},
		{"an empty map of a document stays", m{"a": m{}}, edits{remove("a.b"), set("c", "1")}, `{a:{} c:"1"}`},
		{"an empty map of a document goes", m{"a": m{}, "c": "1"}, edits{remove("a")}, `{c:"1"}`},
		{"a list of a document stays", m{"a": []string{"x"}}, edits{remove("a.0"), set("c", "1")}, `{a:["x"] c:"1"}`},
		{"a list of a document goes", m{"a": []string{"x"}, "c": "1"}, edits{remove("a")}, `{c:"1"}`},
		{"keys below a list take its place", m{"a": []string{"x"}}, edits{set("a.0", "1")}, `{a:{0:"1"}}`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var base tree.Tree
			if c.base != nil {
				base = fromGo(t, c.base)
			}
			before := base.Root().String()
			e := base.Edit()
			for _, edit := range c.edits {
				edit(e)
			}
			if got := e.Tree().Root().String(); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if got := base.Root().String(); got != before {
				t.Errorf("the base has become %s", got)
			}
		})
	}
}

func TestEditorSameValueAtNewPlace(t *testing.T) {
	e := tree.Tree{}.Edit()
	e.Set(tree.Path{"a", "b"}, "1", tree.Place{Line: 1})
	e.Set(tree.Path{"a", "c"}, "1", tree.Place{Line: 2})
	before := e.Tree()
	e = before.Edit()
	e.Set(tree.Path{"a", "b"}, "1", tree.Place{Line: 7})
	after := e.Tree()
	if !before.Same(after) {
		t.Error("a write of the same value made a new node")
	}
	for path, want := range map[string]int{"a.b": 7, "a.c": 2} {
		if got, _ := after.Origin(parse(t, path)); got.Line != want {
			t.Errorf("%s stands at line %d, want %d", path, got.Line, want)
		}
	}
	if got, _ := before.Origin(parse(t, "a.b")); got.Line != 1 {
		t.Errorf("a.b of the tree before stands at line %d, want 1", got.Line)
	}
}

// TestEditorKeepsPlacesOfList has an edit below a list that comes to nothing.
func TestEditorKeepsPlacesOfList(t *testing.T) {
	e := located().Edit()
	e.Delete(tree.Path{"l", "7"})
	if got, ok := e.Tree().Origin(tree.Path{"l", "0"}); !ok || got.Line != 5 {
		t.Errorf("l.0 stands at line %d, want 5", got.Line)
	}
}

func TestEditorSharesKeys(t *testing.T) {
	base := fromGo(t, map[string]any{"a": "1", "b": "2"})
	e := base.Edit()
	e.Set(tree.Path{"a"}, "3", tree.Place{})
	e.Delete(tree.Path{"c"})
	if next := e.Tree(); !next.Root().SameKeys(base.Root()) {
		t.Error("no key came or went, but the keys are not shared")
	}
}

// TestEditorIsLinear sets ten times as many keys in a flat map. An Editor that
// made the map anew for each allocates a hundred times as much, this one a little
// more than ten times.
func TestEditorIsLinear(t *testing.T) {
	paths := make([]tree.Path, 100_000)
	for i := range paths {
		paths[i] = tree.Path{fmt.Sprintf("key%06d", i)}
	}
	fill := func(size int) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		e := tree.Tree{}.Edit()
		for _, path := range paths[:size] {
			e.Set(path, "v", tree.Place{})
		}
		if got := e.Tree().Root().Len(); got != size {
			t.Fatalf("%d keys, want %d", got, size)
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	if small, large := fill(10_000), fill(100_000); large > 20*small {
		t.Errorf("10,000 keys allocate %d bytes and 100,000 allocate %d", small, large)
	}
}

// TestCursor finds children in every order.
func TestCursor(t *testing.T) {
	n := tree.NewMap([]string{"a", "c", "e", "g"}, []*tree.Node{
		tree.NewScalar(tree.Int, "0"), tree.NewScalar(tree.Int, "1"), tree.NewScalar(tree.Int, "2"), tree.NewScalar(tree.Int, "3")}, nil)
	list := tree.NewList([]*tree.Node{n, n.At(0)})
	for name, keys := range map[string]string{"up": "abcdefgh", "down": "hgfedcba", "jumps": "aghcbegaaf", "again": "aaccgg"} {
		at := n.Cursor()
		for _, key := range keys {
			if got, want := at.Child(string(key)), n.Child(string(key)); got != want {
				t.Errorf("%s: %c is %s, want %s", name, key, got, want)
			}
		}
	}
	at := list.Cursor()
	for _, key := range []string{"1", "0", "2", "x"} {
		if got, want := at.Child(key), list.Child(key); got != want {
			t.Errorf("%s is %s, want %s", key, got, want)
		}
	}
	var none *tree.Node
	if at := none.Cursor(); at.Child("a") != nil {
		t.Error("nothing has a child")
	}
}
