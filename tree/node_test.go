package tree_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/confsync/confsync/tree"
)

type m = map[string]any

// nothing is an absent node. All its methods may be called.
var nothing *tree.Node

func TestAbsentNode(t *testing.T) {
	if nothing.Kind() != tree.Absent || nothing.Text() != "" || nothing.Own() != nil || nothing.Len() != 0 ||
		nothing.Keys() != nil || nothing.Child("a") != nil || nothing.Lookup(tree.Path{"a"}) != nil ||
		nothing.IsIndexed() || !nothing.Equal(nil) || nothing.String() != "nothing" {
		t.Error("an absent node is something")
	}
	if got := nothing.With(nil, nil); got.Kind() != tree.Map || got.Len() != 0 {
		t.Errorf("With makes %s of it, want an empty map", got)
	}
}

func TestLookup(t *testing.T) {
	root := fromGo(t, m{"a": m{"b": "1"}, "l": []any{"x", m{"y": "2"}}, "n": nil}).Root()
	cases := []struct{ path, want string }{
		{"", root.String()},
		{"a", `{b:"1"}`},
		{"a.b", `"1"`},
		{"a.b.c", "nothing"},
		{"a.c", "nothing"},
		{"l.0", `"x"`},
		{"l.1.y", `"2"`},
		{"l.2", "nothing"},
		{"l.00", "nothing"},
		{"l.x", "nothing"},
		{"n", "null"},
		{"n.x", "nothing"},
	}
	for _, c := range cases {
		if got := root.Lookup(parse(t, c.path)).String(); got != c.want {
			t.Errorf("%q: got %s, want %s", c.path, got, c.want)
		}
	}
}

func TestIsIndexed(t *testing.T) {
	cases := []struct {
		name  string
		value any
		want  bool
	}{
		{"indexes", m{"0": "a", "10": "b"}, true},
		{"an empty map", m{}, true},
		{"a name among them", m{"0": "a", "x": "b"}, false},
		{"a leading zero", m{"00": "a"}, false},
		{"a list", []string{"a"}, false},
		{"a scalar", "0", false},
	}
	for _, c := range cases {
		if got := fromGo(t, c.value).Root().IsIndexed(); got != c.want {
			t.Errorf("%s: got %t", c.name, got)
		}
	}
	own := fromGo(t, m{"0": "a"}).Root().With(nil, tree.NewScalar(tree.String, "own"))
	if own.IsIndexed() {
		t.Error("a map with a value of its own is indexed")
	}
}

func TestEqual(t *testing.T) {
	r := newRandom(t)
	for range 2000 {
		v, w := r.value(4), r.value(4)
		a, again, b := r.build(v).Root(), r.build(v).Root(), r.build(w).Root()
		if !a.Equal(again) {
			t.Fatalf("%s is not equal to itself", a)
		}
		if got, want := a.Equal(b), a.String() == b.String(); got != want {
			t.Fatalf("%s equals %s: %t", a, b, got)
		}
	}
	texts := []*tree.Node{nil, tree.NewScalar(tree.Null, ""), tree.NewScalar(tree.String, "1"), tree.NewScalar(tree.Int, "1"),
		tree.NewList(nil), tree.NewMap(nil, nil, nil), tree.NewMap(nil, nil, tree.NewScalar(tree.String, "1"))}
	for i, a := range texts {
		for j, b := range texts {
			if got := a.Equal(b); got != (i == j) {
				t.Errorf("%s equals %s: %t", a, b, got)
			}
		}
	}
}

func TestEqualIgnoresFolderMark(t *testing.T) {
	e := tree.Tree{}.Edit()
	e.Set(tree.Path{"a", "b"}, "1", tree.Place{})
	plain := e.Tree()
	e = plain.Edit()
	e.SetFolder(tree.Path{"a"}, tree.Place{})
	if marked := e.Tree(); !marked.Root().Equal(plain.Root()) {
		t.Errorf("%s differs from %s", marked.Root(), plain.Root())
	}
}

