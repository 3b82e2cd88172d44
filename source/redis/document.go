package redis

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

// documentLayout is the configuration in one string, which is a document.
type documentLayout struct {
	servers *servers
	key     string
	origin  tree.Origin
	bounds  source.Bounds
	page    document.Page
	held    value
	tree    tree.Tree // of what is held, if err is nil
	err     error     // why what is held can't be used
	over    bool      // it is too large
}

func newDocumentLayout(s *store) *documentLayout {
	limits := document.Limits{Bytes: s.opts.MaxBytes, Keys: s.opts.MaxKeys}
	return &documentLayout{
		key: s.prefix, origin: s.origin(s.prefix), bounds: s.bounds(),
		page: document.Page{Format: s.opts.Document, Limits: limits},
	}
}

func (d *documentLayout) channels() channels { return channels{key: d.key} }

func (d *documentLayout) flags() string { return "K$gxe" }

func (d *documentLayout) follow(s *servers) { d.servers = s }

func (d *documentLayout) deaf() bool { return d.over }

func (d *documentLayout) unfinished() bool { return false }

// read reads the key, and again if it is gone.
func (d *documentLayout) read(ctx context.Context, _ telling) error {
	d.servers.heard()
	now, err := d.get(ctx)
	if err == nil && now.kind == absent {
		now, err = d.get(ctx)
	}
	d.over = errors.Is(err, errTooLong)
	switch {
	case d.over:
		d.err = d.bounds.Check(0, d.bounds.OrDefault().MaxBytes+1, d.origin)
		return nil
	case err != nil:
		return fmt.Errorf("read: %w", err)
	}
	d.held, d.err = now, d.decode(now)
	return nil
}

func (d *documentLayout) get(ctx context.Context) (value, error) {
	reply, err := d.servers.ask(ctx, d.key, "GET", d.key)
	return held(reply, err)
}

// decode makes the tree of a document. A key that isn't there is content that
// can't be used, not a document of nothing.
func (d *documentLayout) decode(v value) (err error) {
	switch v.kind {
	case absent:
		err = fmt.Errorf("no such key: %w", source.ErrAbsent)
	case other:
		err = errors.New("key holds another type than a string")
	default:
		d.tree, err = d.page.Read(v.text, d.origin)
		return err
	}
	return tree.Problem{Kind: tree.Unusable, Origin: d.origin, Err: err}
}

func (d *documentLayout) update(ctx context.Context, how telling) error {
	if d.servers.heard().all {
		return errLost
	}
	return d.read(ctx, how)
}

// audit compares the document's length and a part of it.
func (d *documentLayout) audit(ctx context.Context, _ telling) error {
	const part = 1024
	from := rand.IntN(max(1, len(d.held.text)-part))
	want := d.held.text[from:min(from+part, len(d.held.text))]
	size, err := d.servers.ask(ctx, d.key, "STRLEN", d.key)
	same := size == int64(len(d.held.text)) && size != int64(0)
	if same {
		var got any
		got, err = d.servers.ask(ctx, d.key, "GETRANGE", d.key, strconv.Itoa(from), strconv.Itoa(from+part-1))
		same = got == want
	}
	switch {
	case err != nil && !isWrongType(err):
		return fmt.Errorf("read: %w", err)
	case same || d.over:
		return nil
	}
	return errLost
}

func (d *documentLayout) snapshot() source.Snapshot {
	if d.err != nil {
		return source.Snapshot{Err: d.err}
	}
	return source.Snapshot{Tree: d.tree}
}
