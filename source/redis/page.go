package redis

import (
	"context"
	"errors"
	"fmt"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

// page is the configuration in one string, which is a document.
type page struct {
	store     *store
	primaries *primaries
	feed      *feed
	doc       document.Page
	held      value
	tree      tree.Tree // of what is held, if err is nil
	err       error     // why what is held can't be used
}

func (s *store) newPage(p *primaries) *page {
	limits := document.Limits{Bytes: s.opts.MaxBytes, Keys: s.opts.MaxKeys}
	return &page{store: s, primaries: p, doc: document.Page{Format: s.opts.Document, Limits: limits}}
}

func (p *page) channels() channels { return channels{key: p.store.prefix} }

func (p *page) flags() string { return "K$gxe" }

func (p *page) follow(f *feed) { p.feed = f }

func (p *page) deaf(bool) bool { return false }

// read reads the key, and again if it is gone.
func (p *page) read(ctx context.Context, _ bool) error {
	p.feed.drain()
	now, err := p.get(ctx)
	if err == nil && now.kind == absent {
		now, err = p.get(ctx)
	}
	if err != nil {
		return err
	}
	p.held, p.err = now, p.decode(now)
	return nil
}

func (p *page) get(ctx context.Context) (value, error) {
	got, err := p.primaries.get(ctx, []string{p.store.prefix})
	return got[p.store.prefix], err
}

// decode makes the tree of a document. A key that isn't there is content that
// can't be used, not a document of nothing.
func (p *page) decode(v value) (err error) {
	origin := p.store.origin(p.store.prefix)
	switch v.kind {
	case absent:
		err = fmt.Errorf("no such key: %w", source.ErrAbsent)
	case other:
		err = errors.New("key holds another type than a string")
	default:
		p.tree, err = p.doc.Read(v.text, origin)
		return err
	}
	return tree.Problem{Kind: tree.Unusable, Origin: origin, Err: err}
}

func (p *page) update(ctx context.Context, told bool) error { return p.read(ctx, told) }

// audit compares the whole document.
func (p *page) audit(ctx context.Context) ([]string, error) {
	now, err := p.get(ctx)
	if err != nil || now == p.held {
		return nil, err
	}
	return []string{p.store.prefix}, nil
}

func (p *page) snapshot() source.Snapshot {
	if p.err != nil {
		return source.Snapshot{Err: p.err}
	}
	return source.Snapshot{Tree: p.tree}
}
