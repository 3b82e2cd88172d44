package etcd

import (
	"fmt"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

// text is the view of one key that holds a document.
type text struct {
	store *store
	doc   document.Page
}

func (s *store) newText() *text {
	limits := document.Limits{Bytes: s.opts.MaxBytes, Keys: s.opts.MaxKeys}
	return &text{store: s, doc: document.Page{Format: s.opts.Document, Limits: limits}}
}

// update reads the document. A key that isn't there is content that can't be
// used, not a document of nothing.
func (x *text) update(c *contents, _ []string) (tree.Tree, error) {
	key := x.store.keys.Root
	e, ok := c.entries[key]
	at := x.store.origin(key, e.revision)
	if !ok {
		err := fmt.Errorf("no such key: %w", source.ErrAbsent)
		return tree.Tree{}, tree.Problem{Kind: tree.Unusable, Origin: at, Err: err}
	}
	return x.doc.Read(e.value, at)
}
