package merge_test

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/confsync/confsync/merge"
	"github.com/confsync/confsync/tree"
)

func merged(layers ...*tree.Node) *tree.Node { return merge.Merge(merge.Result{}, layers).Root() }

// forRandom runs law for many random choices.
func forRandom(t *testing.T, law func(t *testing.T, c choose)) {
	seed := rand.Uint64()
	c := seeded(seed)
	for i := range 2000 {
		if law(t, c); t.Failed() {
			t.Fatalf("seed %d, number %d", seed, i)
		}
	}
}

func wantEqual(t *testing.T, got, want *tree.Node) {
	t.Helper()
	if !got.Equal(want) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestLawIdentity(t *testing.T) {
	forRandom(t, func(t *testing.T, c choose) {
		a, b := c.someNode(4), c.someNode(4)
		wantEqual(t, merged(nil, a), a)
		wantEqual(t, merged(a, nil), a)
		wantEqual(t, merged(a, nil, b), merged(a, b))
	})
}

func TestLawIdempotence(t *testing.T) {
	forRandom(t, func(t *testing.T, c choose) {
		a, b := c.someNode(4), c.someNode(4)
		wantEqual(t, merged(a, a), a)
		wantEqual(t, merged(a, b, b), merged(a, b))
	})
}

// TestLawLastWins: each leaf of the last layer stands in the result, whatever
// is below. An empty map is none: it joins what is below.
func TestLawLastWins(t *testing.T) {
	forRandom(t, func(t *testing.T, c choose) {
		a, b, last := c.someNode(4), c.someNode(4), c.someNode(4)
		got := merged(a, b, last)
		for path, leaf := range last.Leaves {
			switch {
			case leaf.Kind() == tree.Map && leaf.Len() == 0 && leaf.Own() == nil:
			case leaf.Kind() == tree.Map:
				wantEqual(t, got.Lookup(path).Own(), leaf.Own())
			default:
				wantEqual(t, got.Lookup(path), leaf)
			}
		}
	})
}

// TestLawLeftFold: the lower layers may be merged first, always.
func TestLawLeftFold(t *testing.T) {
	forRandom(t, func(t *testing.T, c choose) {
		a, b, d := c.someNode(4), c.someNode(4), c.someNode(4)
		wantEqual(t, merged(merged(a, b), d), merged(a, b, d))
	})
}

// TestLawAssociativity: the upper layers may be merged first where no path is a
// map in one layer and something else in another.
func TestLawAssociativity(t *testing.T) {
	forRandom(t, func(t *testing.T, c choose) {
		a, b, d := c.sorted(4), c.sorted(4), c.sorted(4)
		wantEqual(t, merged(a, merged(b, d)), merged(a, b, d))
	})
}

// sorted returns a map in which the key says what sort of value it has.
func (c choose) sorted(levels int) *tree.Node {
	changes := make(map[string]*tree.Node)
	for range c(5) {
		switch c(3) {
		case 0:
			changes["scalar"+strconv.Itoa(c(3))] = tree.NewScalar([]tree.Kind{tree.String, tree.Null}[c(2)], "")
		case 1:
			changes["list"+strconv.Itoa(c(3))] = tree.NewList([]*tree.Node{c.present(2)})
		case 2:
			if levels > 0 {
				changes[[]string{"map", "0", "1"}[c(3)]] = c.sorted(levels - 1)
			}
		}
	}
	return (*tree.Node)(nil).With(changes, c.someOwn())
}

// TestNotAssociative has the ways in which the grouping matters. The left
// grouping is the definition.
func TestNotAssociative(t *testing.T) {
	cases := []struct {
		name        string // and the reason
		a, b, c     any
		left, right string
	}{
		{"a scalar between two maps cuts the lower one off, and is gone once the upper two are merged",
			m{"x": 1}, "cut", m{"y": 2}, `{y:2}`, `{x:1 y:2}`},
		{"so does a null",
			m{"x": 1}, nil, m{"y": 2}, `{y:2}`, `{x:1 y:2}`},
		{"so does a list",
			m{"x": 1}, []int{5}, m{"y": 2}, `{y:2}`, `{x:1 y:2}`},
		{"a scalar between a list and its patch",
			[]int{1}, "cut", m{"0": 2}, `{0:2}`, `[2]`},
		{"two patches that leave no gap together, though the first does",
			[]int{1}, m{"2": 3}, m{"1": 2}, `{0:1 1:2 2:3}`, `[1 2 3]`},
		{"a patch that is no patch any more with the named keys of the one above",
			[]int{1}, m{"0": 2}, m{"x": 3}, `{x:3}`, `{0:2 x:3}`},
		{"a gap makes of the list, which would replace, a map, which joins",
			m{"x": 1}, []int{5}, m{"2": 6}, `{0:5 2:6}`, `{0:5 2:6 x:1}`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a, b, d := node(t, c.a), node(t, c.b), node(t, c.c)
			for _, got := range []struct {
				grouping string
				root     *tree.Node
				want     string
			}{
				{"as layers", merged(a, b, d), c.left},
				{"left", merged(merged(a, b), d), c.left},
				{"right", merged(a, merged(b, d)), c.right},
			} {
				if got.root.String() != got.want {
					t.Errorf("%s: got %s, want %s", got.grouping, got.root, got.want)
				}
			}
		})
	}
}
