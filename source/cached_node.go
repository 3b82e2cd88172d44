package source

import (
	"slices"

	"github.com/confsync/confsync/tree"
)

// keeping makes the part of a tree that may be written to a disk.
type keeping struct {
	tree     tree.Tree
	withheld int
}

// node is n, or nil for a key that the type doesn't know, which may be anything.
func (k *keeping) node(n *tree.Node, s *tree.Shape, path tree.Path) *cacheNode {
	if n == nil || s == nil {
		return nil
	}
	out := &cacheNode{Kind: n.Kind(), Text: n.Text()}
	out.Origin, _ = k.tree.Origin(path)
	whole := s.Secret || s.Elem != nil && s.Elem.Secret
	spelled := n.Kind().IsScalar() || n.Own() != nil
	switch {
	case n.Kind() == tree.Null:
		return out
	case whole, spelled && holdsSecret(s, nil):
		k.withheld++
		out.Kind, out.Text = tree.Null, ""
		return out
	case n.Own() != nil:
		out.Own = &cacheNode{Kind: n.Own().Kind(), Text: n.Own().Text()}
	}
	for i := range n.Len() {
		segment := n.Segment(i)
		kid := k.node(n.At(i), below(s, segment), path.Child(segment))
		switch {
		case kid == nil && n.Kind() == tree.List:
			kid = &cacheNode{Kind: tree.Null} // the others keep their places
		case kid == nil:
			continue
		}
		out.Kids = append(out.Kids, kid)
		if n.Kind() == tree.Map {
			out.Keys = append(out.Keys, segment)
		}
	}
	return out
}

// below is the shape of a child, nil when it fills nothing. Whatever stands below
// a single value is a part of it.
func below(s *tree.Shape, segment string) *tree.Shape {
	if s.Elem == nil && s.Fields == nil && s.Rest == nil {
		return s
	}
	if sub := s.Sub(tree.Path{segment}); sub != nil {
		return sub
	}
	return s.Rest
}

// holdsSecret reports whether a secret is at a shape or below.
func holdsSecret(s *tree.Shape, seen []*tree.Shape) bool {
	if s == nil || slices.Contains(seen, s) {
		return false
	}
	seen = append(seen, s)
	if s.Secret || holdsSecret(s.Elem, seen) || holdsSecret(s.Rest, seen) {
		return true
	}
	return slices.ContainsFunc(s.Fields, func(f tree.Field) bool { return holdsSecret(f.Shape, seen) })
}

// node is the tree.Node that n was made of. It reports false if there can't
// have been one.
func (n *cacheNode) node() (*tree.Node, bool) {
	if n == nil {
		return nil, true
	}
	kids := make([]*tree.Node, len(n.Kids))
	for i, kid := range n.Kids {
		node, ok := kid.node()
		if !ok || node == nil {
			return nil, false
		}
		kids[i] = node
	}
	switch {
	case n.Kind == tree.List:
		return tree.NewList(kids), true
	case n.Kind == tree.Map:
		own, ok := n.Own.node()
		return tree.NewMap(n.Keys, kids, own), ok && len(n.Keys) == len(kids) && slices.IsSorted(n.Keys)
	}
	return tree.NewScalar(n.Kind, n.Text), n.Kind == tree.Null || n.Kind.IsScalar()
}

func (n *cacheNode) lookup(p tree.Path) *cacheNode {
	for _, segment := range p {
		if n == nil {
			return nil
		}
		i, ok := tree.Index(segment)
		if n.Kind == tree.Map {
			i, ok = slices.BinarySearch(n.Keys, segment)
		}
		if !ok || i >= len(n.Kids) {
			return nil
		}
		n = n.Kids[i]
	}
	return n
}
