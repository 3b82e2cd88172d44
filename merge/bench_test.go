package merge_test

import (
	"fmt"
	"testing"

	"github.com/confsync/confsync/merge"
	"github.com/confsync/confsync/tree"
)

// services returns a map of services with 8 keys each, as one document has
// them.
func services(n int) tree.Tree {
	var b tree.Builder
	entries := make([]tree.Entry, n)
	for i := range entries {
		fields := make([]tree.Entry, 8)
		for f := range fields {
			fields[f] = tree.Entry{Key: fmt.Sprintf("field%d", f), Tree: b.Scalar(tree.String, fmt.Sprint(i*f), tree.Place{})}
		}
		service, err := b.Map(fields, tree.Place{})
		if err != nil {
			panic(err)
		}
		entries[i] = tree.Entry{Key: fmt.Sprintf("service%05d", i), Tree: service}
	}
	all, err := b.Map(entries, tree.Place{})
	if err != nil {
		panic(err)
	}
	return all.Mount(tree.Path{"services"})
}

func flat(n int) tree.Tree {
	e := tree.Tree{}.Edit()
	for i := range n {
		e.Set(tree.Path{fmt.Sprintf("key%06d", i)}, "v", tree.Place{})
	}
	return e.Tree()
}

// set is t with one key set to a value that differs with i.
func set(t tree.Tree, i int, path ...string) tree.Tree {
	e := t.Edit()
	e.Set(path, fmt.Sprint("changed ", i%2), tree.Place{})
	return e.Tree()
}

// BenchmarkChange is the merge after one key of one layer has changed. The
// layers alternate between two contents, so that making them is not measured.
func BenchmarkChange(b *testing.B) {
	override := set(tree.Tree{}, 0, "services", "service00007", "field3")
	large, wide := services(12_500), flat(100_000)
	stack := make([]tree.Tree, 20)
	for i := range stack {
		stack[i] = services(12_500 / (i + 1))
	}
	cases := []struct {
		name    string
		layers  []tree.Tree
		changed int // the layer that changes
		path    tree.Path
	}{
		{"base of 12500 services", []tree.Tree{large, override}, 0, tree.Path{"services", "service06000", "field1"}},
		{"override of 12500 services", []tree.Tree{large, override}, 1, tree.Path{"services", "service00007", "field3"}},
		{"base of 100000 flat keys", []tree.Tree{wide, flat(1)}, 0, tree.Path{"key050000"}},
		{"lowest of 20 layers", stack, 0, tree.Path{"services", "service00600", "field1"}},
		{"highest of 20 layers", stack, 19, tree.Path{"services", "service00600", "field1"}},
	}
	for _, c := range cases {
		b.Run(c.name, func(b *testing.B) {
			var versions [2][]*tree.Node
			for v := range versions {
				for i, layer := range c.layers {
					if i == c.changed {
						layer = set(layer, v, c.path...)
					}
					versions[v] = append(versions[v], layer.Root())
				}
			}
			result := merge.Merge(merge.Result{}, versions[1])
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				result = merge.Merge(result, versions[i%2])
			}
		})
	}
}

// BenchmarkAddedKey is the merge after a map of 12,500 services got another one
// or lost it again.
func BenchmarkAddedKey(b *testing.B) {
	base, override := services(12_500), set(tree.Tree{}, 0, "services", "service00007", "field3").Root()
	more := set(base, 0, "services", "service06000a", "field1")
	versions := [2][]*tree.Node{{more.Root(), override}, {base.Root(), override}}
	result := merge.Merge(merge.Result{}, versions[1])
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		result = merge.Merge(result, versions[i%2])
	}
}

// BenchmarkScratch is the first merge.
func BenchmarkScratch(b *testing.B) {
	override := set(tree.Tree{}, 0, "services", "service00007", "field3")
	for _, c := range []struct {
		name string
		base tree.Tree
	}{{"12500 services", services(12_500)}, {"100000 flat keys", flat(100_000)}} {
		b.Run(c.name, func(b *testing.B) {
			layers := []*tree.Node{c.base.Root(), override.Root()}
			b.ReportAllocs()
			for b.Loop() {
				merge.Merge(merge.Result{}, layers)
			}
		})
	}
}
