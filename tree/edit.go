package tree

import "slices"

// Editor gathers changes to a tree of keys, as a store has them, and makes
// the next tree: all that no change touched is shared with the tree before,
// nodes and places alike. A value that is set to what it was keeps its node
// and gets a new place. An Editor is for one goroutine.
type Editor struct {
	base      Tree
	root      *draft
	unused    []draft // allocated together
	allocated int     // at a time
}

// draft is what has been asked for at one path and below it.
type draft struct {
	graft  *Tree // stands here instead, before the other changes
	change change
	value  Node // with put: the own value, or the folder mark
	at     Place
	key    string // of the draft above
	first  [1]*draft
	kids   []*draft          // in first, while there is one
	byKey  map[string]*draft // once they are many
}

const many = 8 // drafts; up to so many are found by looking at each

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
		next := d.kid(seg)
		if next == nil {
			next = e.newDraft(seg)
			d.add(next)
		}
		d = next
	}
	return d
}

func (e *Editor) newDraft(key string) *draft {
	if len(e.unused) == 0 {
		e.allocated = min(2*e.allocated+1, 64)
		e.unused = make([]draft, e.allocated)
	}
	d := &e.unused[0]
	e.unused = e.unused[1:]
	d.key = key
	return d
}

func (d *draft) kid(key string) *draft {
	if d.byKey != nil {
		return d.byKey[key]
	}
	for _, kid := range d.kids {
		if kid.key == key {
			return kid
		}
	}
	return nil
}

func (d *draft) add(kid *draft) {
	if d.kids == nil {
		d.kids = d.first[:0]
	}
	d.kids = append(d.kids, kid)
	if len(d.kids) == many+1 {
		d.byKey = make(map[string]*draft)
		for _, kid := range d.kids {
			d.byKey[kid.key] = kid
		}
	} else if d.byKey != nil {
		d.byKey[kid.key] = kid
	}
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
	d := e.at(p)
	*d = draft{graft: &whole, key: d.key}
}

// Delete takes away the value at p, or its folder mark. Keys below it stay; a
// map that is left with nothing goes. Where there is nothing it does nothing.
func (e *Editor) Delete(p Path) { e.at(p).change = clear }

// Tree returns the tree with all changes made. Its root is absent when no key is left.
func (e *Editor) Tree() Tree {
	t := e.base
	made := e.root.apply(t)
	t.root, t.at, t.places = made.root, made.at, made.places
	return t
}

// apply returns a tree after the edits at its root and below.
func (d *draft) apply(t Tree) Tree {
	if d.graft != nil {
		t = *d.graft
	}
	if d.change == keep && len(d.kids) == 0 {
		return t
	}
	n, self, place := t.root, t.root.self(), t.at
	switch d.change {
	case put:
		self, place = d.value, d.at
	case clear:
		self, place = Node{}, Place{}
	}
	next, touched := d.children(t)
	empty := len(next.kids) == 0 && self == Node{}
	switch {
	case !touched && d.change == keep && (n == nil || n.kind == List):
		return t
	case !touched && self == n.self() && (d.change == keep || !empty):
		return Tree{root: n, at: place, places: next.places()}
	case empty:
		return Tree{}
	case len(next.kids) == 0 && !self.folder:
		return Tree{root: &self, at: place}
	}
	node := newBranch(Node{kind: Map, own: self.kind, text: self.text, folder: self.folder}, next.keys, next.kids)
	return Tree{root: node, at: place, places: next.places()}
}

// self returns what n has apart from its children: a scalar of its own, the
// folder mark, or the zero Node.
func (n *Node) self() Node {
	switch n.Kind() {
	case Absent, List:
		return Node{}
	case Map:
		return Node{kind: n.own, text: n.text, folder: n.folder}
	}
	return *n
}

// children are the children of a tree after the edits below d, and whether any
// node of theirs differs.
func (d *draft) children(t Tree) (next siblings, touched bool) {
	if t.root.Kind() == Map {
		next = siblingsOf(t)
	}
	var added []child
	gone := false
	for _, draft := range d.kids {
		key := draft.key
		i, ok := slices.BinarySearch(next.keys, key)
		if !ok {
			if made := draft.apply(Tree{}); made.root != nil {
				added = append(added, child{key, made})
			}
			continue
		}
		before := next.at(i)
		made := draft.apply(before)
		next.set(i, &made)
		touched = touched || made.root != before.root
		gone = gone || made.root == nil
	}
	if added == nil && !gone {
		return next, touched
	}
	return next.splice(added), true
}
