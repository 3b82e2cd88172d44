package consul

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

// page is the contents of one key that holds a document.
type page struct {
	store *store
	text  []byte // what tree is of
	tree  tree.Tree
}

// take reads the document, if it isn't the one that was read last. A key that
// isn't there is content that can't be used, not a document of nothing.
func (p *page) take(got answer) source.Snapshot {
	snap := source.Snapshot{Revision: strconv.FormatUint(got.index, 10)}
	if len(got.pairs) == 0 {
		snap.Err = &tree.Problem{
			Kind:   tree.Unusable,
			Origin: p.store.origin(p.store.keys.Root, 0),
			Err:    fmt.Errorf("no such key: %w", source.ErrAbsent),
		}
		return snap
	}
	if snap.Err = p.store.tooLarge(got.pairs); snap.Err != nil {
		return snap
	}
	pair := got.pairs[0]
	at := p.store.origin(p.store.keys.Root, int64(pair.ModifyIndex))
	if p.tree.Root() == nil || !slices.Equal(p.text, pair.Value) {
		read, err := document.Decode(p.store.opts.Document, pair.Value, p.store.limits())
		if err != nil {
			snap.Err = document.Locate(err, at)
			return snap
		}
		p.tree, p.text = tree.Reuse(p.tree, read), pair.Value
	}
	p.tree = p.tree.Located(func(_ tree.Path, place tree.Place) tree.Origin {
		at := at
		at.Line, at.Column = int(place.Line), int(place.Column)
		return at
	})
	snap.Tree = p.tree
	return snap
}

// limits are the options' bounds as the decoder has them.
func (s *store) limits() document.Limits {
	unbounded := func(n int) int {
		if n < 0 {
			return math.MaxInt32
		}
		return n
	}
	return document.Limits{Bytes: unbounded(s.opts.MaxBytes), Keys: unbounded(s.opts.MaxKeys)}
}
