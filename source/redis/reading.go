package redis

import (
	"context"
	"errors"
	"maps"
	"slices"
)

// How often a reading is tried that a writer disturbs.
const (
	maxReadings = 10
	maxRounds   = 100
)

var errRestless = errors.New("read: the keys change faster than they can be read; a hash or a version key would help")

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
				if !l.isVersion(key) {
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
		if l.isVersion(key) {
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
		if v.kind == absent || l.isVersion(key) {
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
		if v.kind != absent && !l.isVersion(key) {
			keys++
			bytes += len(key) + len(v.text)
		}
	}
	return keys, bytes
}
