package tree

import "slices"

// With returns n, which must be a map or nil, with some children changed: a nil
// child is removed. It shares n's keys when none comes or goes. The result is
// a map, be it an empty one; own is the value it has itself, or nil.
func (n *Node) With(changes map[string]*Node, own *Node) *Node {
	next := siblingsOf(Tree{root: n})
	var added []child
	gone := false
	for key, kid := range changes {
		switch i, ok := slices.BinarySearch(next.keys, key); {
		case ok:
			next.kids[i] = kid
			gone = gone || kid == nil
		case kid != nil:
			added = append(added, child{key, Tree{root: kid}})
		}
	}
	if added != nil || gone {
		next = next.splice(added)
	}
	return NewMap(next.keys, next.kids, own)
}
