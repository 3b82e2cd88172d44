package tree

import (
	"slices"
	"strings"
)

// Kind says what a [Node] is.
type Kind uint8

// The kinds. A scalar keeps the text it was written as; its kind says what
// the document's own syntax made of it. A store's values are all String: what
// they mean is for the type they are bound to.
const (
	Absent Kind = iota // no node: the kind of a nil *Node
	Null               // an explicit null
	String
	Bool  // "true" or "false"
	Int   // as strconv.ParseInt reads it with base 0: "-5", "0x1F", "017" is fifteen, "1_000"
	Float // as strconv.ParseFloat reads it
	Time  // as ParseTime reads it
	List
	Map
)

var kindNames = [...]string{"nothing", "null", "string", "bool", "int", "float", "time", "list", "map"}

func (k Kind) String() string { return kindNames[k] }

// IsScalar reports whether a value of this kind is a single text.
func (k Kind) IsScalar() bool { return k >= String && k <= Time }

// Node is one immutable value: a scalar, a null, a list or a map. A nil *Node
// is an absent value, and every method may be called on it.
//
// Two nodes that are the same pointer are the same value, and that is the
// question every stage asks first. [Node.Equal] is the question in full.
type Node struct {
	kind   Kind
	own    Kind // Map only: the kind of the value the key has beside its children
	folder bool // Map only: a store says the map exists even with no children
	secret bool // it was made of a secret
	text   string
	branch *branch
}

// branch is kept apart from Node so that a leaf, which most nodes are, stays small.
type branch struct {
	keys []string // Map only: sorted; shared by versions and siblings with the same keys
	kids []*Node  // no nil among them
}

// newBranch makes a list or a map with room for its children, all in one piece
// where they are few.
func newBranch(kind Kind, size int) *Node {
	switch {
	case size == 0:
		return new(parent).with(kind, nil)
	case size <= 2:
		p := new(struct {
			parent
			kids [2]*Node
		})
		return p.with(kind, p.kids[:size:size])
	case size <= 4:
		p := new(struct {
			parent
			kids [4]*Node
		})
		return p.with(kind, p.kids[:size:size])
	case size <= 6:
		p := new(struct {
			parent
			kids [6]*Node
		})
		return p.with(kind, p.kids[:size:size])
	case size <= 8:
		p := new(struct {
			parent
			kids [8]*Node
		})
		return p.with(kind, p.kids[:size:size])
	}
	return new(parent).with(kind, make([]*Node, size))
}

// parent is a node together with its branch.
type parent struct {
	Node
	branch
}

func (p *parent) with(kind Kind, kids []*Node) *Node {
	p.Node.kind, p.Node.branch, p.branch.kids = kind, &p.branch, kids
	return &p.Node
}

// copy returns a list or a map with the children of n, free to be changed.
func (n *Node) copy() *Node {
	c := newBranch(n.kind, n.Len())
	c.own, c.text, c.folder, c.branch.keys = n.own, n.text, n.folder, n.Keys()
	if n.branch != nil {
		copy(c.branch.kids, n.branch.kids)
	}
	return c
}

// Kind returns what n is: Absent for a nil Node.
func (n *Node) Kind() Kind {
	if n == nil {
		return Absent
	}
	return n.kind
}

// Text returns the text of a scalar, and "" for every other kind.
func (n *Node) Text() string {
	if n == nil || n.kind == Map {
		return ""
	}
	return n.text
}

// Own returns the value that a Map has beside its children, nil when it has none.
// Stores allow it (a value at "a" and another at "a/b"); documents don't.
func (n *Node) Own() *Node {
	if n == nil || n.own == Absent {
		return nil
	}
	return &Node{kind: n.own, text: n.text}
}

// Len returns the number of children of a List or a Map, and 0 for every other kind.
func (n *Node) Len() int {
	if n == nil || n.branch == nil {
		return 0
	}
	return len(n.branch.kids)
}

// At returns child i, counted in the order of a List or of the sorted keys of a Map.
func (n *Node) At(i int) *Node { return n.branch.kids[i] }

// Keys returns the sorted keys of a Map, nil for every other kind. The slice is
// shared and must not be written to.
func (n *Node) Keys() []string {
	if n == nil || n.branch == nil {
		return nil
	}
	return n.branch.keys
}

// Child returns the child of a Map with that key, or of a List with that index.
// It returns nil when there is none.
func (n *Node) Child(key string) *Node {
	if i, ok := n.search(key); ok {
		return n.branch.kids[i]
	}
	return nil
}

func (n *Node) search(key string) (int, bool) {
	switch n.Kind() {
	case Map:
		if n.branch == nil {
			return 0, false
		}
		return slices.BinarySearch(n.branch.keys, key)
	case List:
		i, ok := Index(key)
		return i, ok && i < n.Len()
	}
	return 0, false
}

// Lookup returns the node at a path below n, nil when there is none.
func (n *Node) Lookup(p Path) *Node {
	for _, seg := range p {
		if n = n.Child(seg); n == nil {
			return nil
		}
	}
	return n
}

// AsSecret returns n marked as a value that must not be shown, whatever the type
// says that it fills: what was made of a secret is one. A nil node stays nil. The
// mark is not part of the value: Equal doesn't see it.
func (n *Node) AsSecret() *Node {
	if n == nil || n.secret {
		return n
	}
	marked := *n
	marked.secret = true
	return &marked
}

// IsSecret reports whether n was marked by AsSecret.
func (n *Node) IsSecret() bool { return n != nil && n.secret }

// IsIndexed reports whether n is a map whose keys are all indexes, the way a
// store or the environment spells a list. An empty map is one.
func (n *Node) IsIndexed() bool {
	if n.Kind() != Map || n.own != Absent {
		return false
	}
	for _, k := range n.Keys() {
		if _, ok := Index(k); !ok {
			return false
		}
	}
	return true
}

// SameKeys reports, without comparing them, that two maps have the same keys
// because they share them. False says nothing.
func (n *Node) SameKeys(m *Node) bool {
	a, b := n.Keys(), m.Keys()
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// Equal reports whether two nodes hold the same values. It is quick where they
// share nodes. Whether a store marked a map as a folder doesn't matter.
func (n *Node) Equal(m *Node) bool {
	if n == m {
		return true
	}
	if n == nil || m == nil || n.kind != m.kind || n.own != m.own ||
		n.text != m.text || n.Len() != m.Len() {
		return false
	}
	if !n.SameKeys(m) && !slices.Equal(n.Keys(), m.Keys()) {
		return false
	}
	for i := range n.Len() {
		if !n.At(i).Equal(m.At(i)) {
			return false
		}
	}
	return true
}

// String draws the tree for tests and debugging, values included.
func (n *Node) String() string {
	var b strings.Builder
	n.draw(&b)
	return b.String()
}

func (n *Node) draw(b *strings.Builder) {
	switch n.Kind() {
	case Absent, Null:
		b.WriteString(n.Kind().String())
	case List:
		b.WriteByte('[')
		for i := range n.Len() {
			if i > 0 {
				b.WriteByte(' ')
			}
			n.At(i).draw(b)
		}
		b.WriteByte(']')
	case Map:
		if n.own != Absent {
			n.Own().draw(b)
		}
		b.WriteByte('{')
		for i, k := range n.Keys() {
			if i > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(k)
			b.WriteByte(':')
			n.At(i).draw(b)
		}
		b.WriteByte('}')
	case String:
		b.WriteByte('"')
		b.WriteString(n.text)
		b.WriteByte('"')
	default:
		b.WriteString(n.text)
	}
}
