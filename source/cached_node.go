package source

import (
	"slices"

	"github.com/confsync/confsync/tree"
)

// cacheNode is a tree.Node and where it came from.
type cacheNode struct {
	kind   tree.Kind
	text   string
	own    *cacheNode // the value that a map has beside its children
	keys   []string   // of a map
	kids   []*cacheNode
	origin tree.Origin
}

// keeping makes the part of a tree that may be written to a disk.
type keeping struct {
	tree     tree.Tree
	all      bool // secrets, and what the type doesn't know, too
	withheld int
}

// node returns what is kept of n: nil for a key that the type doesn't know, which
// may be anything.
func (k *keeping) node(n *tree.Node, s *tree.Shape, path tree.Path) *cacheNode {
	if n == nil || s == nil && !k.all {
		return nil
	}
	out := &cacheNode{kind: n.Kind(), text: n.Text()}
	out.origin, _ = k.tree.Origin(path)
	switch {
	case n.Kind() == tree.Null:
		return out
	case !k.all && (s.Hides(n) || s.Elem != nil && s.Elem.Secret):
		k.withheld++
		out.kind, out.text = tree.Null, ""
		return out
	case n.Own() != nil:
		out.own = &cacheNode{kind: n.Own().Kind(), text: n.Own().Text()}
	}
	for i := range n.Len() {
		segment := n.Segment(i)
		kid := k.node(n.At(i), below(s, segment), path.Child(segment))
		switch {
		case kid == nil && n.Kind() == tree.List:
			kid = &cacheNode{kind: tree.Null} // the others keep their places
		case kid == nil:
			continue
		}
		out.kids = append(out.kids, kid)
		if n.Kind() == tree.Map {
			out.keys = append(out.keys, segment)
		}
	}
	return out
}

// below returns the shape of a child, nil when it fills nothing. Whatever stands below
// a single value is a part of it.
func below(s *tree.Shape, segment string) *tree.Shape {
	if s == nil || s.Elem == nil && s.Fields == nil && s.Rest == nil {
		return s
	}
	if sub := s.Sub(tree.Path{segment}); sub != nil {
		return sub
	}
	return s.Rest
}

// node returns the tree.Node that n was made of, and false if there can't
// have been one.
func (n *cacheNode) node() (*tree.Node, bool) {
	if n == nil {
		return nil, true
	}
	kids := make([]*tree.Node, len(n.kids))
	for i, kid := range n.kids {
		node, ok := kid.node()
		if !ok || node == nil {
			return nil, false
		}
		kids[i] = node
	}
	switch {
	case n.kind == tree.List:
		return tree.NewList(kids), true
	case n.kind == tree.Map:
		own, ok := n.own.node()
		return tree.NewMap(n.keys, kids, own), ok && len(n.keys) == len(kids) && slices.IsSorted(n.keys)
	}
	return tree.NewScalar(n.kind, n.text), n.kind == tree.Null || n.kind.IsScalar()
}

func (n *cacheNode) lookup(p tree.Path) *cacheNode {
	for _, segment := range p {
		if n == nil {
			return nil
		}
		i, ok := tree.Index(segment)
		if n.kind == tree.Map {
			i, ok = slices.BinarySearch(n.keys, segment)
		}
		if !ok || i >= len(n.kids) {
			return nil
		}
		n = n.kids[i]
	}
	return n
}
