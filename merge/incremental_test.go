package merge_test

import (
	"math/rand/v2"
	"reflect"
	"strconv"
	"testing"

	"github.com/confsync/confsync/merge"
	"github.com/confsync/confsync/tree"
)

// TestIncrementalEqualsScratch drives one incremental merge through thousands
// of random edits and compares it with the oracle at every step.
func TestIncrementalEqualsScratch(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	c := seeded(seed)
	shared := 0
	for round := range 40 {
		var layers []*tree.Node
		for range 1 + c(4) {
			layers = append(layers, c.someNode(4))
		}
		result := merge.Merge(merge.Result{}, layers)
		for step := range 200 {
			next := c.someStack(layers)
			merged := merge.Merge(result, next)
			shared += checkStep(t, layers, next, result, merged)
			if t.Failed() {
				t.Fatalf("seed %d, round %d, step %d", seed, round, step)
			}
			layers, result = next, merged
		}
	}
	if shared < 1000 {
		t.Errorf("only %d nodes were found to be shared: the edits don't test sharing", shared)
	}
}

func FuzzMerge(f *testing.F) {
	f.Add([]byte("a few layers and then edits to them, one after the other"))
	f.Add([]byte{9, 3, 0, 4, 2, 2, 1, 0, 4, 7, 2, 2, 3, 1, 19, 19, 0, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		c := bytesAs(data)
		layers := []*tree.Node{c.someNode(3), c.someNode(3), c.someNode(3)}
		result := merge.Merge(merge.Result{}, layers)
		for range 5 {
			next := c.someStack(layers)
			merged := merge.Merge(result, next)
			checkStep(t, layers, next, result, merged)
			layers, result = next, merged
		}
	})
}

// checkStep compares a merge with the oracle, with the merge from scratch and,
// for sharing, with the result before it. It is the number of nodes that had to
// be shared.
func checkStep(t *testing.T, layers, next []*tree.Node, result, merged merge.Result) int {
	t.Helper()
	if got, want := plain(merged.Root()), oracle(next); !reflect.DeepEqual(got, want) {
		t.Errorf("merge of %v\n got %v\nwant %v", next, got, want)
	}
	if scratch := merge.Merge(merge.Result{}, next); !merged.Root().Equal(scratch.Root()) {
		t.Errorf("merge of %v\nincremental %v\n    scratch %v", next, merged.Root(), scratch.Root())
	}
	if len(layers) != len(next) {
		return 0
	}
	return checkShared(t, nil, layers, next, result.Root(), merged.Root())
}

// checkShared asserts that out is old where the layers hold the nodes they held.
// It looks below a path only while no layer changed its kind on the way to it,
// and no list is involved: then the same layers have a part in the result.
func checkShared(t *testing.T, p tree.Path, was, in []*tree.Node, old, out *tree.Node) int {
	t.Helper()
	if old == nil || out == nil {
		return 0
	}
	same, alike := true, true
	for i := range in {
		same = same && was[i] == in[i]
		alike = alike && was[i].Kind() == in[i].Kind() && in[i].Kind() != tree.List
	}
	if same {
		if old != out {
			t.Errorf("%s: the inputs %v are the same nodes, but %v is a new one", p, in, out)
		}
		return 1
	}
	shared := 0
	if !alike {
		return shared
	}
	for i := range out.Len() {
		key := strconv.Itoa(i)
		if out.Kind() == tree.Map {
			key = out.Keys()[i]
		}
		shared += checkShared(t, p.Child(key), childrenOf(was, key), childrenOf(in, key), old.Child(key), out.Child(key))
	}
	return shared
}

func childrenOf(nodes []*tree.Node, key string) []*tree.Node {
	kids := make([]*tree.Node, len(nodes))
	for i, n := range nodes {
		kids[i] = n.Child(key)
	}
	return kids
}
