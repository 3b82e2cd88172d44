package document

import (
	"context"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

// Layout is what is held of a configuration in a store of keys, which keeps it in
// keys of its own ([source.Table]) or as the document at one key ([Key]). It is
// for one goroutine.
type Layout struct{ holder }

type holder interface {
	Put(source.Row)
	Delete(key string)
	Replace([]source.Row)
	Get(key string) (source.Row, bool)
	Rows() []source.Row
	Len() int
	TooLarge() error
	Tree() (tree.Tree, error)
}

// NewLayout returns a Layout that holds nothing yet: of the document at the root
// of the keys if doc has a Format or a Decode, and otherwise of all keys below
// it. The limits of the document are the bounds. Origin is as in [source.Table].
func NewLayout(keys source.Keys, doc Page, bounds source.Bounds, origin func(key string, revision int64) tree.Origin) *Layout {
	if doc.Format == 0 && doc.Decode == nil {
		return &Layout{&source.Table{Keys: keys, Bounds: bounds, Origin: origin}}
	}
	doc.Limits = Limits{Bytes: bounds.MaxBytes, Keys: bounds.MaxKeys}
	return &Layout{&Key{Name: keys.Root, Page: doc, Bounds: bounds, Origin: origin}}
}

// Tree returns the tree of what is held, or why there is none. A document that is
// being read is given up, with ctx's error, when ctx ends.
func (l *Layout) Tree(ctx context.Context) (tree.Tree, error) {
	if k, ok := l.holder.(*Key); ok {
		return k.TreeContext(ctx)
	}
	return l.holder.Tree()
}
