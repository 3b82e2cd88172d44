package tree

import "slices"

// Reuse gives next the nodes of prev wherever the values are equal, and keeps
// the places of next. A source that can only read everything anew passes its
// trees through it, and a reading that changed nothing is then the Same tree.
func Reuse(prev, next Tree) Tree {
	next.root = reuse(prev.root, next.root)
	return next
}

func reuse(old, n *Node) *Node {
	switch {
	case old == n || old == nil || n == nil || old.kind != n.kind:
		return n
	case n.kind != List && n.kind != Map:
		if old.text == n.text {
			return old
		}
		return n
	}
	keys, aligned := n.Keys(), old.Len() == n.Len() // aligned: child i of the one is child i of the other
	if n.kind == Map && !old.SameKeys(n) && slices.Equal(old.Keys(), keys) {
		keys = old.Keys()
	} else if n.kind == Map {
		aligned = old.SameKeys(n)
	}
	kids, same := reuseKids(old, n, aligned)
	if same && aligned && old.own == n.own && old.text == n.text && old.folder == n.folder {
		return old
	}
	if kids == nil && (len(keys) == 0 || &keys[0] == &n.branch.keys[0]) {
		return n
	}
	if kids == nil {
		kids = n.branch.kids
	}
	return newBranch(Node{kind: n.kind, own: n.own, text: n.text, folder: n.folder}, keys, kids)
}

// reuseKids are the children of n, with those of old in the place of equal
// ones; nil when there are none to replace. same says that every child is now
// the one that old has in its place.
func reuseKids(old, n *Node, aligned bool) (kids []*Node, same bool) {
	same = true
	i := 0 // in old, which is walked beside n
	for j := range n.Len() {
		was := old.beside(n, j, &i, aligned)
		kid := reuse(was, n.At(j))
		if kid != n.At(j) {
			if kids == nil {
				kids = slices.Clone(n.branch.kids)
			}
			kids[j] = kid
		}
		same = same && kid == was
	}
	return kids, same
}

// beside is the child of old that stands where child j of n does, nil when
// there is none. from is where to look for it among old's sorted keys.
func (old *Node) beside(n *Node, j int, from *int, aligned bool) *Node {
	if aligned || n.kind == List {
		if j < old.Len() {
			return old.At(j)
		}
		return nil
	}
	oldKeys, key := old.Keys(), n.branch.keys[j]
	for *from < len(oldKeys) && oldKeys[*from] < key {
		*from++
	}
	if *from < len(oldKeys) && oldKeys[*from] == key {
		return old.At(*from)
	}
	return nil
}
