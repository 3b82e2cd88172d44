package redis

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

// listing is the configuration in keys of its own.
type listing struct {
	contents
	primaries *primaries
	feed      *feed
	prefix    string // of all keys
	versioned string // the version key, "" when there is none
	version   value  // what it held when contents were read
	over      error  // the problem of a prefix that holds too much
}

func newListing(s *store, p *primaries) *listing {
	return &listing{
		contents:  newContents(s.opts, s.keys, s.origin),
		primaries: p,
		prefix:    s.keys.Prefix(),
		versioned: s.opts.VersionKey,
	}
}

func (l *listing) channels() channels {
	return channels{key: l.versioned, prefix: l.prefix, below: true}
}

// flags are those of strings, of commands on any key, of expiry and of eviction.
func (l *listing) flags() string { return "K$gxe" }

func (l *listing) follow(f *feed) { l.feed = f }

func (l *listing) deaf(told bool) bool { return l.over != nil || !told && l.versioned == "" }

func (l *listing) snapshot() source.Snapshot {
	if l.over != nil {
		return source.Snapshot{Err: l.over}
	}
	snap := l.contents.snapshot()
	if snap.Revision = l.version.text; l.versioned != "" && l.version.kind != text && len(l.values) > 0 {
		err := errors.New("the version key is not there, or no string, though others are there")
		snap.Err = tree.Problem{Kind: tree.Unusable, Origin: l.origin(l.versioned), Err: err}
	}
	return snap
}

func (l *listing) read(ctx context.Context, told bool) error {
	read := l.readPolled
	if told {
		read = l.readSettled
	}
	next, err := read(ctx)
	var problem tree.Problem
	l.over = nil
	switch {
	case errors.As(err, &problem):
		l.over = problem
		return nil
	case err != nil:
		return err
	}
	l.setVersion(next)
	l.replace(next)
	return nil
}

func (l *listing) update(ctx context.Context, told bool) error {
	dirty, lost := l.feed.drain()
	if !told && l.versioned != "" {
		now, err := l.readVersion(ctx)
		if err != nil || now == l.version {
			return err
		}
	}
	if told && !lost {
		var found map[string]value
		var err error
		if found, lost, err = l.settle(ctx, dirty); err != nil {
			return err
		}
		if !lost {
			l.setVersion(found)
			for key, v := range found {
				l.put(key, v)
			}
			return nil
		}
	}
	return l.read(ctx, told)
}

// isVersion reports whether a key is the version key, which no tree has.
func (l *listing) isVersion(key string) bool { return l.versioned != "" && key == l.versioned }

// setVersion takes the version key out of what was read, if it was.
func (l *listing) setVersion(read map[string]value) {
	if v, ok := read[l.versioned]; ok && l.versioned != "" {
		l.version = v
		delete(read, l.versioned)
	}
}

// sampleSize is how many keys an audit looks at.
const sampleSize = 16

// audit looks at some keys, picked anew each time, and at the version key.
func (l *listing) audit(ctx context.Context) ([]string, error) {
	if l.over != nil {
		return nil, nil
	}
	held := make(map[string]value, sampleSize+1)
	for key, v := range l.values { // in random order
		if len(held) == sampleSize {
			break
		}
		held[key] = v
	}
	if l.versioned != "" {
		held[l.versioned] = l.version
	}
	found, err := l.primaries.get(ctx, slices.Collect(maps.Keys(held)))
	var differ []string
	for key, v := range found {
		if v != held[key] {
			differ = append(differ, key)
		}
	}
	return differ, err
}
