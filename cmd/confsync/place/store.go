package place

import (
	"context"
	"errors"
	"fmt"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

// ErrMoved is returned by [Store.Apply] when the store no longer holds what the
// changes were planned against. Nothing of that transaction was written.
var ErrMoved = errors.New("the store has changed since the plan was made")

// Store is a place that can be written to.
type Store interface {
	// Read returns all that the store holds below the prefix.
	Read(ctx context.Context) (map[string]Entry, error)

	// Apply makes changes in one transaction. It returns [ErrMoved] when a key
	// isn't any more as the change says.
	Apply(ctx context.Context, changes []Change) error

	// Batch returns how many changes one transaction takes, 0 when there is no
	// bound.
	Batch() int

	// Layout returns how paths become keys.
	Layout() Layout
}

// Entry is what a store holds at a key.
type Entry struct {
	Value    string
	Revision int64 // of the key's last write; 0 where the store has none
}

// Change is what is to become of a key.
type Change struct {
	Key string
	Old *Entry  // nil: the key isn't there
	New *string // nil: it is deleted
}

// Layout says how a configuration is kept in a store.
type Layout struct {
	Document document.Format // one key, Root, that holds a document; 0: keys
	Keys     source.Keys
}

// Key returns the key of a path.
func (l Layout) Key(p tree.Path) string { return l.Keys.Key(p) }

// apply makes the changes of one batch after another. It returns how many were
// made.
func apply(ctx context.Context, s Store, changes []Change) (made int, err error) {
	size := s.Batch()
	if size == 0 {
		size = len(changes)
	}
	for len(changes) > 0 {
		n := min(size, len(changes))
		if err := s.Apply(ctx, changes[:n]); err != nil {
			return made, err
		}
		made += n
		changes = changes[n:]
	}
	return made, nil
}

// Apply makes all changes, in as many transactions as it takes. When one is
// refused, those before it stay, and the error says how many changes they made.
func Apply(ctx context.Context, s Store, changes []Change) error {
	made, err := apply(ctx, s, changes)
	if err != nil && made > 0 {
		return fmt.Errorf("%w (%d of %d changes had been made)", err, made, len(changes))
	}
	return err
}
