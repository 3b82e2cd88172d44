package tree

import (
	"slices"
	"strings"
)

// siblings are the children of a list or a map under construction, in the order
// of the keys of a map.
type siblings struct {
	keys  []string
	kids  []*Node
	spots []Place   // nil while nothing is known of any
	below []*places // nil while nothing is known of any one's children
}

type child struct {
	key string
	Tree
}

func newSiblings(size int) siblings {
	return siblings{kids: make([]*Node, size)}
}

// siblingsOf returns those of a map or nil, free to be changed.
func siblingsOf(t Tree) siblings {
	s := newSiblings(t.root.Len())
	s.keys = t.root.Keys()
	if t.root.Len() > 0 {
		copy(s.kids, t.root.branch.kids)
	}
	if t.places != nil {
		s.spots, s.below = slices.Clone(t.places.at), slices.Clone(t.places.below)
	}
	return s
}

func (s *siblings) at(i int) Tree {
	t := Tree{root: s.kids[i]}
	if s.spots != nil {
		t.at = s.spots[i]
	}
	if s.below != nil {
		t.places = s.below[i]
	}
	return t
}

func (s *siblings) set(i int, t *Tree) {
	s.kids[i] = t.root
	if s.spots == nil && t.at != (Place{}) {
		s.spots = make([]Place, len(s.kids))
	}
	if s.spots != nil {
		s.spots[i] = t.at
	}
	if s.below == nil && t.places != nil {
		s.below = make([]*places, len(s.kids))
	}
	if s.below != nil {
		s.below[i] = t.places
	}
}

// places returns those of the children.
func (s *siblings) places() *places {
	if s.spots == nil && s.below == nil {
		return nil
	}
	return &places{at: s.spots, below: s.below}
}

// splice is s with children added, in any order, and without those that are nil.
func (s siblings) splice(added []child) siblings {
	slices.SortFunc(added, func(x, y child) int { return strings.Compare(x.key, y.key) })
	size := len(added)
	for _, kid := range s.kids {
		if kid != nil {
			size++
		}
	}
	out := newSiblings(size)
	out.keys = make([]string, 0, size)
	push := func(key string, t Tree) {
		out.set(len(out.keys), &t)
		out.keys = append(out.keys, key)
	}
	next := 0
	for i, key := range s.keys {
		for ; next < len(added) && added[next].key < key; next++ {
			push(added[next].key, added[next].Tree)
		}
		if s.kids[i] != nil {
			push(key, s.at(i))
		}
	}
	for _, c := range added[next:] {
		push(c.key, c.Tree)
	}
	return out
}
