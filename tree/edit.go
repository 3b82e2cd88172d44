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
	base   Tree
	root   draft
	drafts int32   // how many there are
	unused []draft // allocated together
}

// draft is what has been asked for at one path and below it. Siblings may have
// one key until they are sorted: then what the later one asks for comes later.
type draft struct {
	key   string // of the draft above
	graft *Tree  // stands here instead, before the other changes
	value *Node  // with put: the own value, or the folder mark
	at    Place

	change change
	number int32 // drafts are numbered as they come

	first, last *draft // of those below
	next        *draft // of its siblings
}

type change uint8

const (
	keep  change = iota
	put          // set the own value; children stay
	clear        // take the own value away; children stay
)

// Edit starts a change of t.
func (t Tree) Edit() *Editor { return &Editor{base: t} }

// at returns a draft for a path. Only the newest at each level is looked at,
// because keys mostly come in order; others are joined when they are sorted.
func (e *Editor) at(p Path) *draft {
	d := &e.root
	for _, seg := range p {
		if d.last == nil || d.last.key != seg {
			kid := e.newDraft(seg)
			d.add(kid, kid)
		}
		d = d.last
	}
	return d
}

func (e *Editor) newDraft(key string) *draft {
	if len(e.unused) == 0 {
		e.unused = make([]draft, min(max(e.drafts, 4), 64))
	}
	d := &e.unused[0]
	e.unused = e.unused[1:]
	e.drafts++
	d.key, d.number = key, e.drafts
	return d
}

// add adds a chain of drafts below d.
func (d *draft) add(first, last *draft) {
	if d.first == nil {
		d.first = first
	} else {
		d.last.next = first
	}
	d.last = last
}

// Set gives the key at p a value. Keys below it stay: the node then carries both.
func (e *Editor) Set(p Path, text string, at Place) {
	e.at(p).join(&draft{change: put, value: NewScalar(String, text), at: at})
}

// SetFolder says that p exists as a map, even while there is no key below it.
// A value that p has gives way to it.
func (e *Editor) SetFolder(p Path, at Place) {
	e.at(p).join(&draft{change: put, value: folderMark, at: at})
}

var folderMark = &Node{folder: true}

// Graft puts a whole tree at p, in the place of what was there and below. An
// absent tree removes it all.
func (e *Editor) Graft(p Path, whole Tree) { e.at(p).join(&draft{graft: &whole}) }

// Delete takes away the value at p, or its folder mark. Keys below it stay; a
// map that is left with nothing goes. Where there is nothing it does nothing.
func (e *Editor) Delete(p Path) { e.at(p).join(&draft{change: clear}) }

// join adds what was asked for later at the same path.
func (d *draft) join(later *draft) {
	if later.graft != nil {
		d.graft, d.change, d.first, d.last = later.graft, keep, nil, nil
	}
	if later.change != keep {
		d.change, d.value, d.at = later.change, later.value, later.at
	}
	if later.first != nil {
		d.add(later.first, later.last)
	}
}

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
	if d.change == keep && d.first == nil {
		return t
	}
	n, self, place := t.root, t.root.self(), t.at
	switch d.change {
	case put:
		self, place = *d.value, d.at
	case clear:
		self, place = Node{}, Place{}
	}
	next, touched := d.children(t)
	empty := next.len() == 0 && self == Node{}
	switch {
	case !touched && d.change == keep && (n == nil || n.kind == List):
		return t
	case !touched && self == n.self() && (d.change == keep || !empty):
		return Tree{root: n, at: place, places: next.places}
	case empty:
		return Tree{}
	case next.len() > 0 || self.folder:
		return Tree{root: next.asMap(self), at: place, places: next.places}
	case d.change == put:
		return Tree{root: d.value, at: place}
	}
	alone := self
	return Tree{root: &alone, at: place}
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
	d.sort()
	var added []child
	gone := false
	at := next.node.Cursor()
	for draft := d.first; draft != nil; draft = draft.next {
		if !at.seek(draft.key) {
			if made := draft.apply(Tree{}); made.root != nil {
				added = append(added, child{draft.key, made})
			}
			continue
		}
		before := next.at(at.at)
		made := draft.apply(before)
		next.set(at.at, &made)
		touched = touched || made.root != before.root
		gone = gone || made.root == nil
	}
	if added == nil && !gone {
		return next, touched
	}
	return next.splice(added), true
}

// sort puts the drafts below d in the order of their keys, and joins those of
// one key.
func (d *draft) sort() {
	if d.sorted() {
		return
	}
	var all []*draft
	for kid := d.first; kid != nil; kid = kid.next {
		all = append(all, kid)
	}
	slices.SortFunc(all, (*draft).compare)
	d.first = nil
	for _, kid := range all {
		if kid.next = nil; d.first != nil && d.last.key == kid.key {
			d.last.join(kid)
		} else {
			d.add(kid, kid)
		}
	}
}

func (d *draft) compare(by *draft) int {
	if order := strings.Compare(d.key, by.key); order != 0 {
		return order
	}
	return int(d.number) - int(by.number)
}

func (d *draft) sorted() bool {
	for kid := d.first; kid != nil && kid.next != nil; kid = kid.next {
		if kid.key >= kid.next.key {
			return false
		}
	}
	return true
}
