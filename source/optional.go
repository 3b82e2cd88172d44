package source

import "github.com/confsync/confsync/tree"

// Optional is src, marked as one whose absence holds nothing up: a Config opens
// without it when its first attempt fails, or when it says that it has no
// content ([Snapshot].Err wraps [ErrAbsent]). It is watched like any other, and
// counts from when it appears.
func Optional(src Source) Source { return optional{src} }

// IsOptional reports whether src was made by [Optional], also inside [Named],
// [Mount] or any source with a method Unwrap() Source.
func IsOptional(src Source) bool {
	for {
		if _, ok := src.(optional); ok {
			return true
		}
		w, ok := src.(wrapper)
		if !ok {
			return false
		}
		src = w.Unwrap()
	}
}

type optional struct{ Source }

func (o optional) Unwrap() Source { return o.Source }

func (o optional) WithShape(shape *tree.Shape) (Source, error) {
	return reshape(o.Source, shape, Optional)
}
