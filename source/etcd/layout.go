package etcd

import (
	"context"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

// layout is how a configuration is kept in the store, and what is held of it:
// keys ([source.Table]) or one document ([document.Key]).
type layout interface {
	Put(source.Row)
	Delete(key string)
	Replace([]source.Row)
	Get(key string) (source.Row, bool)
	Len() int
	TooLarge() error
	Tree() (tree.Tree, error)
}

// tree returns the tree of what is held, or why there is none.
func (w *watch) tree(ctx context.Context) (tree.Tree, error) {
	if k, ok := w.held.(*document.Key); ok {
		return k.TreeContext(ctx)
	}
	return w.held.Tree()
}

func (s *store) layout() layout {
	if s.isDocument() {
		limits := document.Limits{Bytes: s.opts.MaxBytes, Keys: s.opts.MaxKeys}
		return &document.Key{
			Name: s.keys.Root, Page: document.Page{Format: s.opts.Document, Decode: s.opts.Decode, Limits: limits},
			Bounds: s.bounds(), Origin: s.origin,
		}
	}
	return &source.Table{Keys: s.keys, Bounds: s.bounds(), Origin: s.origin}
}
