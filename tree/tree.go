package tree

// Tree is an immutable tree of values with the places they stand at. The zero
// Tree is absent: it holds nothing, not even an empty map.
type Tree struct {
	root   *Node
	at     Place // of the root
	places *places
	locate Locate
}

// Of returns the tree of a node, with no places.
func Of(n *Node) Tree { return Tree{root: n} }

// Root returns the node at the empty path, nil for the zero Tree.
func (t Tree) Root() *Node { return t.root }

// Same reports whether two trees hold the same values because they are the
// same nodes. It compares two pointers. Places don't matter to it.
func (t Tree) Same(u Tree) bool { return t.root == u.root }

// Identical reports whether two trees are the Same and were made with the same
// places. It compares pointers: false says nothing.
func (t Tree) Identical(u Tree) bool {
	return t.root == u.root && t.at == u.at && t.places == u.places
}

// Lookup returns the node at a path, nil when there is none.
func (t Tree) Lookup(p Path) *Node { return t.root.Lookup(p) }

// Located returns t with its origins given by locate.
func (t Tree) Located(locate Locate) Tree {
	t.locate = locate
	return t
}

// Origin returns where the value at a path came from. It reports false when there
// is no such value. A tree that was given no Locate knows only the place.
func (t Tree) Origin(p Path) (Origin, bool) {
	n, place, below := t.root, t.at, t.places
	for _, seg := range p {
		i, ok := n.search(seg)
		if !ok {
			return Origin{}, false
		}
		n = n.At(i)
		place, below = below.child(i)
	}
	if n == nil {
		return Origin{}, false
	}
	if t.locate == nil {
		return Origin{Line: int(place.Line), Column: int(place.Column)}, true
	}
	return t.locate(p, place), true
}

// Where returns the origin that a value at a path has or, while there is none, would
// have: the place an operator has to look at or to write to.
func (t Tree) Where(p Path) Origin {
	if o, ok := t.Origin(p); ok || t.locate == nil {
		return o
	}
	return t.locate(p, Place{})
}

// Mount returns t put below a path: Mount(a.b) of {x: 1} is {a: {b: {x: 1}}}.
// An absent tree stays absent.
func (t Tree) Mount(p Path) Tree {
	if t.root == nil || len(p) == 0 {
		return t
	}
	for i := len(p) - 1; i >= 0; i-- {
		t.root = NewMap([]string{p[i]}, []*Node{t.root}, nil)
		t.places = &places{at: []Place{t.at}, below: []*places{t.places}}
		t.at = Place{}
	}
	if inner := t.locate; inner != nil {
		t.locate = func(q Path, at Place) Origin {
			if len(q) < len(p) {
				return inner(nil, at)
			}
			return inner(q[len(p):], at)
		}
	}
	return t
}

// Leaves calls yield for every value that has no children, in key order, and
// for the own value of a map. It stops when yield returns false. The path
// is valid only during the call.
func (n *Node) Leaves(yield func(Path, *Node) bool) { leaves(n, nil, yield) }

func leaves(n *Node, p Path, yield func(Path, *Node) bool) bool {
	if n == nil {
		return true
	}
	if n.Len() == 0 || n.own != Absent {
		if !yield(p, n) {
			return false
		}
	}
	for i := range n.Len() {
		if !leaves(n.At(i), append(p, n.Segment(i)), yield) {
			return false
		}
	}
	return true
}
