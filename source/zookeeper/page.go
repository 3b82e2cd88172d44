package zookeeper

import (
	"context"
	"fmt"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

// newPage returns the document that a root's data is. The limit on nodes has no part
// in it.
func (s *store) newPage() document.Page {
	return document.Page{Format: s.opts.Document, Decode: s.opts.Decode, Limits: document.Limits{Bytes: s.opts.MaxBytes}}
}

// readPage returns the tree of a root that is n, or missing if that is nil. A document
// that isn't there is content that can't be used, not one of nothing.
func (s *store) readPage(ctx context.Context, p *document.Page, n *node) (tree.Tree, error) {
	if n == nil {
		err := fmt.Errorf("no such node: %w", source.ErrAbsent)
		return tree.Tree{}, tree.Problem{Kind: tree.Unusable, Origin: s.origin(s.root, 0), Err: err}
	}
	return p.ReadContext(ctx, n.text, s.origin(s.root, n.mzxid))
}
