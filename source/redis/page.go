package redis

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

// page is the configuration in one string, which is a document.
type page struct {
	store     *store
	primaries *primaries
	feed      *feed
	held      value
	decoded   string    // what tree is of
	tree      tree.Tree // of the last document that could be used
	err       error     // why the one that is held can't be
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

// decode makes the tree of a document, if it isn't the one that it is of. A
// key that isn't there is content that can't be used, not a document of nothing.
func (p *page) decode(v value) error {
	origin := p.store.origin(p.store.prefix)
	unusable := func(err error) error { return &tree.Problem{Kind: tree.Unusable, Origin: origin, Err: err} }
	switch {
	case v.kind == absent:
		return unusable(fmt.Errorf("no such key: %w", source.ErrAbsent))
	case v.kind == other:
		return unusable(errors.New("key holds another type than a string"))
	case p.tree.Root() != nil && v.text == p.decoded:
		return nil
	}
	next, err := document.Decode(p.store.opts.Document, []byte(v.text), p.store.limits())
	if err != nil {
		return locate(err, origin)
	}
	p.tree = tree.Reuse(p.tree, next).Located(func(_ tree.Path, at tree.Place) tree.Origin {
		origin := origin
		origin.Line, origin.Column = int(at.Line), int(at.Column)
		return origin
	})
	p.decoded = v.text
	return nil
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

// limits are the options' bounds as the decoder has them.
func (s *store) limits() document.Limits {
	unbounded := func(n int) int {
		if n < 0 {
			return math.MaxInt
		}
		return n
	}
	return document.Limits{Bytes: unbounded(s.opts.MaxBytes), Keys: unbounded(s.opts.MaxKeys)}
}

// locate gives a decoder's problems, which know their line and column, the
// origin of the document.
func locate(err error, origin tree.Origin) error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, e := range joined.Unwrap() {
			all = append(all, locate(e, origin))
		}
		return errors.Join(all...)
	}
	var problem tree.Problem
	if !errors.As(err, &problem) {
		problem = tree.Problem{Kind: tree.Unusable, Err: err}
	}
	origin.Line, origin.Column = problem.Origin.Line, problem.Origin.Column
	problem.Origin = origin
	return &problem
}
