package consul

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/consul/api"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

// contents makes snapshots of answers, each sharing with the one before all
// that didn't change.
type contents interface {
	take(answer) source.Snapshot
}

// listing is the contents of a prefix, as they were when they could last be used.
type listing struct {
	store   *store
	entries []entry // sorted by key
	tree    tree.Tree
}

// entry is a key as far as it matters here.
type entry struct {
	key, value string
	index      int64 // of its last write
	folder     bool
}

// take applies to the tree what is different from the listing before. Where a
// value was written again as it was, its place changes and the tree stays the Same.
func (l *listing) take(got answer) source.Snapshot {
	snap := source.Snapshot{Revision: strconv.FormatUint(got.index, 10)}
	if snap.Err = l.store.tooLarge(got.pairs); snap.Err != nil {
		return snap
	}
	next := l.store.entries(got.pairs)
	gone, put := diff(l.entries, next)
	edit := l.tree.Edit()
	for _, e := range gone {
		path, _, _ := l.store.keys.Path(e.key)
		edit.Delete(path)
	}
	var problems []error
	for _, e := range put {
		path, _, err := l.store.keys.Path(e.key)
		if err == nil && e.folder && e.value != "" {
			err = fmt.Errorf("key ends in %q, as a folder does, and has a value", l.store.opts.Separator)
		}
		at := tree.Place{Revision: e.index}
		switch {
		case err != nil:
			origin := l.store.origin(e.key, e.index)
			problems = append(problems, tree.Problem{Kind: tree.Unusable, Origin: origin, Err: err})
		case e.folder:
			edit.SetFolder(path, at)
		default:
			edit.Set(path, e.value, at)
		}
	}
	if snap.Err = errors.Join(problems...); snap.Err != nil {
		return snap
	}
	if len(gone)+len(put) > 0 {
		l.tree = edit.Tree().Located(l.store.locate)
		l.entries = next
	}
	snap.Tree = l.tree
	return snap
}

// entries are the keys of a list in order. A folder that is a value as well is
// left out: it says nothing that the value doesn't.
func (s *store) entries(pairs api.KVPairs) []entry {
	entries := make([]entry, len(pairs))
	folders := false
	for i, p := range pairs {
		folder := strings.HasSuffix(p.Key, s.opts.Separator)
		entries[i] = entry{p.Key, string(p.Value), int64(p.ModifyIndex), folder}
		folders = folders || folder
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.key, b.key) })
	if !folders {
		return entries
	}
	all := slices.Clone(entries)
	return slices.DeleteFunc(entries, func(e entry) bool {
		if !e.folder || e.value != "" {
			return false
		}
		_, found := slices.BinarySearchFunc(all, strings.TrimSuffix(e.key, s.opts.Separator),
			func(e entry, key string) int { return strings.Compare(e.key, key) })
		return found
	})
}

// diff compares two sorted lists: the entries whose key is in old only, and
// those of next that aren't in old as they are.
func diff(old, next []entry) (gone, put []entry) {
	for len(old) > 0 || len(next) > 0 {
		switch {
		case len(next) == 0 || len(old) > 0 && old[0].key < next[0].key:
			gone = append(gone, old[0])
			old = old[1:]
		case len(old) == 0 || next[0].key < old[0].key:
			put = append(put, next[0])
			next = next[1:]
		default:
			if old[0] != next[0] {
				put = append(put, next[0])
			}
			old, next = old[1:], next[1:]
		}
	}
	return gone, put
}

// tooLarge is the problem of a list beyond the bounds, or nil.
func (s *store) tooLarge(pairs api.KVPairs) error {
	bytes := 0
	for _, p := range pairs {
		bytes += len(p.Key) + len(p.Value)
	}
	var err error
	switch {
	case s.opts.MaxKeys >= 0 && len(pairs) > s.opts.MaxKeys:
		err = fmt.Errorf("%d keys, more than the %d of MaxKeys", len(pairs), s.opts.MaxKeys)
	case s.opts.MaxBytes >= 0 && bytes > s.opts.MaxBytes:
		err = fmt.Errorf("%d bytes, more than the %d of MaxBytes", bytes, s.opts.MaxBytes)
	default:
		return nil
	}
	return tree.Problem{Kind: tree.TooLarge, Origin: s.origin(s.keys.Root, 0), Err: err}
}

// locate tells the origin of a value of a listing.
func (s *store) locate(p tree.Path, at tree.Place) tree.Origin {
	return s.origin(s.keys.Key(p), at.Revision)
}
