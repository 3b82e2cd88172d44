package source

import (
	"context"

	"github.com/confsync/confsync/tree"
)

// Named returns src under another name, in its status and as the layer of its
// values' origins. It tells two sources of one kind apart.
func Named(name string, src Source) Source { return named{src, tree.Printable(name)} }

type named struct {
	Source
	name string
}

func (n named) Name() string   { return n.name }
func (n named) Unwrap() Source { return n.Source }

func (n named) WithShape(shape *tree.Shape) (Source, error) {
	return reshape(n.Source, shape, func(src Source) Source { return Named(n.name, src) })
}

func (n named) Watch(ctx context.Context, emit func(Snapshot)) error {
	return n.Source.Watch(ctx, func(snap Snapshot) {
		read := snap.Tree
		snap.Tree = read.Located(func(p tree.Path, _ tree.Place) tree.Origin {
			o, _ := read.Origin(p)
			o.Layer = n.name
			return o
		})
		emit(snap)
	})
}
