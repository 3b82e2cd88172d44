package redis

import (
	"context"
	"errors"

	"github.com/confsync/confsync/source"
)

// layout is one of the ways in which a configuration is kept, and what has been
// read of it so far.
type layout interface {
	// channels are the keys whose changes matter.
	channels() channels

	// flags are what notify-keyspace-events must have for all changes to be told.
	flags() string

	// follow says where the layout is read from. It is called once, first.
	follow(*servers)

	// read takes in everything.
	read(context.Context, way) error

	// update takes in what has changed since. Where changes are told of it need
	// look only at these. It returns errLost when everything must be read.
	update(context.Context, way) error

	// unfinished reports whether there is more to update than what was told since.
	unfinished() bool

	// halfway reports whether the next update makes a state of what the last one
	// has read, so that it shouldn't wait.
	halfway() bool

	// deaf reports whether what is told is no reason for an update, since the
	// layout holds too much.
	deaf() bool

	// audit compares a little of what was read with what the servers hold, and
	// returns errLost if that differs and nobody told of it.
	audit(context.Context, way) error

	// snapshot returns what was read, with a note if that may be of no one instant.
	// It is of no use when the context has ended.
	snapshot(context.Context) source.Snapshot
}

// errLost says that it isn't known which keys have changed.
var errLost = errors.New("any key may have changed")

func (s *store) layout() layout {
	switch {
	case s.isDocument():
		return newDocument(s)
	case s.opts.Hash:
		return newHash(s)
	}
	return newKeysLayout(s)
}
