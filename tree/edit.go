package tree

import (
	"slices"
	"strings"
)

// Editor gathers changes to a tree of keys, as a store has them, and makes
// the next tree: all that no change touched is shared with the tree before,
// nodes and places alike. A value that is set to what it was keeps its node
// and gets a new place. An Editor is for one goroutine.
type Editor struct {
	base Tree
	root *draft
}

// draft is what has been asked for at one path and below it.
type draft struct {
	grafted bool
	whole   Tree // with grafted: stands here instead, before the other changes
	change  change
	value   Node // with put: the own value, or the folder mark
	at      Place
	kids    map[string]*draft
}

type change uint8

const (
	keep  change = iota
	put          // set the own value; children stay
	clear        // take the own value away; children stay
)

// Edit starts a change of t.
func (t Tree) Edit() *Editor { return &Editor{base: t, root: &draft{}} }

func (e *Editor) at(p Path) *draft {
	d := e.root
	for _, seg := range p {
		next := d.kids[seg]
		if next == nil {
			if d.kids == nil {
				d.kids = make(map[string]*draft)
			}
			next = &draft{}
			d.kids[seg] = next
		}
		d = next
	}
	return d
}

// Set gives the key at p a value. Keys below it stay: the node then carries both.
func (e *Editor) Set(p Path, text string, at Place) {
	d := e.at(p)
	d.change, d.value, d.at = put, Node{kind: String, text: text}, at
}

// SetFolder says that p exists as a map, even while there is no key below it.
// A value that p has gives way to it.
func (e *Editor) SetFolder(p Path, at Place) {
	d := e.at(p)
	d.change, d.value, d.at = put, Node{folder: true}, at
}

// Graft puts a whole tree at p, in the place of what was there and below. An
// absent tree removes it all.
func (e *Editor) Graft(p Path, whole Tree) {
	*e.at(p) = draft{grafted: true, whole: whole}
}

// Delete takes away the value at p, or its folder mark. Keys below it stay; a
// map that is left with nothing goes. Where there is nothing it does nothing.
func (e *Editor) Delete(p Path) { e.at(p).change = clear }

// Tree is the tree with all changes made. Its root is absent when no key is left.
func (e *Editor) Tree() Tree {
	t := e.base
	t.root, t.places = e.root.apply(t.root, t.places)
	return t
}

func (d *draft) apply(n *Node, at *places) (*Node, *places) {
	if d.grafted {
		n, at = d.whole.root, d.whole.places
	}
	if d.change == keep && len(d.kids) == 0 {
		return n, at
	}
	var place Place
	if at != nil {
		place = at.at
	}
	self := n.self()
	switch d.change {
	case put:
		self, place = d.value, d.at
	case clear:
		self, place = Node{}, Place{}
	}
	next, touched := d.children(n, at)
	empty := len(next.kids) == 0 && self == Node{}
	switch {
	case !touched && d.change == keep && (n == nil || n.kind == List):
		return n, at
	case !touched && self == n.self() && (d.change == keep || !empty):
		return n, &places{at: place, kids: next.spots}
	case empty:
		return nil, nil
	case len(next.kids) == 0 && !self.folder:
		return &self, &places{at: place}
	}
	node := &Node{kind: Map, own: self.kind, text: self.text, folder: self.folder,
		branch: &branch{keys: next.keys, kids: next.kids}}
	return node, &places{at: place, kids: next.spots}
}

// self is what n has apart from its children: a scalar of its own, the folder
// mark, or the zero Node.
func (n *Node) self() Node {
	switch n.Kind() {
	case Absent, List:
		return Node{}
	case Map:
		return Node{kind: n.own, text: n.text, folder: n.folder}
	}
	return *n
}

// children are the children of n after the edits below d, and whether any
// node of theirs differs.
func (d *draft) children(n *Node, at *places) (next siblings, touched bool) {
	if n.Kind() == Map {
		next = siblings{keys: n.Keys(), kids: slices.Clone(n.branch.kids), spots: make([]*places, n.Len())}
		if at != nil {
			copy(next.spots, at.kids)
		}
	}
	var added []child
	gone := false
	for key, draft := range d.kids {
		i, ok := slices.BinarySearch(next.keys, key)
		if !ok {
			if kid, spot := draft.apply(nil, nil); kid != nil {
				added = append(added, child{key, kid, spot})
			}
			continue
		}
		before := next.kids[i]
		next.kids[i], next.spots[i] = draft.apply(before, next.spots[i])
		touched = touched || next.kids[i] != before
		gone = gone || next.kids[i] == nil
	}
	if added == nil && !gone {
		return next, touched
	}
	return next.splice(added), true
}

// siblings are the children of a map under construction, in the order of keys.
type siblings struct {
	keys  []string
	kids  []*Node
	spots []*places
}

type child struct {
	key  string
	kid  *Node
	spot *places
}

// splice is s with children added, in any order, and without those that are nil.
func (s siblings) splice(added []child) siblings {
	slices.SortFunc(added, func(x, y child) int { return strings.Compare(x.key, y.key) })
	size := len(s.keys) + len(added)
	out := siblings{make([]string, 0, size), make([]*Node, 0, size), make([]*places, 0, size)}
	next := 0
	for i, key := range s.keys {
		for ; next < len(added) && added[next].key < key; next++ {
			out.push(added[next])
		}
		if s.kids[i] != nil {
			out.push(child{key, s.kids[i], s.spots[i]})
		}
	}
	for _, c := range added[next:] {
		out.push(c)
	}
	return out
}

func (s *siblings) push(c child) {
	s.keys, s.kids, s.spots = append(s.keys, c.key), append(s.kids, c.kid), append(s.spots, c.spot)
}
