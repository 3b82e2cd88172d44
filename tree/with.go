package tree

import (
	"maps"
	"slices"
)

// With returns n, which must be a map or nil, with some children changed: a nil
// child is removed. It shares n's keys when none comes or goes. The result is
// a map, possibly an empty one; own is the value it has itself, or nil.
func (n *Node) With(changes map[string]*Node, own *Node) *Node {
	u := n.Update()
	for _, key := range slices.Sorted(maps.Keys(changes)) {
		u.Set(key, changes[key])
	}
	return u.Map(own)
}

// Update is [Node.With] for changes that come one by one, in the order of their
// keys.
type Update struct {
	old   Cursor   // at the last key
	next  siblings // the children, once one has changed
	added []child
	gone  bool
}

// Update begins to change the children of n, which must be a map or nil.
func (n *Node) Update() Update { return Update{old: n.Cursor()} }

// Old returns the child that n has at a key.
func (u *Update) Old(key string) *Node { return u.old.Child(key) }

// Set puts a child at a key, which comes after those that were set before it. A
// nil child is removed.
func (u *Update) Set(key string, kid *Node) {
	found := u.old.seek(key)
	switch {
	case found:
		if u.next.node == nil {
			u.next = siblingsOf(Tree{root: u.old.node})
		}
		u.next.node.branch.kids[u.old.at] = kid
		u.gone = u.gone || kid == nil
	case kid != nil:
		u.added = append(u.added, child{key, Tree{root: kid}})
	}
}

// Map returns the map with all changes made, the old one if there were none; own
// is the value it has itself, or nil. It is called once, at the end.
func (u *Update) Map(own *Node) *Node {
	n, next := u.old.node, u.next
	if next.node == nil {
		if u.added == nil && n.Kind() == Map && own.Equal(n.Own()) {
			return n
		}
		next = siblingsOf(Tree{root: n})
	}
	if u.added != nil || u.gone {
		next = next.splice(u.added)
	}
	var self Node
	if own != nil {
		self = Node{kind: own.kind, text: own.text}
	}
	return next.asMap(self)
}

// Cursor finds children of a node by their keys, each from where the last one was
// found: many of them, in ascending order, in little more than one pass.
type Cursor struct {
	node *Node
	at   int // the last one found
	next int // where the next one is most likely
}

// Cursor returns a Cursor at the first child.
func (n *Node) Cursor() Cursor { return Cursor{node: n} }

// Child returns the child with a key, as [Node.Child] does.
func (c *Cursor) Child(key string) *Node {
	if c.node.Kind() == List {
		return c.node.Child(key)
	}
	if c.seek(key) {
		return c.node.At(c.at)
	}
	return nil
}

// seek goes to the child of a map with a key and reports whether there is one.
func (c *Cursor) seek(key string) bool {
	keys := c.node.Keys()
	if c.next < len(keys) && keys[c.next] == key {
		c.at, c.next = c.next, c.next+1
		return true
	}
	if c.next > 0 && keys[c.next-1] == key {
		c.at = c.next - 1
		return true
	}
	if c.next > 0 && keys[c.next-1] >= key {
		c.next = 0
	}
	if c.next == len(keys) || keys[c.next] > key {
		return false
	}
	i, found := slices.BinarySearch(keys[c.next:], key)
	c.at, c.next = c.next+i, c.next+i
	if found {
		c.next++
	}
	return found
}
