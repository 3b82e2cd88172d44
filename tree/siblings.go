package tree

// siblings are the children of a list or a map under construction, in the order
// of the keys of a map.
type siblings struct {
	node   *Node // the list or the map; nil while there are none
	places *places
}

type child struct {
	key string
	Tree
}

// siblingsOf returns those of a map or nil, free to be changed.
func siblingsOf(t Tree) siblings {
	if t.root == nil {
		return siblings{node: newBranch(Map, 0)}
	}
	return siblings{node: t.root.copy(), places: t.places.clone()}
}

func (s *siblings) len() int { return s.node.Len() }

func (s *siblings) at(i int) Tree {
	t := Tree{root: s.node.At(i)}
	t.at, t.places = s.places.child(i)
	return t
}

func (s *siblings) set(i int, t *Tree) {
	s.node.branch.kids[i] = t.root
	s.places = s.places.set(i, s.len(), t.at, t.places)
}

// asMap returns the map, with what it has itself.
func (s *siblings) asMap(self Node) *Node {
	if s.node == nil {
		s.node = newBranch(Map, 0)
	}
	s.node.own, s.node.text, s.node.folder = self.kind, self.text, self.folder
	return s.node
}

// splice is s with children added, in the order of their keys, and without those
// that are nil.
func (s siblings) splice(added []child) siblings {
	size := len(added)
	for i := range s.len() {
		if s.node.At(i) != nil {
			size++
		}
	}
	out := siblings{node: newBranch(Map, size)}
	keys := make([]string, 0, size)
	push := func(key string, t Tree) {
		out.set(len(keys), &t)
		keys = append(keys, key)
	}
	next := 0
	for i, key := range s.node.Keys() {
		for ; next < len(added) && added[next].key < key; next++ {
			push(added[next].key, added[next].Tree)
		}
		if s.node.At(i) != nil {
			push(key, s.at(i))
		}
	}
	for _, c := range added[next:] {
		push(c.key, c.Tree)
	}
	out.node.branch.keys = keys
	return out
}
