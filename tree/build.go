package tree

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Builder makes the nodes of one document, from the leaves up. It is what a
// decoder uses. The zero Builder is ready; it is for one goroutine, and its
// trees stay good after it is gone.
type Builder struct {
	keysets [64][]string // recently built key sets, so that alike maps share one
	scalars [256]*Node   // recently built scalars: "true" stands in many places
	keys    [64]string   // recently read keys
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
	return fmt.Sprintf("duplicate key %q, first at line %d", brief(e.Key), e.First.Line)
}

// Scalar makes a value of a scalar kind from its text.
func (b *Builder) Scalar(kind Kind, text string, at Place) Tree { return scalarOf(b, kind, text, at) }

// ScalarOf is Scalar for a text that is a part of a document, which it copies
// unless it is one that it has seen recently.
func (b *Builder) ScalarOf(kind Kind, text []byte, at Place) Tree {
	return scalarOf(b, kind, text, at)
}

func scalarOf[T string | []byte](b *Builder, kind Kind, text T, at Place) Tree {
	if len(text) > maxShared || len(text) == 0 {
		return Tree{root: &Node{kind: kind, text: string(text)}, at: at}
	}
	seen := &b.scalars[hashOf(uint(kind), text)%uint(len(b.scalars))]
	if n := *seen; n == nil || n.kind != kind || n.text != string(text) {
		*seen = &Node{kind: kind, text: string(text)}
	}
	return Tree{root: *seen, at: at}
}

// Key returns a part of a document as a key: a copy, unless it has seen it
// recently.
func (b *Builder) Key(text []byte) string {
	if len(text) > maxShared {
		return string(text)
	}
	seen := &b.keys[hashOf(0, text)%uint(len(b.keys))]
	if *seen != string(text) {
		*seen = string(text)
	}
	return *seen
}

func hashOf[T string | []byte](hash uint, text T) uint {
	for i := range len(text) {
		hash = hash*31 + uint(text[i])
	}
	return hash
}

const maxShared = 24 // bytes of a text that is likely to stand in several places

// Null makes an explicit null.
func (b *Builder) Null(at Place) Tree { return Tree{root: &Node{kind: Null}, at: at} }

// List makes a list of its elements. Absent elements become nulls.
func (b *Builder) List(items []Tree, at Place) Tree {
	kids := newSiblings(len(items))
	for i, item := range items {
		if item.root == nil {
			item = b.Null(at)
		}
		kids.set(i, item)
	}
	return Tree{root: newBranch(Node{kind: List}, nil, kids.kids), at: at, places: kids.places()}
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
	sortEntries(entries)
	var twice []*DuplicateKeyError
	kids := newSiblings(len(entries))
	for i, e := range entries {
		if i > 0 && e.Key == entries[i-1].Key {
			twice = append(twice, &DuplicateKeyError{Key: e.Key, First: entries[i-1].At, Second: e.At})
		}
		kids.set(i, e.Tree)
	}
	if twice != nil {
		return Tree{}, twice
	}
	n := newBranch(Node{kind: Map}, b.keyset(entries), kids.kids)
	return Tree{root: n, at: at, places: kids.places()}, nil
}

// sortEntries sorts entries by their keys, and leaves equal ones in their order.
// Entries are large and full of pointers, so those of a map of usual size are
// not moved until it is known where each belongs.
func sortEntries(entries []Entry) {
	byKey := func(x, y Entry) int { return strings.Compare(x.Key, y.Key) }
	if slices.IsSortedFunc(entries, byKey) {
		return
	}
	var order [32]uint8
	var sorted [32]Entry
	if len(entries) > len(order) {
		slices.SortStableFunc(entries, byKey)
		return
	}
	for i := range entries {
		at := i
		for ; at > 0 && entries[order[at-1]].Key > entries[i].Key; at-- {
			order[at] = order[at-1]
		}
		order[at] = uint8(i)
	}
	for i := range entries {
		sorted[i] = entries[order[i]]
	}
	copy(entries, sorted[:])
}

// keyset returns the keys of sorted entries, as the very slice an alike map has.
func (b *Builder) keyset(entries []Entry) []string {
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
	n := Node{kind: Map}
	if own != nil {
		n.own, n.text = own.kind, own.text
	}
	return newBranch(n, keys, kids)
}

// NewList makes a list node, which keeps the slice. None of the elements is nil.
func NewList(kids []*Node) *Node {
	return newBranch(Node{kind: List}, nil, kids)
}

// NewScalar makes a scalar node from its text.
func NewScalar(kind Kind, text string) *Node { return &Node{kind: kind, text: text} }

// Segment returns the path segment that names child i.
func (n *Node) Segment(i int) string {
	if n.kind == Map {
		return n.branch.keys[i]
	}
	return strconv.Itoa(i)
}
