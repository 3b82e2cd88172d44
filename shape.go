package confsync

import (
	"reflect"

	"github.com/confsync/confsync/binder"
	"github.com/confsync/confsync/tree"
)

// ShapeOf returns what a type says about the keys that fill it, for those that
// have to know before a Config is opened, such as flags.Define. It returns an
// error for a type that [Open] refuses.
func ShapeOf[T any]() (*tree.Shape, error) {
	b, err := binder.New(reflect.TypeFor[T]())
	if err != nil {
		return nil, err
	}
	return b.Shape(), nil
}
