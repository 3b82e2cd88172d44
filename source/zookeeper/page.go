package zookeeper

import (
	"fmt"
	"math"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

// page is the tree of a node that holds a document.
type page struct {
	text string // what tree is of
	tree tree.Tree
}

// read is the tree of a root that is n, or missing if that is nil. A document
// that isn't there is content that can't be used, not one of nothing.
func (p *page) read(s *store, n *node) (tree.Tree, error) {
	if n == nil {
		err := fmt.Errorf("no such node: %w", source.ErrAbsent)
		return tree.Tree{}, tree.Problem{Kind: tree.Unusable, Origin: s.origin(s.root, 0), Err: err}
	}
	at := s.origin(s.root, n.mzxid)
	if p.tree.Root() == nil || p.text != n.text {
		read, err := document.Decode(s.opts.Document, []byte(n.text), s.limits())
		if err != nil {
			return tree.Tree{}, document.Locate(err, at)
		}
		p.tree, p.text = tree.Reuse(p.tree, read), n.text
	}
	p.tree = p.tree.Located(func(_ tree.Path, place tree.Place) tree.Origin {
		at := at
		at.Line, at.Column = int(place.Line), int(place.Column)
		return at
	})
	return p.tree, nil
}

// limits are the options' bounds as the decoder has them. That on nodes has no
// part in it.
func (s *store) limits() document.Limits {
	if s.opts.MaxBytes < 0 {
		return document.Limits{Bytes: math.MaxInt}
	}
	return document.Limits{Bytes: s.opts.MaxBytes}
}
