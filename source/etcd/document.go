package etcd

import (
	"fmt"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

// page is the layout of one key that holds a document.
type page struct {
	store *store
	doc   document.Page
	row   source.Row
	there bool
}

func (s *store) newPage() *page {
	limits := document.Limits{Bytes: s.opts.MaxBytes, Keys: s.opts.MaxKeys}
	return &page{store: s, doc: document.Page{Format: s.opts.Document, Limits: limits}}
}

func (p *page) Put(r source.Row) { p.row, p.there = r, true }

func (p *page) Delete(string) { p.row, p.there = source.Row{}, false }

func (p *page) Replace(rows []source.Row) {
	p.Delete("")
	for _, r := range rows {
		p.Put(r)
	}
}

func (p *page) Get(string) (source.Row, bool) { return p.row, p.there }

func (p *page) Len() int {
	if p.there {
		return 1
	}
	return 0
}

func (p *page) TooLarge() error {
	return p.store.bounds().Check(0, len(p.row.Key)+len(p.row.Value), p.origin())
}

func (p *page) origin() tree.Origin { return p.store.origin(p.store.keys.Root, p.row.Revision) }

// Tree reads the document. A key that isn't there is content that can't be
// used, not a document of nothing.
func (p *page) Tree() (tree.Tree, error) {
	if err := p.TooLarge(); err != nil {
		return tree.Tree{}, err
	}
	if !p.there {
		err := fmt.Errorf("no such key: %w", source.ErrAbsent)
		return tree.Tree{}, tree.Problem{Kind: tree.Unusable, Origin: p.origin(), Err: err}
	}
	return p.doc.Read(p.row.Value, p.origin())
}
