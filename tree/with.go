package tree

import (
	"maps"
	"slices"
)

// With returns n, which must be a map or nil, with some children changed: a nil
// child is removed. It shares n's keys when none comes or goes. The result is
// a map, possibly an empty one; own is the value it has itself, or nil.
func (n *Node) With(changes map[string]*Node, own *Node) *Node {
	keys := slices.Sorted(maps.Keys(changes))
	kids := make([]*Node, len(keys))
	for i, key := range keys {
		kids[i] = changes[key]
	}
	return n.WithSorted(keys, kids, own)
}

// WithSorted is like With, for changes whose keys are sorted and differ.
func (n *Node) WithSorted(keys []string, kids []*Node, own *Node) *Node {
	next := siblingsOf(Tree{root: n})
	var added []child
	gone := false
	at := Cursor{node: n}
	for i, key := range keys {
		switch found, kid := at.seek(key), kids[i]; {
		case found:
			next.node.branch.kids[at.at] = kid
			gone = gone || kid == nil
		case kid != nil:
			added = append(added, child{key, Tree{root: kid}})
		}
	}
	if added != nil || gone {
		next = next.splice(added)
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
