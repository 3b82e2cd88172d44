package tree

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
)

// Builder makes the nodes of one document, from the leaves up. It is what a
// decoder uses. The zero Builder is ready; it is for one goroutine, and its
// trees stay good after it is gone.
type Builder struct {
	keysets [64][]string // recently built key sets, so that alike maps share one
	spots   []places
}

// Entry is a key of a map under construction.
type Entry struct {
	Key  string
	At   Place // of the key itself
	Tree Tree
}

// DuplicateKeyError says that a map has a key twice.
type DuplicateKeyError struct {
	Key           string
	First, Second Place
}

func (e *DuplicateKeyError) Error() string {
	return fmt.Sprintf("duplicate key %q, first at line %d", e.Key, e.First.Line)
}

const slab = 64 // places allocated at a time

// node makes a node and its place. The places of a document come and go
// together, so they are allocated many at a time. Nodes are not: Reuse lets a
// node of one reading live on in all that follow, and it would keep whatever was
// allocated beside it.
func (b *Builder) node(n *Node, at Place, kids []*places) Tree {
	if len(b.spots) == 0 {
		b.spots = make([]places, slab)
	}
	spot := &b.spots[0]
	b.spots = b.spots[1:]
	*spot = places{at: at, kids: kids}
	return Tree{root: n, places: spot}
}

// Scalar makes a value of a scalar kind from its text.
func (b *Builder) Scalar(kind Kind, text string, at Place) Tree {
	return b.node(&Node{kind: kind, text: text}, at, nil)
}

// Null makes an explicit null.
func (b *Builder) Null(at Place) Tree { return b.node(&Node{kind: Null}, at, nil) }

// List makes a list of its elements. Absent elements become nulls.
func (b *Builder) List(items []Tree, at Place) Tree {
	kids, spots := make([]*Node, len(items)), make([]*places, len(items))
	for i, item := range items {
		if item.root == nil {
			item = b.Null(at)
		}
		kids[i], spots[i] = item.root, item.places
	}
	return b.node(&Node{kind: List, branch: &branch{kids: kids}}, at, spots)
}

// Map makes a map of its entries, whose order it changes. Entries of an absent
// tree are left out. A key that stands twice is a [*DuplicateKeyError].
func (b *Builder) Map(entries []Entry, at Place) (Tree, error) {
	t, twice := b.MapOf(entries, at)
	if twice != nil {
		return Tree{}, twice[0]
	}
	return t, nil
}

// MapOf is like Map, and returns an error for every key that stands more than
// once. The tree is absent then.
func (b *Builder) MapOf(entries []Entry, at Place) (Tree, []*DuplicateKeyError) {
	entries = slices.DeleteFunc(entries, func(e Entry) bool { return e.Tree.root == nil })
	byKey := func(x, y Entry) int { return cmp.Compare(x.Key, y.Key) }
	if !slices.IsSortedFunc(entries, byKey) {
		slices.SortStableFunc(entries, byKey)
	}
	var twice []*DuplicateKeyError
	kids, spots := make([]*Node, len(entries)), make([]*places, len(entries))
	for i, e := range entries {
		if i > 0 && e.Key == entries[i-1].Key {
			twice = append(twice, &DuplicateKeyError{Key: e.Key, First: entries[i-1].At, Second: e.At})
		}
		kids[i], spots[i] = e.Tree.root, e.Tree.places
	}
	if twice != nil {
		return Tree{}, twice
	}
	return b.node(&Node{kind: Map, branch: &branch{keys: b.keys(entries), kids: kids}}, at, spots), nil
}

// keys are the keys of sorted entries, as the very slice an alike map has.
func (b *Builder) keys(entries []Entry) []string {
	if len(entries) == 0 {
		return nil
	}
	first, last := entries[0].Key, entries[len(entries)-1].Key
	seen := &b.keysets[(len(entries)*31+len(first)*7+len(last))%len(b.keysets)]
	if slices.EqualFunc(*seen, entries, func(k string, e Entry) bool { return k == e.Key }) {
		return *seen
	}
	keys := make([]string, len(entries))
	for i, e := range entries {
		keys[i] = e.Key
	}
	*seen = keys
	return keys
}

// NewMap makes a map node from keys that are sorted and differ and from their
// children, none of them nil. The node keeps both slices. It is for the stages
// that rebuild a part of a tree; own is the value the map has itself, or nil.
func NewMap(keys []string, kids []*Node, own *Node) *Node {
	n := &Node{kind: Map, branch: &branch{keys: keys, kids: kids}}
	if own != nil {
		n.own, n.text = own.kind, own.text
	}
	return n
}

// NewList makes a list node, which keeps the slice. None of the elements is nil.
func NewList(kids []*Node) *Node {
	return &Node{kind: List, branch: &branch{kids: kids}}
}

// NewScalar makes a scalar node from its text.
func NewScalar(kind Kind, text string) *Node { return &Node{kind: kind, text: text} }

// Segment is the path segment that names child i.
func (n *Node) Segment(i int) string {
	if n.kind == Map {
		return n.branch.keys[i]
	}
	return strconv.Itoa(i)
}
