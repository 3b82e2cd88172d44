package source

import "github.com/confsync/confsync/tree"

// wrapper is what a source that stands before another one has, so that
// questions about the inner one can be answered.
type wrapper interface{ Unwrap() Source }

// reshape gives the source inside a wrapper the shape, if it wants one, and
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
