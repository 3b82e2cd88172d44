package compare

import (
	"context"
	"strconv"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

// store is a source in memory that does what those of real stores do: it edits
// its tree as keys change, and emits it.
type store struct {
	name  string
	first source.Snapshot
	next  chan source.Snapshot // no buffer; sent by apply, never closed
	tree  tree.Tree            // the newest
	count int64                // of revisions
}

func newStore(name string, v values) (*store, error) {
	t, err := tree.FromGo(v)
	return &store{name: name, tree: t, first: source.Snapshot{Tree: t, Revision: "0"}, next: make(chan source.Snapshot)}, err
}

func (s *store) Name() string { return s.name }

func (s *store) Watch(ctx context.Context, emit func(source.Snapshot)) error {
	emit(s.first)
	for {
		select {
		case snap := <-s.next:
			emit(snap)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// setting is a key with its value as text, as stores hold it.
type setting struct {
	path tree.Path
	text string
}

// apply makes changes one revision.
func (s *store) apply(sets []setting, deletes []tree.Path) {
	s.count++
	edit := s.tree.Edit()
	for _, set := range sets {
		edit.Set(set.path, set.text, tree.Place{Revision: s.count})
	}
	for _, path := range deletes {
		edit.Delete(path)
	}
	s.tree = edit.Tree()
	s.next <- source.Snapshot{Tree: s.tree, Revision: strconv.FormatInt(s.count, 10)}
}
