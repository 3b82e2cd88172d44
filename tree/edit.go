package tree

// Editor gathers changes to a tree of keys, as a store has them, and makes
// the next tree: all that no change touched is shared with the tree before,
// nodes and places alike. A value that is set to what it was keeps its node
// and gets a new place. An Editor is for one goroutine.
type Editor struct {
	base      Tree
	root      draft
	unused    []draft // allocated together
	allocated int     // the last time
}

// draft is what has been asked for at one path and below it. Siblings may have
// one key until they are sorted: then what the later one asks for comes later.
type draft struct {
	key   string // of the draft above
	graft *Tree  // stands here instead, before the other changes
	value *Node  // the own value to be, a folder mark, or nothing; nil to leave what there is
	at    Place  // of value

	first, last *draft // of those below
	next        *draft // of its siblings
}

var folderMark, nothing = &Node{folder: true}, &Node{}

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
		e.allocated = min(max(2*e.allocated, 4), 64)
		e.unused = make([]draft, e.allocated)
	}
	d := &e.unused[0]
	e.unused = e.unused[1:]
	d.key = key
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
	e.at(p).join(&draft{value: NewScalar(String, text), at: at})
}

// SetFolder says that p exists as a map, even while there is no key below it.
// A value that p has gives way to it.
func (e *Editor) SetFolder(p Path, at Place) {
	e.at(p).join(&draft{value: folderMark, at: at})
}

// Graft puts a whole tree at p, in the place of what was there and below. An
// absent tree removes it all.
func (e *Editor) Graft(p Path, whole Tree) { e.at(p).join(&draft{graft: &whole}) }

// Delete takes away the value at p, or its folder mark. Keys below it stay; a
// map that is left with nothing goes. Where there is nothing it does nothing.
func (e *Editor) Delete(p Path) { e.at(p).join(&draft{value: nothing}) }

// join adds what was asked for later at the same path.
func (d *draft) join(later *draft) {
	if later.graft != nil {
		d.graft, d.value, d.first, d.last = later.graft, nil, nil, nil
	}
	if later.value != nil {
		d.value, d.at = later.value, later.at
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
	if d.value == nil && d.first == nil {
		return t
	}
	n, self, place := t.root, t.root.self(), t.at
	if d.value != nil {
		self, place = *d.value, d.at
	}
	next, touched := d.children(t)
	empty := next.len() == 0 && self == Node{}
	switch {
	case !touched && d.value == nil && (n == nil || n.kind == List):
		return t
	case !touched && self == n.self() && (d.value == nil || !empty):
		return Tree{root: n, at: place, places: next.places}
	case empty:
		return Tree{}
	case next.len() > 0 || self.folder:
		return Tree{root: next.asMap(self), at: place, places: next.places}
	case d.value != nil:
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
	size, sorted := 0, true
	for kid := d.first; kid != nil; kid = kid.next {
		size++
		sorted = sorted && (kid.next == nil || kid.key < kid.next.key)
	}
	if sorted {
		return
	}
	all, _ := sortChain(d.first, size)
	d.first = nil
	for all != nil {
		kid := all
		all, kid.next = kid.next, nil
		if d.first != nil && d.last.key == kid.key {
			d.last.join(kid)
		} else {
			d.add(kid, kid)
		}
	}
}

// sortChain sorts so many drafts of a chain, one at least. Those of one key stay in
// their order.
func sortChain(chain *draft, size int) (sorted, rest *draft) {
	if size == 1 {
		rest, chain.next = chain.next, nil
		return chain, rest
	}
	a, rest := sortChain(chain, size/2)
	b, rest := sortChain(rest, size-size/2)
	var first draft // before the sorted ones
	last := &first
	for a != nil && b != nil {
		from := &a
		if b.key < a.key {
			from = &b
		}
		last.next = *from
		last, *from = *from, (*from).next
	}
	if last.next = a; a == nil {
		last.next = b
	}
	return first.next, rest
}
