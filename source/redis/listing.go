package redis

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

// How often a reading is tried that a writer disturbs.
const (
	maxReadings = 10
	maxRounds   = 100
)

var errRestless = errors.New("read: the keys change faster than they can be read; a hash or a version key would help")

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
		snap.Err = &tree.Problem{Kind: tree.Unusable, Origin: l.origin(l.versioned), Err: err}
	}
	return snap
}

func (l *listing) read(ctx context.Context, told bool) error {
	read := l.readPolled
	if told {
		read = l.readSettled
	}
	next, err := read(ctx)
	var problem *tree.Problem
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

// setVersion takes the version key, if it is there, out of what was read.
func (l *listing) setVersion(read map[string]value) {
	if v, ok := read[l.versioned]; ok && l.versioned != "" {
		l.version = v
		delete(read, l.versioned)
	}
}

// readSettled reads everything, and then again what was notified meanwhile.
func (l *listing) readSettled(ctx context.Context) (map[string]value, error) {
	for range maxReadings {
		l.feed.drain()
		next, err := l.readPaged(ctx)
		if err != nil {
			return nil, err
		}
		if err := l.feed.sync(ctx); err != nil {
			return nil, err
		}
		dirty, lost := l.feed.drain()
		if lost {
			continue
		}
		found, lost, err := l.settle(ctx, dirty)
		if err != nil {
			return nil, err
		}
		if !lost {
			maps.Copy(next, found)
			return next, nil
		}
	}
	return nil, errRestless
}

// settle reads dirty keys, until no other key has become dirty meanwhile. No
// key but these has then been written since it was last read and before these
// were: what was read earlier and what it returns is the state of the server
// at one instant. A dirty key that was written again stays dirty.
func (l *listing) settle(ctx context.Context, dirty map[string]struct{}) (found map[string]value, lost bool, err error) {
	for range maxRounds {
		found, err = l.primaries.get(ctx, slices.Collect(maps.Keys(dirty)))
		if err != nil || len(dirty) == 0 {
			return found, false, err
		}
		if err := l.feed.sync(ctx); err != nil {
			return nil, false, err
		}
		if l.feed.within(dirty) {
			return found, false, nil
		}
		more, lost := l.feed.drain()
		if lost {
			return nil, true, nil
		}
		maps.Copy(dirty, more)
	}
	return nil, false, errRestless
}

// readPolled reads everything at one instant without being told what changes.
// All keys that there seem to be are read with one command. It was all of them
// if the version stayed the same until then, or if afterwards there are just
// those that it found.
func (l *listing) readPolled(ctx context.Context) (map[string]value, error) {
	next, err := l.readPaged(ctx)
	if err != nil || l.isAsBefore(next) {
		return next, err
	}
	before, err := l.readVersion(ctx)
	if err != nil {
		return nil, err
	}
	names, err := l.names(ctx)
	for range maxReadings {
		if err != nil {
			return nil, err
		}
		next, err := l.primaries.get(ctx, l.all(names))
		if err != nil {
			return nil, err
		}
		if err := l.tooLarge(l.measure(next)); err != nil {
			return nil, err
		}
		if l.versioned != "" && next[l.versioned] == before {
			return next, nil
		}
		names, err = l.names(ctx)
		if err == nil && l.areThere(next, names) {
			return next, nil
		}
		before = next[l.versioned]
	}
	return nil, errRestless
}

func (l *listing) readVersion(ctx context.Context) (value, error) {
	if l.versioned == "" {
		return value{}, nil
	}
	got, err := l.primaries.get(ctx, []string{l.versioned})
	return got[l.versioned], err
}

// readPaged reads everything, a page of keys after another.
func (l *listing) readPaged(ctx context.Context) (map[string]value, error) {
	names, err := l.names(ctx)
	if err != nil {
		return nil, err
	}
	next, keys, bytes := make(map[string]value, len(names)), 0, 0
	for page := range slices.Chunk(l.all(names), pageSize) {
		found, err := l.primaries.get(ctx, page)
		if err != nil {
			return nil, err
		}
		maps.Copy(next, found)
		n, size := l.measure(found)
		keys, bytes = keys+n, bytes+size
		if err := l.tooLarge(keys, bytes); err != nil {
			return nil, err
		}
	}
	return next, nil
}

// names are the keys below the prefix. It looks twice before it says that there
// are none.
func (l *listing) names(ctx context.Context) (map[string]struct{}, error) {
	names := make(map[string]struct{}, len(l.values))
	for range 2 {
		err := l.primaries.scan(ctx, escape(l.prefix)+"*", func(page []string) error {
			for _, key := range page {
				if key != l.versioned || l.versioned == "" {
					names[key] = struct{}{}
				}
			}
			return l.tooLarge(len(names), 0)
		})
		if err != nil || len(names) > 0 {
			return names, err
		}
	}
	return names, nil
}

// all are the keys to read: those that were found, those that have been known,
// and the version key. Known keys are asked for by name before they count as
// gone: on a Cluster, one may have been on its way to another node.
func (l *listing) all(names map[string]struct{}) []string {
	keys := slices.Collect(maps.Keys(names))
	for key := range l.values {
		if _, found := names[key]; !found {
			keys = append(keys, key)
		}
	}
	if l.versioned != "" {
		keys = append(keys, l.versioned)
	}
	return keys
}

// isAsBefore reports whether what was read is what is known.
func (l *listing) isAsBefore(read map[string]value) bool {
	for key, v := range read {
		known := l.values[key]
		if key == l.versioned && l.versioned != "" {
			known = l.version
		}
		if v != known {
			return false
		}
	}
	return true
}

// areThere reports whether the keys that were read to be there are just those
// with these names.
func (l *listing) areThere(read map[string]value, names map[string]struct{}) bool {
	n := 0
	for key, v := range read {
		if v.kind == absent || key == l.versioned && l.versioned != "" {
			continue
		}
		if _, ok := names[key]; !ok {
			return false
		}
		n++
	}
	return n == len(names)
}

// measure counts the keys of the tree that were read to be there, and their bytes.
func (l *listing) measure(read map[string]value) (keys, bytes int) {
	for key, v := range read {
		if v.kind != absent && (key != l.versioned || l.versioned == "") {
			keys++
			bytes += len(key) + len(v.text)
		}
	}
	return keys, bytes
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
