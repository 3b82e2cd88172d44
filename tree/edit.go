package tree

import "slices"

// Editor gathers changes to a tree of keys, as a store has them, and makes
// the next tree: all that no change touched is shared with the tree before,
// nodes and places alike. An Editor is for one goroutine.
type Editor struct {
	base Tree
	root *draft
}

// draft is what has been asked for at one path and below it.
type draft struct {
	change change
	value  Node // with put: the own value, or the folder mark
	at     Place
	whole  Tree // with replace
	kids   map[string]*draft
}

type change uint8

const (
	keep    change = iota
	put            // set the own value; children stay
	clear          // take the own value away; children stay
	replace        // whole stands here instead, before the edits of kids
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
func (e *Editor) SetFolder(p Path, at Place) {
	d := e.at(p)
	d.change, d.value, d.at = put, Node{kind: Map, folder: true}, at
}

// Graft puts a whole tree at p, in the place of what was there and below. An
// absent tree removes it all.
func (e *Editor) Graft(p Path, whole Tree) {
	d := e.at(p)
	d.change, d.whole, d.kids = replace, whole, nil
}

// Delete takes away the value at p, or its folder mark. Keys below it stay; a
// map that is left with nothing goes.
func (e *Editor) Delete(p Path) { e.at(p).change = clear }

// Tree is the tree with all changes made. Its root is absent when no key is left.
func (e *Editor) Tree() Tree {
	t := e.base
	t.root, t.places = e.root.apply(t.root, t.places)
	return t
}

func (d *draft) apply(n *Node, at *places) (*Node, *places) {
	if d.change == replace {
		n, at = d.whole.root, d.whole.places
	}
	own, text, folder, place := ownOf(n, at)
	switch d.change {
	case put:
		own, text, folder, place = d.value.kind, d.value.text, d.value.folder, d.at
		if folder {
			own = Absent
		}
	case clear:
		own, text, folder, place = Absent, "", false, Place{}
	}
	if len(d.kids) == 0 && (d.change == keep || d.change == replace) {
		return n, at
	}
	keys, kids, spots := d.children(n, at)
	if len(kids) == 0 && !folder {
		if own == Absent {
			return nil, nil
		}
		return &Node{kind: own, text: text}, &places{at: place}
	}
	node := &Node{kind: Map, own: own, text: text, folder: folder, branch: &branch{keys: keys, kids: kids}}
	return node, &places{at: place, kids: spots}
}

// ownOf is the value a node has apart from its children.
func ownOf(n *Node, at *places) (own Kind, text string, folder bool, place Place) {
	if at != nil {
		place = at.at
	}
	switch n.Kind() {
	case Absent, List:
	case Map:
		own, text, folder = n.own, n.text, n.folder
	default:
		own, text = n.kind, n.text
	}
	return own, text, folder, place
}

// children are the children of n after the edits below d. Where no key comes
// or goes the key slice stays the one that n has.
func (d *draft) children(n *Node, at *places) ([]string, []*Node, []*places) {
	old := &branch{}
	if n.Kind() == Map && n.branch != nil {
		old = n.branch
	}
	spots := make([]*places, len(old.kids))
	if at != nil {
		copy(spots, at.kids)
	}
	keys, kids := old.keys, slices.Clone(old.kids)
	var added []string
	gone := false
	for key, kid := range d.kids {
		i, ok := slices.BinarySearch(keys, key)
		if !ok {
			added = append(added, key)
			continue
		}
		kids[i], spots[i] = kid.apply(kids[i], spots[i])
		gone = gone || kids[i] == nil
	}
	if added == nil && !gone {
		return keys, kids, spots
	}
	slices.Sort(added)
	return d.splice(keys, kids, spots, added)
}

// splice merges the sorted added keys into keys and drops children that are gone.
func (d *draft) splice(keys []string, kids []*Node, spots []*places, added []string) ([]string, []*Node, []*places) {
	size := len(keys) + len(added)
	outKeys, outKids, outSpots := make([]string, 0, size), make([]*Node, 0, size), make([]*places, 0, size)
	push := func(key string, n *Node, at *places) {
		if n != nil {
			outKeys, outKids, outSpots = append(outKeys, key), append(outKids, n), append(outSpots, at)
		}
	}
	next := 0
	for i, key := range keys {
		for ; next < len(added) && added[next] < key; next++ {
			n, at := d.kids[added[next]].apply(nil, nil)
			push(added[next], n, at)
		}
		push(key, kids[i], spots[i])
	}
	for _, key := range added[next:] {
		n, at := d.kids[key].apply(nil, nil)
		push(key, n, at)
	}
	return outKeys, outKids, outSpots
}

// With is n, which must be a map or nil, with some children changed: a nil
// child is removed. It shares n's keys when none comes or goes, and is nil
// only when n is. own is the value the map has itself, or nil.
func (n *Node) With(changes map[string]*Node, own *Node) *Node {
	d := &draft{kids: make(map[string]*draft, len(changes))}
	for key, kid := range changes {
		d.kids[key] = &draft{change: replace, whole: Tree{root: kid}}
	}
	keys, kids, _ := d.children(n, nil)
	return NewMap(keys, kids, own)
}
