package merge

import (
	"slices"
	"strconv"
	"sync"

	"github.com/confsync/confsync/tree"
)

// Result is one merge: the layers it was made of and the tree they make. The
// zero Result is the merge of no layers. It is immutable.
type Result struct {
	layers []*tree.Node
	root   *tree.Node
}

// Root returns the merged tree, nil when no layer holds anything.
func (r Result) Root() *tree.Node { return r.root }

// Merge returns the merge of layers, lowest first; a nil node is a layer that is
// absent. In value it is Merge(Result{}, layers), whatever prev is. It shares
// with prev every node whose inputs are the nodes they were, and looks at
// nothing else: a change costs as much as the maps on the path to it are wide.
// The slice is not kept.
func Merge(prev Result, layers []*tree.Node) Result {
	m := mergers.Get().(*merger)
	m.depth = max(len(prev.layers), len(layers))
	top := m.children(row{})
	copy(top.row.was, prev.layers)
	copy(top.row.in, layers)
	root := m.merge(top.row, prev.root)
	m.done(top)
	m.forget()
	mergers.Put(m)
	return Result{layers: slices.Clone(layers), root: root}
}

// merger is one run of Merge.
type merger struct {
	depth int         // the number of layers
	free  []*children // done with, to be used again
}

// mergers are those that have run, for the next.
var mergers = sync.Pool{New: func() any { return new(merger) }}

// row is what the layers hold at one path: was before, in now, lowest first.
type row struct{ was, in []*tree.Node }

// merge returns the merge of r.in, given that out is the merge of r.was. It
// takes the hidden nodes out of the row.
func (m *merger) merge(r row, out *tree.Node) *tree.Node {
	if slices.Equal(r.was, r.in) {
		return out
	}
	if top := highest(r.in); top.Kind() != tree.Map {
		return top // whatever there is below it
	}
	sum := uncover(r.in)
	if sum.used == 1 {
		return sum.top
	}
	uncover(r.was)
	if sum.kind == tree.List {
		return m.list(r, out, sum.length)
	}
	return m.mapping(r, out)
}

// highest returns the last node that is not nil, nil when there is none.
func highest(nodes []*tree.Node) *tree.Node {
	for _, n := range slices.Backward(nodes) {
		if n != nil {
			return n
		}
	}
	return nil
}

// summary is what is left of a row once the hidden nodes are taken out.
type summary struct {
	used   int        // nodes that have a part in the result
	top    *tree.Node // the highest of them
	kind   tree.Kind  // of the result
	length int        // of the result, if that is a list
}

// uncover sets every node to nil that a higher one replaces.
func uncover(nodes []*tree.Node) summary {
	var s summary
	for i, n := range nodes {
		switch {
		case n == nil:
			continue
		case n.Kind() == tree.Map && s.kind == tree.Map:
		case s.kind == tree.List && n.IsIndexed():
			s.length, s.kind = patched(s.length, n)
		default:
			clear(nodes[:i])
			s = summary{kind: n.Kind(), length: n.Len()}
		}
		s.used, s.top = s.used+1, n
	}
	return s
}

// patched returns the length of a list after an indexed map, and whether the
// two make a list at all: without a gap the indexes past the end, which differ,
// are as many as the list grows by.
func patched(length int, by *tree.Node) (int, tree.Kind) {
	end, added := length, 0
	for _, key := range by.Keys() {
		if i, _ := tree.Index(key); i >= length {
			end, added = max(end, i+1), added+1
		}
	}
	if end != length+added {
		return 0, tree.Map
	}
	return end, tree.List
}

// children goes through the children of a row by ascending keys.
type children struct {
	of, row row // of the parents, and of the children with the last key
	was, in []tree.Cursor
}

func (m *merger) children(of row) *children {
	if len(m.free) == 0 {
		m.free = append(m.free, new(children))
	}
	c := m.free[len(m.free)-1]
	m.free = m.free[:len(m.free)-1]
	c.of, c.row = of, row{was: sized(c.row.was, m.depth), in: sized(c.row.in, m.depth)}
	c.was, c.in = sized(c.was, m.depth), sized(c.in, m.depth)
	for i := range of.in {
		c.was[i], c.in[i] = of.was[i].Cursor(), of.in[i].Cursor()
	}
	return c
}

// sized returns a slice of that size, s itself if it is large enough.
func sized[E any](s []E, size int) []E { return slices.Grow(s[:0], size)[:size] }

func (m *merger) done(c *children) { m.free = append(m.free, c) }

// forget lets go of all nodes.
func (m *merger) forget() {
	for _, c := range m.free {
		c.of = row{}
		clear(c.row.was)
		clear(c.row.in)
		clear(c.was)
		clear(c.in)
	}
}

// child returns the merge of the children with a key, given the one there was.
func (m *merger) child(c *children, key string, before *tree.Node) *tree.Node {
	for i := range c.in {
		c.row.in[i] = c.in[i].Child(key)
		if c.row.was[i] = c.row.in[i]; c.of.was[i] != c.of.in[i] {
			c.row.was[i] = c.was[i].Child(key)
		}
	}
	return m.merge(c.row, before)
}

func (m *merger) list(r row, out *tree.Node, length int) *tree.Node {
	below := m.children(r)
	defer m.done(below)
	kids := make([]*tree.Node, length)
	same := out.Kind() == tree.List && out.Len() == length
	for i := range kids {
		key := strconv.Itoa(i)
		before := out.Child(key)
		kids[i] = m.child(below, key, before)
		same = same && kids[i] == before
	}
	if same {
		return out
	}
	return tree.NewList(kids)
}

// mapping merges maps, and a list with them where that has a gap.
func (m *merger) mapping(r row, out *tree.Node) *tree.Node {
	own := ownValue(r.in)
	below := m.children(r)
	defer m.done(below)
	if out.Kind() != tree.Map {
		keys := r.allKeys()
		kids := make([]*tree.Node, len(keys))
		for i, key := range keys {
			kids[i] = m.child(below, key, out.Child(key))
		}
		return tree.NewMap(keys, kids, own)
	}
	next := out.Update()
	r.eachChanged(func(key string) {
		before := next.Old(key)
		if kid := m.child(below, key, before); kid != before {
			next.Set(key, kid)
		}
	})
	return next.Map(own)
}

func ownValue(nodes []*tree.Node) *tree.Node {
	for _, n := range slices.Backward(nodes) {
		if own := n.Own(); own != nil {
			return own
		}
	}
	return nil
}
