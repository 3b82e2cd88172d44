package consul

import (
	"fmt"
	"strconv"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

// page is the contents of one key that holds a document.
type page struct {
	store *store
	doc   document.Page
}

func (s *store) newPage() *page {
	limits := document.Limits{Bytes: s.opts.MaxBytes, Keys: s.opts.MaxKeys}
	return &page{store: s, doc: document.Page{Format: s.opts.Document, Limits: limits}}
}

// take reads the document, if it isn't the one that was read last. A key that
// isn't there is content that can't be used, not a document of nothing.
func (p *page) take(got answer) source.Snapshot {
	snap := source.Snapshot{Revision: strconv.FormatUint(got.index, 10)}
	if len(got.pairs) == 0 {
		snap.Err = tree.Problem{
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
	snap.Tree, snap.Err = p.doc.Read(string(pair.Value), at)
	return snap
}
