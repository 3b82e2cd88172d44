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
