package tree

// Reuse gives next the nodes of prev wherever the values are equal, and keeps
// the places of next. A source that can only read everything anew passes its
// trees through it, and a reading that changed nothing is then the Same tree.
func Reuse(prev, next Tree) Tree {
	next.root = reuse(prev.root, next.root)
	return next
}

func reuse(old, n *Node) *Node {
	if old == n || old == nil || n == nil || old.kind != n.kind {
		return n
	}
	if n.kind != List && n.kind != Map {
		if old.text == n.text {
			return old
		}
		return n
	}
	if n.kind == Map {
		return reuseMap(old, n)
	}
	kids, same := make([]*Node, n.Len()), old.Len() == n.Len()
	for i := range kids {
		kids[i] = n.At(i)
		if i < old.Len() {
			kids[i] = reuse(old.At(i), n.At(i))
			same = same && kids[i] == old.At(i)
		}
	}
	if same {
		return old
	}
	return NewList(kids)
}

// reuseMap walks two maps' sorted keys side by side.
func reuseMap(old, n *Node) *Node {
	oldKeys, keys := old.Keys(), n.Keys()
	kids := make([]*Node, len(keys))
	same := len(oldKeys) == len(keys) // until a key or a child differs
	sameKeys := same
	i := 0
	for j, key := range keys {
		for i < len(oldKeys) && oldKeys[i] < key {
			i++
		}
		if i == len(oldKeys) || oldKeys[i] != key {
			kids[j], same, sameKeys = n.At(j), false, false
			continue
		}
		kids[j] = reuse(old.At(i), n.At(j))
		same = same && kids[j] == old.At(i)
		i++
	}
	if same && old.own == n.own && old.text == n.text && old.folder == n.folder {
		return old
	}
	if sameKeys {
		keys = oldKeys
	}
	return &Node{kind: Map, own: n.own, text: n.text, folder: n.folder, branch: &branch{keys: keys, kids: kids}}
}
