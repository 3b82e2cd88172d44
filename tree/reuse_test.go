package tree_test

import (
	"strconv"
	"testing"

	"github.com/confsync/confsync/tree"
)

// TestReuseOfRandomTrees: the result has the values and the places of next, and
// the nodes of prev wherever those are equal.
func TestReuseOfRandomTrees(t *testing.T) {
	r := newRandom(t)
	same, shared := 0, 0
	for range 3000 {
		v := r.value(4)
		w := v
		for range r.IntN(3) {
			w = r.edited(w, 4)
		}
		prev, next := r.build(v), r.build(w)
		got := tree.Reuse(prev, next)
		if !got.Root().Equal(next.Root()) {
			t.Fatalf("Reuse(%s, %s) = %s", prev.Root(), next.Root(), got.Root())
		}
		if got.Same(prev) {
			same++
		}
		everyNode(nil, got.Root(), func(p tree.Path, n *tree.Node) {
			old := prev.Lookup(p)
			if old.Equal(n) {
				shared++
				if old != n {
					t.Fatalf("%q of %s is equal to that of %s, but another node", p, next.Root(), prev.Root())
				}
			}
			place, _ := got.Origin(p)
			if want, _ := next.Origin(p); place != want || place.Line == 0 {
				t.Fatalf("%q stands at %v, want %v", p, place, want)
			}
		})
	}
	if same < 100 || shared < 1000 {
		t.Errorf("%d trees the same, %d nodes shared: too few to test it", same, shared)
	}
}

func TestReuse(t *testing.T) {
	cases := []struct {
		name       string
		prev, next any
		shared     []string // paths with the node of prev
	}{
		{"a key comes", m{"a": m{"x": "1"}, "c": "2"}, m{"a": m{"x": "1"}, "b": "3", "c": "2"}, []string{"a", "c"}},
		{"a key goes", m{"a": m{"x": "1"}, "b": "3"}, m{"a": m{"x": "1"}}, []string{"a"}},
		{"an element is appended", []any{m{"x": "1"}, "2"}, []any{m{"x": "1"}, "2", "3"}, []string{"0", "1"}},
		{"the last element goes", []any{m{"x": "1"}, "2"}, []any{m{"x": "1"}}, []string{"0"}},
		{"deep below a change", m{"a": m{"x": "1", "y": m{"z": "2"}}}, m{"a": m{"x": "0", "y": m{"z": "2"}}}, []string{"a.y"}},
		{"an empty map", m{"a": m{}, "b": "1"}, m{"a": m{}, "b": "2"}, []string{"a"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			prev, next := fromGo(t, c.prev), fromGo(t, c.next)
			got := tree.Reuse(prev, next)
			if !got.Root().Equal(next.Root()) || got.Same(prev) {
				t.Errorf("got %s, want %s", got.Root(), next.Root())
			}
			for _, path := range c.shared {
				if old := prev.Lookup(parse(t, path)); old == nil || got.Lookup(parse(t, path)) != old {
					t.Errorf("%s is not the node it was", path)
				}
			}
		})
	}
}

func TestReuseOfAbsentTrees(t *testing.T) {
	some := fromGo(t, m{"a": "1"})
	if got := tree.Reuse(tree.Tree{}, some); !got.Same(some) {
		t.Errorf("after nothing: got %s", got.Root())
	}
	if got := tree.Reuse(some, tree.Tree{}); got.Root() != nil {
		t.Errorf("nothing: got %s", got.Root())
	}
}

// TestReuseSharesKeys: maps whose children differ, though not their keys.
func TestReuseSharesKeys(t *testing.T) {
	prev, next := fromGo(t, m{"a": "1", "b": "2"}), fromGo(t, m{"a": "1", "b": "3"})
	if got := tree.Reuse(prev, next); !got.Root().SameKeys(prev.Root()) {
		t.Error("the keys are not shared")
	}
}

// TestReuseKeepsFolderMark: a folder that is marked anew is another node, and
// outlives its keys.
func TestReuseKeepsFolderMark(t *testing.T) {
	e := tree.Tree{}.Edit()
	e.Set(tree.Path{"a", "b"}, "1", tree.Place{})
	prev := e.Tree()
	e.SetFolder(tree.Path{"a"}, tree.Place{})
	got := tree.Reuse(prev, e.Tree()).Edit()
	got.Delete(tree.Path{"a", "b"})
	if left := got.Tree().Root().String(); left != "{a:{}}" {
		t.Errorf("got %s, want {a:{}}", left)
	}
}

// TestReuseOfOwnValues: a map whose children are the same is another one when
// its own value differs.
func TestReuseOfOwnValues(t *testing.T) {
	keys := func(own string) tree.Tree {
		e := tree.Tree{}.Edit()
		e.Set(tree.Path{"a"}, own, tree.Place{})
		e.Set(tree.Path{"a", "b"}, "1", tree.Place{})
		return e.Tree()
	}
	prev := keys("x")
	if got := tree.Reuse(prev, keys("x")); !got.Same(prev) {
		t.Error("the same own value is not the same tree")
	}
	if got := tree.Reuse(prev, keys("y")).Root().String(); got != `{a:"y"{b:"1"}}` {
		t.Errorf("got %s", got)
	}
}

func TestChanges(t *testing.T) {
	r := newRandom(t)
	for range 2000 {
		prev := r.build(m{"a": r.value(2), "b": r.value(1), "c": r.value(1)})
		next := tree.Reuse(prev, r.build(r.edited(m{"a": nil, "b": r.value(1), "d": "1"}, 3)))
		if next.Root().Kind() != tree.Map {
			next = tree.Tree{}
		}
		found := make(map[string]bool)
		last := ""
		tree.Changes(prev.Root(), next.Root(), func(key string, old, now *tree.Node) {
			if old != prev.Root().Child(key) || now != next.Root().Child(key) || old == now || key <= last {
				t.Fatalf("%s to %s: %s from %s to %s, after %q", prev.Root(), next.Root(), key, old, now, last)
			}
			found[key], last = true, key
		})
		for i := range 5 {
			key := string(rune('a' + i))
			if differs := prev.Root().Child(key) != next.Root().Child(key); differs != found[key] {
				t.Fatalf("%s to %s: %s found: %s", prev.Root(), next.Root(), key, strconv.FormatBool(found[key]))
			}
		}
	}
}
