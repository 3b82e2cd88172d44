package source

import (
	"context"
	"errors"
	"slices"

	"github.com/confsync/confsync/tree"
)

const noteAbsent = "absent: it counts as no keys"

// Optional returns src, marked as one whose absence holds nothing up: a Config
// opens without it when its first attempt fails. While it says that it has no
// content ([Snapshot].Err wraps [ErrAbsent]), from the start or later, it
// counts as a source with no keys, and a Note says so. It is watched like any
// other, and counts from when it appears. Out of reach is not absent: what was
// read last stays.
func Optional(src Source) Source { return optional{src} }

// IsOptional reports whether src was made by [Optional], also inside [Named],
// [Mount] or any source with a method Unwrap() Source.
func IsOptional(src Source) bool {
	for range find[optional](src) {
		return true
	}
	return false
}

type optional struct{ Source }

func (o optional) Unwrap() Source { return o.Source }

func (o optional) WithShape(shape *tree.Shape) (Source, error) {
	return reshape(o.Source, shape, Optional)
}

func (o optional) Watch(ctx context.Context, emit func(Snapshot)) error {
	return o.Source.Watch(ctx, func(snap Snapshot) {
		if snap.Err = sound(snap.Err); absent(snap.Err) {
			snap.Tree, snap.Err = tree.Tree{}, nil
			snap.addNote(noteAbsent)
		}
		emit(snap)
	})
}

// absent reports whether an error says that there is no content, and nothing else.
func absent(err error) bool {
	switch e := err.(type) {
	case interface{ Unwrap() []error }:
		return len(e.Unwrap()) > 0 && !slices.ContainsFunc(e.Unwrap(), func(err error) bool { return !absent(err) })
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			return absent(inner)
		}
	}
	return errors.Is(err, ErrAbsent)
}
