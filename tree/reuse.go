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
	next, same := reuseKids(old, n, aligned)
	if same && aligned && old.own == n.own && old.text == n.text && old.folder == n.folder {
		return old
	}
	if next == n && (len(keys) == 0 || &keys[0] == &n.branch.keys[0]) {
		return n
	}
	if next == n {
		next = n.copy()
	}
	next.branch.keys = keys
	return next
}

// reuseKids returns n or, where children of old are equal to its own, a copy with
// those in their place. same says that every child is now the one that old has
// there.
func reuseKids(old, n *Node, aligned bool) (next *Node, same bool) {
	next, same = n, true
	i := 0 // in old, which is walked beside n
	for j := range n.Len() {
		was := old.beside(n, j, &i, aligned)
		kid := reuse(was, n.At(j))
		if kid != n.At(j) {
			if next == n {
				next = n.copy()
			}
			next.branch.kids[j] = kid
		}
		same = same && kid == was
	}
	return next, same
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
