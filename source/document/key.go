package document

import (
	"context"
	"fmt"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

// Key is the document that a store of keys holds at one of them. It takes what
// [source.Table] takes, so that a store can use the one or the other. The
// fields are set before the first use. A Key is for one goroutine.
type Key struct {
	Name   string
	Page   Page
	Bounds source.Bounds

	// Origin returns where the key stands that was last written at a revision, 0
	// when that isn't known.
	Origin func(key string, revision int64) tree.Origin

	row   source.Row
	there bool
}

// Put takes in what the store holds at the key now. Other keys are ignored.
func (k *Key) Put(r source.Row) {
	if r.Key == k.Name {
		k.row, k.there = r, true
	}
}

// Delete takes in that a key is not there.
func (k *Key) Delete(key string) {
	if key == k.Name {
		k.row, k.there = source.Row{}, false
	}
}

// Replace takes in all that there is now.
func (k *Key) Replace(rows []source.Row) {
	k.Delete(k.Name)
	for _, r := range rows {
		k.Put(r)
	}
}

// Get returns what is held at a key, and reports whether it is there.
func (k *Key) Get(key string) (source.Row, bool) {
	return k.row, k.there && key == k.Name
}

// Rows returns all that is held: one row or none.
func (k *Key) Rows() []source.Row {
	if !k.there {
		return nil
	}
	return []source.Row{k.row}
}

// Len returns the number of keys, which is one or none.
func (k *Key) Len() int { return len(k.Rows()) }

// TooLarge returns the problem of a document beyond the bound on bytes, or nil.
func (k *Key) TooLarge() error {
	return k.Bounds.Check(0, len(k.row.Value), k.Origin(k.Name, k.row.Revision))
}

// Tree returns the tree of the document. A key that isn't there is an error that
// wraps [source.ErrAbsent], and not a document of nothing.
func (k *Key) Tree() (tree.Tree, error) { return k.TreeContext(context.Background()) }

// TreeContext is like Tree, and ends early with ctx's error when ctx ends.
func (k *Key) TreeContext(ctx context.Context) (tree.Tree, error) {
	at := k.Origin(k.Name, k.row.Revision)
	if err := k.TooLarge(); err != nil {
		return tree.Tree{}, err
	}
	if !k.there {
		err := fmt.Errorf("no such key: %w", source.ErrAbsent)
		return tree.Tree{}, tree.Problem{Kind: tree.Unusable, Origin: at, Err: err}
	}
	return k.Page.ReadContext(ctx, k.row.Value, at)
}
