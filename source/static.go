package source

import (
	"context"

	"github.com/confsync/confsync/tree"
)

// Static returns a source of values that never change, such as a program's own
// defaults. They are copied. Values of the kinds that [tree.FromGo] takes may
// be given; any other is reported as [Snapshot].Err.
func Static(name string, values map[string]any) Source {
	name = tree.Printable(name)
	t, err := tree.FromGo(values)
	if err != nil {
		return &static{name: name, snap: Snapshot{Err: err}}
	}
	return &static{name: name, snap: Snapshot{Tree: t.Located(func(tree.Path, tree.Place) tree.Origin {
		return tree.Origin{Layer: name, Kind: name}
	})}}
}

type static struct {
	name   string
	snap   Snapshot
	single Single
}

func (s *static) Name() string { return s.name }

func (s *static) Watch(ctx context.Context, emit func(Snapshot)) error {
	if err := s.single.Enter(); err != nil {
		return err
	}
	defer s.single.Leave()
	emit(s.snap)
	<-ctx.Done()
	return ctx.Err()
}
