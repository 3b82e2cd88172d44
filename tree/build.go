package tree

import (
	"fmt"
	"strconv"
)

// Builder makes the nodes of one document, from the leaves up. It is what a
// decoder uses. The zero Builder is ready; it is for one goroutine, and its
// trees stay good after it is gone.
type Builder struct {
	keysets [32]keyset // recently built key sets, so that alike maps share one
	scalars [256]*Node // recently built scalars: "true" stands in many places
	keys    [64]string // recently read keys
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

// SetScalar sets t to what ScalarOf returns. That is quicker, as a Tree is large.
func (b *Builder) SetScalar(t *Tree, kind Kind, text []byte, at Place) {
	*t = Tree{}
	t.root, t.at = scalar(b, kind, text), at
}

func scalarOf[T string | []byte](b *Builder, kind Kind, text T, at Place) Tree {
	return Tree{root: scalar(b, kind, text), at: at}
}

func scalar[T string | []byte](b *Builder, kind Kind, text T) *Node {
	if len(text) > maxShared || len(text) == 0 {
		return &Node{kind: kind, text: string(text)}
	}
	seen := &b.scalars[hashOf(uint(kind), text)%uint(len(b.scalars))]
	if n := *seen; n == nil || n.kind != kind || n.text != string(text) {
		*seen = &Node{kind: kind, text: string(text)}
	}
	return *seen
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
	kids := siblings{node: newBranch(List, len(items))}
	for i, item := range items {
		if item.root == nil {
			item = b.Null(at)
		}
		kids.set(i, &item)
	}
	return Tree{root: kids.node, at: at, places: kids.places}
}

// Map makes a map of its entries, which it may move. Entries of an absent tree
// are left out. A key that stands twice is a [*DuplicateKeyError].
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
	entries = present(entries)
	keys, order := b.keyset(entries)
	var twice []*DuplicateKeyError
	kids := siblings{node: newBranch(Map, len(entries))}
	kids.node.branch.keys = keys
	var last *Entry
	for i := range entries {
		e := &entries[i]
		if order != nil {
			e = &entries[order[i]]
		}
		if last != nil && e.Key == last.Key {
			twice = append(twice, &DuplicateKeyError{Key: e.Key, First: last.At, Second: e.At})
		}
		kids.set(i, &e.Tree)
		last = e
	}
	if twice != nil {
		return Tree{}, twice
	}
	return Tree{root: kids.node, at: at, places: kids.places}, nil
}

// present moves the entries that have a tree to the front, and returns them.
func present(entries []Entry) []Entry {
	n := 0
	for i := range entries {
		if entries[i].Tree.root == nil {
			continue
		}
		if n < i {
			entries[n] = entries[i]
		}
		n++
	}
	return entries[:n]
}

// NewMap makes a map node from keys that are sorted and differ and from their
// children, none of them nil. The node keeps both slices. It is for the stages
// that rebuild a part of a tree; own is the value the map has itself, or nil.
func NewMap(keys []string, kids []*Node, own *Node) *Node {
	n := new(parent).with(Map, kids)
	if n.branch.keys = keys; own != nil {
		n.own, n.text = own.kind, own.text
	}
	return n
}

// NewList makes a list node, which keeps the slice. None of the elements is nil.
func NewList(kids []*Node) *Node { return new(parent).with(List, kids) }

// NewScalar makes a scalar node from its text.
func NewScalar(kind Kind, text string) *Node { return &Node{kind: kind, text: text} }

// Segment returns the path segment that names child i.
func (n *Node) Segment(i int) string {
	if n.kind == Map {
		return n.branch.keys[i]
	}
	return strconv.Itoa(i)
}
