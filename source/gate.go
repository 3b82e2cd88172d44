package source

import (
	"context"
	"errors"
	"fmt"

	"github.com/confsync/confsync/tree"
)

// ErrHeld is what the [Snapshot].Err of a source wraps whose content has yet to be
// released; see [Gate].
var ErrHeld = errors.New("held, as nothing has been released yet")

// Gate returns src with changes held back until they are released: a new state is
// taken only when the value at a path, the gate, has changed. So keys that can't
// be written in one transaction, or that many people write, still arrive
// together:
//
//  1. remove the gate, or make it empty: from here on everything is held, also for
//     a process that starts;
//  2. write the keys, in as many transactions as it takes;
//  3. write the gate, with a value that it has not had before, such as the name
//     of the release.
//
// Without the first step, a process that starts meanwhile takes what it finds, and
// so does one that is slow to see the release before.
//
// The gate is a text and not a part of the tree that the source then has. While
// something is held, a Note says so. Before anything has been released the error
// wraps [ErrHeld]: a Config that opens waits for the release, and [Cached] around
// the gate has what was released before. The path is written as [tree.ParsePath] reads
// it; the empty path, and one that can't be read, is a panic.
func Gate(path string, src Source) Source {
	p, err := tree.ParsePath(path)
	if err == nil && len(p) == 0 {
		err = fmt.Errorf("the whole tree can't be a gate")
	}
	if err != nil {
		panic(fmt.Sprintf("source.Gate: %v", err))
	}
	return &gated{Source: src, path: p, single: new(Single)}
}

type gated struct {
	Source
	path   tree.Path
	single *Single // shared by what WithShape makes

	// Kept from one Watch to the next, of which there is one at a time.
	release  string   // the gate's value when the state was taken; "" before the first
	released Snapshot // that state
}

func (g *gated) Unwrap() Source { return g.Source }

func (g *gated) WithShape(shape *tree.Shape) (Source, error) {
	return reshape(g.Source, shape, func(src Source) Source {
		return &gated{Source: src, path: g.path, single: g.single}
	})
}

func (g *gated) Watch(ctx context.Context, emit func(Snapshot)) error {
	if err := g.single.Enter(); err != nil {
		return err
	}
	defer g.single.Leave()
	return g.Source.Watch(ctx, func(snap Snapshot) {
		if snap.Err == nil {
			snap = g.pass(snap)
		}
		emit(snap)
	})
}

// pass returns a snapshot that has been released, or the last one that was.
func (g *gated) pass(snap Snapshot) Snapshot {
	var release string
	if gate := snap.Tree.Lookup(g.path); gate.Kind().IsScalar() {
		release = gate.Text()
	} else if own := gate.Own(); own != nil {
		release = own.Text()
	}
	edit := snap.Tree.Edit()
	edit.Graft(g.path, tree.Tree{})
	snap.Tree = tree.Reuse(g.released.Tree, edit.Tree())
	switch {
	case release != "" && release != g.release:
		g.release, g.released = release, snap
		return snap
	case g.release == "":
		snap.Err = fmt.Errorf("%w: there is no value at the gate %s", ErrHeld, g.path)
		return snap
	}
	held := g.released
	held.Note, held.Degraded, held.Bytes = snap.Note, snap.Degraded, snap.Bytes
	switch {
	case release == "":
		held.addNote(fmt.Sprintf("held at release %q: there is no value at the gate %s", g.release, g.path))
	case !snap.Tree.Same(held.Tree):
		held.addNote(fmt.Sprintf("held at release %q: changes wait for another value at the gate %s", g.release, g.path))
	}
	return held
}
