package source

import (
	"context"
	"fmt"

	"github.com/confsync/confsync/tree"
)

// Mount returns src with its whole tree put below a path, written as
// [tree.ParsePath] reads it: Mount("db", s) of {port: 1} is {db: {port: 1}}.
// The empty path changes nothing. A path that can't be read is a panic.
func Mount(path string, src Source) Source {
	p, err := tree.ParsePath(path)
	if err != nil {
		panic(fmt.Sprintf("source.Mount: %v", err))
	}
	return mounted{src, p}
}

type mounted struct {
	Source
	path tree.Path
}

func (m mounted) Unwrap() Source { return m.Source }

// WithShape hands on the part of the shape that the path leads to.
func (m mounted) WithShape(shape *tree.Shape) (Source, error) {
	if _, ok := m.Source.(Shaped); ok {
		if shape = shape.Sub(m.path); shape == nil {
			return nil, fmt.Errorf("mounted at %q, where the type has no field", m.path)
		}
	}
	return reshape(m.Source, shape, func(src Source) Source { return mounted{src, m.path} })
}

func (m mounted) Watch(ctx context.Context, emit func(Snapshot)) error {
	return m.Source.Watch(ctx, func(snap Snapshot) {
		snap.Tree = snap.Tree.Mount(m.path)
		snap.Err = tree.EditProblems(snap.Err, func(p *tree.Problem) { p.Path = m.path.Child(p.Path...) })
		emit(snap)
	})
}
