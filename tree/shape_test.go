package tree_test

import (
	"testing"

	"github.com/confsync/confsync/tree"
)

func TestShapeSub(t *testing.T) {
	value := &tree.Shape{}
	server := &tree.Shape{Fields: []tree.Field{{Key: "host", Shape: value}, {Key: "maxConns", Shape: value}}}
	self := &tree.Shape{}
	self.Fields = []tree.Field{{Key: "child", Shape: self}}
	root := &tree.Shape{Fields: []tree.Field{
		{Key: "servers", Shape: &tree.Shape{Elem: server, List: true}},
		{Key: "labels", Shape: &tree.Shape{Elem: value}},
		{Key: "tree", Shape: self},
		{Key: "open", Shape: &tree.Shape{Fields: []tree.Field{{Key: "host", Shape: value}}, Rest: server}},
	}}
	cases := []struct {
		path string
		want *tree.Shape
	}{
		{"", root},
		{"servers.0", server},
		{"servers.0.host", value},
		{"servers.0.max_conns", value},
		{"SERVERS.0.MAX-CONNS", value},
		{"servers.0.port", nil},
		{"servers.0.host.x", nil},
		{"labels.Any Thing", value},
		{"tree.child.child.child", self},
		{"nothing.at.all", nil},
		{"open.host", value},
		{"open.other", server},
		{"open.other.host", value},
	}
	for _, c := range cases {
		if got := root.Sub(parse(t, c.path)); got != c.want {
			t.Errorf("%q: got %+v, want %+v", c.path, got, c.want)
		}
	}
}

func TestFold(t *testing.T) {
	for _, name := range []string{"maxConns", "max_conns", "MAX-CONNS", "MaxConns", "m_a_x_conns"} {
		if got := tree.Fold(name); got != "maxconns" {
			t.Errorf("Fold(%q) = %q", name, got)
		}
	}
}

func TestShapeHides(t *testing.T) {
	secret := &tree.Shape{Secret: true}
	db := &tree.Shape{Fields: []tree.Field{{Key: "host", Shape: &tree.Shape{}}, {Key: "password", Shape: secret}}}
	ring := &tree.Shape{}
	ring.Fields = []tree.Field{{Key: "next", Shape: ring}, {Key: "token", Shape: secret}}
	plain := &tree.Shape{}
	plain.Fields = []tree.Field{{Key: "next", Shape: plain}}
	text, list := tree.NewScalar(tree.String, "x"), tree.NewList(nil)
	both := tree.NewMap([]string{"a"}, []*tree.Node{text}, text)
	for _, tt := range []struct {
		name  string
		shape *tree.Shape
		node  *tree.Node
		want  bool
	}{
		{"a secret", secret, text, true},
		{"a list of a secret", secret, list, true},
		{"nothing in the place of a secret", secret, nil, false},
		{"null in the place of a secret", secret, tree.NewScalar(tree.Null, ""), false},
		{"a text for what holds one", db, text, true},
		{"a map for what holds one", db, tree.NewMap(nil, nil, nil), false},
		{"a map with a value of its own for what holds one", db, both, true},
		{"a text for a list of secrets", &tree.Shape{Elem: secret, List: true}, text, true},
		{"a list of secrets", &tree.Shape{Elem: secret, List: true}, list, false},
		{"a text for a map of what holds one", &tree.Shape{Elem: db}, text, true},
		{"a text for a struct that takes other keys, secret ones", &tree.Shape{Rest: secret}, text, true},
		{"a text for a recursive type", ring, text, true},
		{"a text for a recursive type without one", plain, text, false},
		{"a text", &tree.Shape{}, text, false},
		{"no shape", nil, text, false},
	} {
		if got := tt.shape.Hides(tt.node); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
