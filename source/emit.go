package source

import (
	"time"

	"github.com/confsync/confsync/tree"
)

// emit records a snapshot. One that comes after its Watch was ended is dropped:
// the next Watch reads everything again.
func (s *Supervisor) emit(a *attempt, snap Snapshot) {
	snap.Err, snap.Degraded = sound(snap.Err), sound(snap.Degraded)
	prev, _, delivered := s.Latest()
	changed, moved := false, false
	if snap.Err == nil {
		read := snap.Tree
		snap.Tree = tree.Reuse(prev.Tree, read)
		changed = !delivered || !snap.Tree.Same(prev.Tree)
		moved = changed || snap.Revision != prev.Revision ||
			snap.Revision == "" && !read.Identical(prev.Tree) && !samePlaces(prev.Tree, snap.Tree)
	}
	err, text := snap.Err, ""
	if err == nil {
		err = snap.Degraded
	}
	if err != nil {
		text = err.Error()
	}
	dropped := false
	s.update(func() {
		if dropped = a.ctx.Err() != nil; dropped {
			return
		}
		now := time.Now()
		s.emittedLocked(now, snap.Degraded != nil)
		s.contact, s.attempted = now, true
		s.err, s.errText, s.note = err, text, snap.Note
		s.count.Emits++
		s.count.Bytes += max(0, snap.Bytes)
		if snap.Err == nil {
			s.snap = snap
		}
		if moved {
			s.version++
		}
		if changed {
			s.count.LastChange = now
		}
	})
	if !dropped {
		s.answer(a, nil)
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
