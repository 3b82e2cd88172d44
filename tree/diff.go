package tree

import "slices"

// Diff returns the paths of the values that differ between two nodes, in the order
// of the tree: leaves that came, went or changed, own values of maps, and nodes
// that changed their kind, which stand for all below them. It skips what the two
// share.
func Diff(old, next *Node) []Path {
	d := differ{path: make(Path, 0, 8)}
	d.walk(old, next)
	return d.found
}

type differ struct {
	path  Path
	found []Path
	room  Path // for paths that are found, many at a time
}

// note adds the path at hand to those that were found.
func (d *differ) note() {
	size := len(d.path)
	if len(d.room) < size {
		d.room = make(Path, size*min(cap(d.found)-len(d.found)+1, 512))
	}
	copy(d.room, d.path)
	d.found = append(d.found, d.room[:size:size])
	d.room = d.room[size:]
}

func (d *differ) walk(a, b *Node) {
	if a == b {
		return
	}
	if a.Len() == 0 && b.Len() == 0 || a != nil && b != nil && a.kind != b.kind {
		if !a.Equal(b) {
			d.note()
		}
		return
	}
	if ownChanged(a, b) {
		d.note()
	}
	if a.SameKeys(b) && a.Len() == b.Len() {
		d.expect(a, b)
		for i := range a.Len() {
			if a.At(i) != b.At(i) {
				d.into(a.Segment(i), a.At(i), b.At(i))
			}
		}
		return
	}
	d.children(a, b)
}

// expect makes room for the paths in the children of two maps that have the same
// keys.
func (d *differ) expect(a, b *Node) {
	differ := 0
	for i := range a.Len() {
		if a.At(i) != b.At(i) {
			differ++
		}
	}
	d.found = slices.Grow(d.found, differ)
}

func (d *differ) into(segment string, a, b *Node) {
	d.path = append(d.path, segment)
	d.walk(a, b)
	d.path = d.path[:len(d.path)-1]
}

// children walks the union of the children of two lists or two maps.
func (d *differ) children(a, b *Node) {
	i, j := 0, 0
	for i < a.Len() || j < b.Len() {
		switch order := compareAt(a, i, b, j); {
		case order < 0:
			d.into(a.Segment(i), a.At(i), nil)
			i++
		case order > 0:
			d.into(b.Segment(j), nil, b.At(j))
			j++
		default:
			d.into(a.Segment(i), a.At(i), b.At(j))
			i, j = i+1, j+1
		}
	}
}

// compareAt orders child i of a and child j of b, one that has run out last.
func compareAt(a *Node, i int, b *Node, j int) int {
	switch {
	case i >= a.Len():
		return 1
	case j >= b.Len():
		return -1
	case a.kind == Map && a.branch.keys[i] < b.branch.keys[j]:
		return -1
	case a.kind == Map && a.branch.keys[i] > b.branch.keys[j]:
		return 1
	}
	return 0
}

func ownChanged(a, b *Node) bool {
	kindOf := func(n *Node) (Kind, string) {
		if n == nil || n.kind != Map {
			return n.Kind(), n.Text()
		}
		return n.own, n.text
	}
	ka, ta := kindOf(a)
	kb, tb := kindOf(b)
	if (ka == Absent || ka == List) && (kb == Absent || kb == List) {
		return false
	}
	return ka != kb || ta != tb
}
