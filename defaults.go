package confsync

import (
	"context"

	"github.com/confsync/confsync/binder"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

// Defaults returns a source made of a struct's value, most often the lowest
// layer: what a program has in a function DefaultConfig. Its keys are those by
// which the struct is filled. Fields that are zero are left out, so that default
// tags and lower layers count there. The value is copied.
func Defaults[T any](v T) source.Source {
	var zero T
	all, err := binder.ToTree(v)
	none, _ := binder.ToTree(zero)
	values := tree.Of(without(all.Root(), none.Root())).Located(func(path tree.Path, _ tree.Place) tree.Origin {
		return tree.Origin{Kind: "defaults", Key: path.String()}
	})
	return &defaults{snap: source.Snapshot{Tree: values, Err: err}}
}

type defaults struct {
	snap   source.Snapshot
	single source.Single
}

func (d *defaults) Name() string { return "defaults" }

func (d *defaults) Watch(ctx context.Context, emit func(source.Snapshot)) error {
	if err := d.single.Enter(); err != nil {
		return err
	}
	defer d.single.Leave()
	emit(d.snap)
	<-ctx.Done()
	return ctx.Err()
}