func TestLeaves(t *testing.T) {
	e := fromGo(t, m{"a": m{"b": "1"}, "c": []string{"x", "y"}, "d": m{}, "e": nil, "f": []string{}}).Edit()
	e.Set(tree.Path{"a"}, "own", tree.Place{})
	root := e.Tree().Root()
	var got []string
	for path, leaf := range root.Leaves {
		got = append(got, path.String()+"="+leaf.String())
	}
	want := []string{`a="own"{b:"1"}`, `a.b="1"`, `c.0="x"`, `c.1="y"`, `d={}`, `e=null`, `f=[]`}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for path := range root.Leaves {
		if path.String() != "a" {
			t.Errorf("%s comes after the loop was left", path)
		}
		break
	}
}

func TestWith(t *testing.T) {
	x, y := tree.NewScalar(tree.String, "x"), tree.NewScalar(tree.String, "y")
	base := fromGo(t, m{"a": "1", "c": "3"}).Root()
	type changes = map[string]*tree.Node
	cases := []struct {
		name     string
		changes  changes
		want     string
		sameKeys bool
	}{
		{"none", nil, `{a:"1" c:"3"}`, true},
		{"a child changes", changes{"a": x}, `{a:"x" c:"3"}`, true},
		{"children come", changes{"b": x, "d": y, "0": x}, `{0:"x" a:"1" b:"x" c:"3" d:"y"}`, false},
		{"a child goes", changes{"a": nil}, `{c:"3"}`, false},
		{"one that isn't there goes", changes{"b": nil}, `{a:"1" c:"3"}`, true},
		{"one comes and one goes", changes{"a": nil, "d": y}, `{c:"3" d:"y"}`, false},
		{"all go", changes{"a": nil, "c": nil}, `{}`, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := base.With(c.changes, nil)
			if got.String() != c.want || got.SameKeys(base) != c.sameKeys {
				t.Errorf("got %s, with the same keys %t; want %s, %t", got, got.SameKeys(base), c.want, c.sameKeys)
			}
			if own := base.With(c.changes, x); own.String() != `"x"`+c.want {
				t.Errorf("got %s with a value of its own", own)
			}
		})
	}
	if base.String() != `{a:"1" c:"3"}` {
		t.Errorf("the base has become %s", base)
	}
}

// TestUpdate changes children in order, and asks for the old ones on the way.
func TestUpdate(t *testing.T) {
	base := fromGo(t, m{"a": "1", "c": "3", "e": "5"}).Root()
	x := tree.NewScalar(tree.String, "x")
	for _, c := range []struct {
		name, keys string // a key in upper case goes
		want       string
	}{
		{"nothing", "", `{a:"1" c:"3" e:"5"}`},
		{"some that are there", "ae", `{a:"x" c:"3" e:"x"}`},
		{"one that comes before, between and behind", "_bf", `{_:"x" a:"1" b:"x" c:"3" e:"5" f:"x"}`},
		{"one goes, one comes", "Cd", `{a:"1" d:"x" e:"5"}`},
		{"all go", "ACE", `{}`},
		{"one goes that isn't there", "B", `{a:"1" c:"3" e:"5"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			u := base.Update()
			for _, r := range c.keys {
				key, kid := strings.ToLower(string(r)), x
				if unicode.IsUpper(r) {
					kid = nil
				}
				if got, want := u.Old(key), base.Child(key); got != want {
					t.Errorf("%s was %s, want %s", key, got, want)
				}
				u.Set(key, kid)
			}
			got := u.Map(nil)
			if got.String() != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if same := got.String() == base.String(); same != (got == base) {
				t.Errorf("it is the same map: %t, want %t", got == base, same)
			}
		})
	}
	if got := base.String(); got != `{a:"1" c:"3" e:"5"}` {
		t.Errorf("the base has become %s", got)
	}
}
