package source

import (
	"context"
	"time"

	"github.com/confsync/confsync/tree"
)

// emit records a snapshot. One that comes after its Watch was ended is dropped:
// the next Watch reads everything again.
func (s *Supervisor) emit(ctx context.Context, r *round, snap Snapshot) {
	prev, _, delivered := s.Latest()
	moved, text := false, ""
	if snap.Err != nil {
		text = snap.Err.Error()
	} else {
		read := snap.Tree
		snap.Tree = tree.Reuse(prev.Tree, read)
		moved = !delivered || snap.Revision != prev.Revision || !snap.Tree.Same(prev.Tree) ||
			snap.Revision == "" && !read.Identical(prev.Tree) && !samePlaces(prev.Tree, snap.Tree)
	}
	dropped := false
	s.update(func() {
		if dropped = ctx.Err() != nil; dropped {
			return
		}
		now := time.Now()
		if state, _ := s.stateLocked(now); state != Live {
			s.since = now
		}
		s.findLocked()
		s.contact, s.attempted, s.retries = now, true, 0
		s.err, s.errText, s.note = snap.Err, text, snap.Note
		if snap.Err == nil {
			s.snap = snap
		}
		if moved {
			s.version++
		}
	})
	if !dropped {
		s.answer(r, nil)
	}
}

// samePlaces reports whether the values of two trees that are the Same have
// the same origins.
func samePlaces(a, b tree.Tree) bool {
	for p := range a.Root().Leaves {
		was, _ := a.Origin(p)
		is, _ := b.Origin(p)
		if was != is {
			return false
		}
	}
	return true
}
