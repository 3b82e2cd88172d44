package consul

import (
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

// layout is how a configuration is kept in the store, and what is held of it:
// keys ([source.Table]) or one document ([document.Key]).
type layout interface {
	Replace([]source.Row)
	Rows() []source.Row
	Len() int
	Tree() (tree.Tree, error)
}

func (s *store) layout() layout {
	if s.opts.Document != 0 {
		limits := document.Limits{Bytes: s.opts.MaxBytes, Keys: s.opts.MaxKeys}
		return &document.Key{
			Name: s.keys.Root, Page: document.Page{Format: s.opts.Document, Limits: limits},
			Bounds: s.bounds(), Origin: s.origin,
		}
	}
	return &source.Table{Keys: s.keys, Bounds: s.bounds(), Origin: s.origin}
}
