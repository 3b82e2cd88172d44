package tree_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/confsync/confsync/tree"
)

// random makes trees. Each value it builds stands on a line of its own.
type random struct {
	*rand.Rand
	builder tree.Builder
	line    int32
}

// newRandom has a seed of its own, which a test that failed shows.
func newRandom(t *testing.T) *random {
	seed := rand.Uint64()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	})
	return &random{Rand: rand.New(rand.NewPCG(seed, 0))}
}

// value returns a random Go value of that many levels at most: nil, a string, a
// list or a map.
func (r *random) value(levels int) any {
	sort := r.IntN(8)
	if levels == 0 {
		sort = r.IntN(3)
	}
	switch {
	case sort == 0:
		return nil
	case sort < 3:
		return strconv.Itoa(r.IntN(4))
	case sort < 5:
		list := make([]any, r.IntN(4))
		for i := range list {
			list[i] = r.value(levels - 1)
		}
		return list
	}
	values := make(map[string]any)
	for range r.IntN(5) {
		values[r.key()] = r.value(levels - 1)
	}
	return values
}

func (r *random) key() string { return string(rune('a' + r.IntN(5))) }

// edited returns a copy of v with some random change in it.
func (r *random) edited(v any, levels int) any {
	if r.IntN(4) == 0 {
		return r.value(levels)
	}
	switch v := v.(type) {
	case map[string]any:
		out := maps.Clone(v)
		key := r.key()
		if r.IntN(4) == 0 {
			delete(out, key)
		} else {
			out[key] = r.edited(out[key], levels-1)
		}
		return out
	case []any:
		if len(v) == 0 {
			return []any{"new"}
		}
		out := slices.Clone(v)
		i := r.IntN(len(v))
		if r.IntN(4) == 0 {
			return slices.Delete(out, i, i+1)
		}
		out[i] = r.edited(out[i], levels-1)
		return out
	}
	return r.value(max(levels, 0))
}

// build makes the tree of a value, as a decoder would.
func (r *random) build(v any) tree.Tree {
	r.line++
	at := tree.Place{Line: r.line, Column: 1}
	switch v := v.(type) {
	case string:
		return r.builder.Scalar(tree.String, v, at)
	case []any:
		items := make([]tree.Tree, len(v))
		for i, item := range v {
			items[i] = r.build(item)
		}
		return r.builder.List(items, at)
	case map[string]any:
		var entries []tree.Entry
		for key, kid := range v {
			entries = append(entries, tree.Entry{Key: key, Tree: r.build(kid)})
		}
		built, err := r.builder.Map(entries, at)
		if err != nil {
			panic(err)
		}
		return built
	}
	return r.builder.Null(at)
}

// everyNode calls visit for n and all below it.
func everyNode(p tree.Path, n *tree.Node, visit func(tree.Path, *tree.Node)) {
	if n == nil {
		return
	}
	visit(p, n)
	for i := range n.Len() {
		everyNode(p.Child(n.Segment(i)), n.At(i), visit)
	}
}

// parse reads paths that a test has written down.
func parse(t *testing.T, text string) tree.Path {
	t.Helper()
	p, err := tree.ParsePath(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func fromGo(t *testing.T, v any) tree.Tree {
	t.Helper()
	made, err := tree.FromGo(v)
	if err != nil {
		t.Fatal(err)
	}
	return made
}
