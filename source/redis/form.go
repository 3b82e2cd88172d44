package redis

import (
	"context"

	"github.com/confsync/confsync/source"
)

// form is one of the ways in which a configuration is kept, and what has been
// read of it so far.
type form interface {
	// channels are the keys whose changes matter.
	channels() channels

	// flags are what notify-keyspace-events must have for all changes to be told.
	flags() string

	// follow gives the form the feed of its channels. It is called once, first.
	follow(*feed)

	// read takes in everything, as it was at one instant. told says that
	// notifications can be relied on.
	read(ctx context.Context, told bool) error

	// update takes in what has changed since. Where notifications are relied on
	// it need look only at what they have told.
	update(ctx context.Context, told bool) error

	// deaf reports whether a notification is no reason for an update.
	deaf(told bool) bool

	// audit compares a little of what was read with what the server holds, and
	// returns the keys that differ.
	audit(ctx context.Context) ([]string, error)

	snapshot() source.Snapshot
}

func (s *store) form(p *primaries) form {
	switch {
	case s.opts.Document != 0:
		return s.newPage(p)
	case s.opts.Hash:
		return newHash(s, p)
	}
	return newListing(s, p)
}
