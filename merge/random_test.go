package merge_test

import (
	"math/rand/v2"
	"slices"
	"strconv"

	"github.com/confsync/confsync/tree"
)

// choose picks a number from 0 to n-1: at random, or as a fuzzer's bytes say.
type choose func(n int) int

func seeded(seed uint64) choose {
	return rand.New(rand.NewPCG(seed, 0)).IntN
}

// bytesAs returns a choose that uses the bytes up and is 0 from then on.
func bytesAs(data []byte) choose {
	return func(n int) int {
		if len(data) == 0 {
			return 0
		}
		b := data[0]
		data = data[1:]
		return int(b) % n
	}
}

var someKeys = []string{"0", "1", "2", "3", "a", "b"}

// someNode returns a tree of at most that many levels; nil is among them.
func (c choose) someNode(levels int) *tree.Node {
	sort := c(10)
	if levels == 0 {
		sort = c(4)
	}
	switch sort {
	case 0:
		return nil
	case 1:
		return tree.NewScalar(tree.Null, "")
	case 2, 3:
		return tree.NewScalar([]tree.Kind{tree.String, tree.Int}[c(2)], strconv.Itoa(c(5)))
	case 4, 5:
		kids := make([]*tree.Node, c(4))
		for i := range kids {
			kids[i] = c.present(levels - 1)
		}
		return tree.NewList(kids)
	}
	keys := someKeys
	if sort < 8 {
		keys = someKeys[:4] // an indexed map
	}
	changes := make(map[string]*tree.Node)
	for range c(4) {
		changes[keys[c(len(keys))]] = c.someNode(levels - 1)
	}
	return (*tree.Node)(nil).With(changes, c.someOwn())
}

func (c choose) someOwn() *tree.Node {
	if c(6) > 0 {
		return nil
	}
	return tree.NewScalar(tree.String, "own "+strconv.Itoa(c(3)))
}

func (c choose) present(levels int) *tree.Node {
	if n := c.someNode(levels); n != nil {
		return n
	}
	return tree.NewScalar(tree.Bool, "true")
}

// edited is n with one place in it changed, and the rest of it shared.
func (c choose) edited(n *tree.Node, levels int) *tree.Node {
	if levels == 0 || n.Len() == 0 || c(5) == 0 {
		return c.someNode(levels)
	}
	i := c(n.Len())
	if n.Kind() == tree.List {
		kids := make([]*tree.Node, n.Len())
		for j := range kids {
			kids[j] = n.At(j)
		}
		if kids[i] = c.edited(kids[i], levels-1); kids[i] == nil {
			kids = slices.Delete(kids, i, i+1)
		}
		return tree.NewList(kids)
	}
	own := n.Own()
	if c(8) == 0 {
		own = c.someOwn()
	}
	if c(4) == 0 {
		return n.With(map[string]*tree.Node{someKeys[c(len(someKeys))]: c.someNode(levels - 1)}, own)
	}
	return n.With(map[string]*tree.Node{n.Keys()[i]: c.edited(n.At(i), levels-1)}, own)
}

// someStack returns the next layers after these: usually one of them is edited,
// and sometimes one comes, goes or is put elsewhere.
func (c choose) someStack(layers []*tree.Node) []*tree.Node {
	next := slices.Clone(layers)
	if len(next) == 0 {
		return []*tree.Node{c.someNode(4)}
	}
	i := c(len(next))
	switch c(20) {
	case 0:
		next[i] = nil
	case 1:
		next = slices.Delete(next, i, i+1)
	case 2:
		if len(next) < 6 {
			next = slices.Insert(next, i, c.someNode(4))
		}
	case 3:
		j := c(len(next))
		next[i], next[j] = next[j], next[i]
	case 4:
		next[i] = c.someNode(4)
	default:
		next[i] = c.edited(next[i], 4)
	}
	return next
}
