package redis

import (
	"context"
	"errors"
	"fmt"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

// oneKey is the configuration in one key, which one command reads: a hash, or a
// document.
type oneKey struct {
	key    string
	kind   string // of what the key holds, with its article
	events string // flags of the notifications that tell of it
	held   *document.Layout
	bounds source.Bounds
	origin tree.Origin

	// load reads the key, without rows if it isn't there.
	load func(context.Context) ([]source.Row, error)

	// same compares a little of what is held with what the server holds.
	same func(context.Context) (bool, error)

	servers *servers
	wrong   error // the problem of a key that is of another type, or too large
	over    bool  // it is too large
}

func (o *oneKey) channels() channels { return channels{key: o.key} }

func (o *oneKey) flags() string { return o.events }

func (o *oneKey) follow(s *servers) { o.servers = s }

func (o *oneKey) deaf() bool { return o.over }

func (o *oneKey) unfinished() bool { return false }

func (o *oneKey) halfway() bool { return false }

// read reads the key, and again if it is gone.
func (o *oneKey) read(ctx context.Context, _ way) error {
	o.servers.heard()
	rows, err := o.load(ctx)
	if err == nil && len(rows) == 0 {
		rows, err = o.load(ctx)
	}
	o.wrong, o.over = nil, errors.Is(err, errTooLong)
	switch {
	case isWrongType(err):
		o.wrong = tree.Problem{Kind: tree.Unusable, Origin: o.origin, Err: fmt.Errorf("key holds another type than %s", o.kind)}
	case o.over:
		most := o.bounds.OrDefault()
		o.wrong = o.bounds.Check(most.MaxKeys, most.MaxBytes+1, o.origin)
	case err != nil:
		return fmt.Errorf("read: %w", err)
	default:
		o.held.Replace(rows)
	}
	return nil
}

func (o *oneKey) update(ctx context.Context, how way) error {
	if o.servers.heard().all {
		return errLost
	}
	return o.read(ctx, how)
}

func (o *oneKey) audit(ctx context.Context, _ way) error {
	if o.over {
		return nil
	}
	same, err := o.same(ctx)
	switch {
	case err != nil && !isWrongType(err):
		return fmt.Errorf("read: %w", err)
	case (err != nil) != (o.wrong != nil) || err == nil && !same:
		return errLost
	}
	return nil
}

func (o *oneKey) snapshot(ctx context.Context) source.Snapshot {
	if o.wrong != nil {
		return source.Snapshot{Err: o.wrong}
	}
	next, err := o.held.Tree(ctx)
	return source.Snapshot{Tree: next, Err: err}
}
