package etcd

import (
	"maps"
	"slices"

	"github.com/confsync/confsync/tree"
)

// contents are the keys of the range at one revision.
type contents struct {
	entries map[string]entry
	bytes   int // of keys and values
}

type entry struct {
	value    string
	revision int64 // of its last write
}

func (c *contents) put(key string, e entry) {
	c.delete(key)
	c.entries[key] = e
	c.bytes += len(key) + len(e.value)
}

func (c *contents) delete(key string) {
	if e, ok := c.entries[key]; ok {
		c.bytes -= len(key) + len(e.value)
		delete(c.entries, key)
	}
}

func (c *contents) keys() []string { return slices.Collect(maps.Keys(c.entries)) }

// view makes trees of contents, each sharing with the one before all that
// didn't change.
type view interface {
	// update is the tree after changes to some keys, or why there is none.
	update(c *contents, touched []string) (tree.Tree, error)
}

func (s *store) newView() view {
	if s.opts.Document != 0 {
		return s.newText()
	}
	return &branch{store: s, tree: tree.Tree{}.Located(s.locate)}
}
