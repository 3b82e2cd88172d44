package source

import (
	"iter"

	"github.com/confsync/confsync/tree"
)

// find yields the sources of a type among src and those that it stands before,
// the outermost first.
func find[S Source](src Source) iter.Seq[S] {
	return func(yield func(S) bool) {
		for {
			if found, ok := src.(S); ok && !yield(found) {
				return
			}
			outer, ok := src.(interface{ Unwrap() Source })
			if !ok {
				return
			}
			src = outer.Unwrap()
		}
	}
}

// reshape gives the source inside another the shape, if it wants one, and
// wraps what it becomes.
func reshape(inner Source, shape *tree.Shape, wrap func(Source) Source) (Source, error) {
	shaped, ok := inner.(Shaped)
	if !ok {
		return wrap(inner), nil
	}
	next, err := shaped.WithShape(shape)
	if err != nil {
		return nil, err
	}
	return wrap(next), nil
}
