package merge_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/confsync/confsync/merge"
	"github.com/confsync/confsync/tree"
)

// show returns a contribution on one line.
func show(c merge.Contribution) string {
	s := fmt.Sprintf("%d %s %s=%s", c.Layer, c.Role, c.Path, c.Value)
	if c.Role == merge.Hidden {
		s += fmt.Sprintf(" by %d", c.By)
	}
	if c.Conflict {
		s += " conflict"
	}
	return s
}

func TestLayers(t *testing.T) {
	cases := []struct {
		name   string
		path   string
		layers []any
		want   []string
	}{
		{"nothing", "a", []any{absent, m{"b": 1}}, nil},
		{"one", "a", []any{m{"a": 1}, m{"b": 1}}, []string{"0 used a=1"}},
		{"highest first", "a", []any{m{"a": 1}, m{"a": 2}, m{"a": 3}},
			[]string{"2 used a=3", "1 hidden a=2 by 2", "0 hidden a=1 by 1"}},
		{"kinds of scalar are in no conflict", "a", []any{m{"a": 1}, m{"a": "x"}},
			[]string{`1 used a="x"`, "0 hidden a=1 by 1"}},
		{"maps are merged", "a", []any{m{"a": m{"x": 1}}, m{"a": m{"y": 2}}},
			[]string{"1 merged a={y:2}", "0 merged a={x:1}"}},
		{"the root", "", []any{m{"x": 1}, m{"y": 2}}, []string{"1 merged ={y:2}", "0 merged ={x:1}"}},
		{"a list and its patch are merged", "a", []any{m{"a": []int{1, 2}}, m{"a": m{"0": 3}}},
			[]string{"1 merged a={0:3}", "0 merged a=[1 2]"}},
		{"an element", "a.0", []any{m{"a": []int{1, 2}}, m{"a": m{"0": 3}}},
			[]string{"1 used a.0=3", "0 hidden a.0=1 by 1"}},
		{"an element of a list that is replaced", "a.0", []any{m{"a": []int{1, 2}}, m{"a": []int{3}}},
			[]string{"1 used a.0=3", "0 hidden a.0=1 by 1"}},
		{"an element past the end of the list that hides it", "a.1", []any{m{"a": []int{1, 2}}, m{"a": []int{3}}},
			[]string{"1 hides a=[3]", "0 hidden a.1=2 by 1"}},
		{"a null hides", "a", []any{m{"a": 1}, m{"a": nil}}, []string{"1 hides a=null", "0 hidden a=1 by 1"}},
		{"a null is hidden", "a", []any{m{"a": nil}, m{"a": 1}}, []string{"1 used a=1", "0 hidden a=null by 1"}},
		{"a null above the path", "a.x", []any{m{"a": m{"x": 1}}, m{"a": nil}},
			[]string{"1 hides a=null", "0 hidden a.x=1 by 1"}},
		{"a null above the path with nothing to hide", "a.x", []any{m{"b": 1}, m{"a": nil}}, nil},
		{"a scalar over a map", "a", []any{m{"a": m{"x": 1}}, m{"a": 2}},
			[]string{"1 used a=2", "0 hidden a={x:1} by 1 conflict"}},
		{"a map over a list", "a", []any{m{"a": []int{1}}, m{"a": m{"x": 1}}},
			[]string{"1 used a={x:1}", "0 hidden a=[1] by 1 conflict"}},
		{"a scalar above the path", "a.x", []any{m{"a": m{"x": 1}}, m{"a": 2}},
			[]string{"1 hides a=2", "0 hidden a.x=1 by 1 conflict"}},
		{"a scalar above the path between two maps", "a.x", []any{m{"a": m{"x": 1}}, m{"a": 2}, m{"a": m{"x": 3}}},
			[]string{"2 used a.x=3", "1 hides a=2", "0 hidden a.x=1 by 1 conflict"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			path, err := tree.ParsePath(c.path)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, contribution := range merge.Layers(path, nodes(t, c.layers)) {
				got = append(got, show(contribution))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got\n%q\nwant\n%q", got, c.want)
			}
		})
	}
}

// TestLayersAgreeWithMerge: what is used at a path is the merge there, and
// what is merged are the layers that make it.
func TestLayersAgreeWithMerge(t *testing.T) {
	forRandom(t, func(t *testing.T, c choose) {
		layers := []*tree.Node{c.someNode(3), c.someNode(3), c.someNode(3), c.someNode(3)}
		root := merged(layers...)
		var path tree.Path
		for range c(4) {
			path = append(path, someKeys[c(len(someKeys))])
		}
		parts := make([]*tree.Node, len(layers))
		for _, found := range merge.Layers(path, layers) {
			stands := found.Path.Equal(path)
			if found.Role != merge.Hidden && stands {
				parts[found.Layer] = found.Value
			}
			if found.Role == merge.Used && root.Lookup(path) != found.Value {
				t.Errorf("%v at %s: %s is used, but the merge is %s", layers, path, found.Value, root)
			}
		}
		wantEqual(t, root.Lookup(path), merged(parts...))
	})
}
