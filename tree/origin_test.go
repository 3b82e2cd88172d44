package tree_test

import (
	"fmt"
	"testing"

	"github.com/confsync/confsync/tree"
)

func TestOriginString(t *testing.T) {
	cases := []struct {
		origin tree.Origin
		want   string
	}{
		{tree.Origin{}, ""},
		{tree.Origin{Kind: "file", Key: "config.yaml", Line: 12, Column: 9}, "file config.yaml:12:9"},
		{tree.Origin{Kind: "file", Key: "config.yaml"}, "file config.yaml"},
		{tree.Origin{Kind: "env", Key: "CHECKOUT_DB_POOL_MAX"}, "env CHECKOUT_DB_POOL_MAX"},
		{tree.Origin{Kind: "flag", Key: "-port"}, "flag -port"},
		{tree.Origin{Kind: "default", Key: "App.Port"}, "default App.Port"},
		{tree.Origin{Layer: "consul apps", Kind: "consul", Key: "apps/port", Revision: "index 8812"}, `consul "apps/port" (index 8812)`},
		{tree.Origin{Kind: "redis", Key: "a\nb"}, `redis "a\nb"`},
		{tree.Origin{Kind: "etcd", Key: "app.yaml", Line: 3, Column: 1, Revision: "revision 7"}, `etcd "app.yaml":3:1 (revision 7)`},
		{tree.Origin{Kind: "static"}, "static"},
		{tree.Origin{Kind: "a layer\nof mine"}, `"a layer\nof mine"`},
		{tree.Origin{Kind: "file", Key: "a\x1b[2J.yaml", Line: 1, Column: 2}, `file "a\x1b[2J.yaml":1:2`},
		{tree.Origin{Kind: "env", Key: "A\xff"}, `env "A\xff"`},
		{tree.Origin{Kind: "file", Key: "my config.yaml"}, "file my config.yaml"},
	}
	for _, c := range cases {
		if got := c.origin.String(); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
		if got := c.origin.IsZero(); got != (c.want == "") {
			t.Errorf("%s is zero: %t", c.origin, got)
		}
	}
}

// located returns a tree with each value on a line of its own: the root on 1, a
// on 2, a.b on 3, l on 4, l.0 on 5.
func located() tree.Tree {
	var b tree.Builder
	line := func(n int32) tree.Place { return tree.Place{Line: n, Column: 10 * n} }
	a, err := b.Map([]tree.Entry{{Key: "b", Tree: b.Scalar(tree.String, "1", line(3))}}, line(2))
	if err != nil {
		panic(err)
	}
	l := b.List([]tree.Tree{b.Null(line(5))}, line(4))
	root, err := b.Map([]tree.Entry{{Key: "a", Tree: a}, {Key: "l", Tree: l}}, line(1))
	if err != nil {
		panic(err)
	}
	return root
}

// locate tells a path and a place as an origin's key.
func locate(p tree.Path, at tree.Place) tree.Origin {
	return tree.Origin{Kind: "file", Key: fmt.Sprintf("%s@%d", p, at.Line)}
}

func TestOrigin(t *testing.T) {
	whole := located()
	cases := []struct {
		name string
		tree tree.Tree
		path string
		want string // "" for none
	}{
		{"the root", whole, "", ":1:10"},
		{"a key", whole, "a.b", ":3:30"},
		{"an element", whole, "l.0", ":5:50"},
		{"none", whole, "a.c", ""},
		{"none below a scalar", whole, "a.b.c", ""},
		{"none of an absent tree", tree.Tree{}, "", ""},
		{"located", whole.Located(locate), "a.b", "file a.b@3"},
		{"located, the root", whole.Located(locate), "", "file @1"},
		{"mounted", whole.Mount(tree.Path{"x", "y"}), "x.y.a.b", ":3:30"},
		{"located and mounted", whole.Located(locate).Mount(tree.Path{"x", "y"}), "x.y.a.b", "file a.b@3"},
		{"located and mounted, the root", whole.Located(locate).Mount(tree.Path{"x", "y"}), "x.y", "file @1"},
		{"located and mounted, above the root", whole.Located(locate).Mount(tree.Path{"x", "y"}), "x", "file @0"},
		{"mounted, then located", whole.Mount(tree.Path{"x"}).Located(locate), "x.a.b", "file x.a.b@3"},
		{"mounted twice", whole.Located(locate).Mount(tree.Path{"y"}).Mount(tree.Path{"x"}), "x.y.l.0", "file l.0@5"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, ok := c.tree.Origin(parse(t, c.path))
			if got.String() != c.want || ok != (c.want != "") {
				t.Errorf("got %q, %t; want %q", got, ok, c.want)
			}
		})
	}
}

func TestWhere(t *testing.T) {
	whole := located().Located(locate)
	cases := []struct {
		name string
		tree tree.Tree
		path string
		want string
	}{
		{"a value", whole, "a.b", "file a.b@3"},
		{"no value yet", whole, "a.c", "file a.c@0"},
		{"mounted, no value yet", whole.Mount(tree.Path{"x"}), "x.a.c", "file a.c@0"},
		{"an absent tree", tree.Tree{}.Located(locate), "a", "file a@0"},
		{"nothing to tell it", located(), "a.c", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := c.tree.Where(parse(t, c.path)).String(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestMount(t *testing.T) {
	whole := fromGo(t, m{"a": "1"})
	if got := whole.Mount(tree.Path{"x", "y.z"}); got.Root().String() != `{x:{y.z:{a:"1"}}}` {
		t.Errorf("got %s", got.Root())
	} else if got.Lookup(tree.Path{"x", "y.z"}) != whole.Root() {
		t.Error("the nodes are copies")
	}
	if got := whole.Mount(nil); !got.Same(whole) {
		t.Errorf("at the root: got %s", got.Root())
	}
	if got := (tree.Tree{}).Mount(tree.Path{"x"}); got.Root() != nil {
		t.Errorf("of nothing: got %s", got.Root())
	}
}

// TestMountKeepsNoPath changes the path after the mount.
func TestMountKeepsNoPath(t *testing.T) {
	path := tree.Path{"x"}
	mounted := located().Located(locate).Mount(path)
	path[0] = "changed"
	if got, _ := mounted.Origin(tree.Path{"x", "a", "b"}); got.String() != "file a.b@3" {
		t.Errorf("got %s, want file a.b@3", got)
	}
}

func TestIdentical(t *testing.T) {
	whole := located()
	e := whole.Edit()
	e.Set(tree.Path{"a", "b"}, "1", tree.Place{Line: 9})
	moved := e.Tree()
	if !moved.Same(whole) || moved.Identical(whole) {
		t.Error("a value at a new place must be the same and not identical")
	}
	if !whole.Identical(whole.Located(locate)) || !whole.Edit().Tree().Identical(whole) {
		t.Error("a tree that nothing was done to is not identical")
	}
}
