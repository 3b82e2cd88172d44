package document

import (
	"sync"

	"github.com/confsync/confsync/tree"
)

// workshop is what a document is built in. It is larger than most of what is
// built there, so the next document is built in the same.
type workshop struct {
	build tree.Builder
	open  []tree.Entry   // of the maps that are open, each map's behind those of the map around it
	spare [][]tree.Entry // room for maps whose entries don't come together
}

const maxKept = 1024 // entries that room is kept for

var workshops = sync.Pool{New: func() any { return &workshop{open: make([]tree.Entry, 0, 64)} }}

// leave gives a workshop back, with nothing of the document left in it.
func (w *workshop) leave() {
	if cap(w.open) > maxKept {
		return
	}
	clear(w.open[:cap(w.open)])
	*w = workshop{open: w.open[:0], spare: w.spare}
	workshops.Put(w)
}

// room returns empty entries, and giveBack takes them when they have been used.
func (w *workshop) room() []tree.Entry {
	if n := len(w.spare); n > 0 {
		last := w.spare[n-1]
		w.spare = w.spare[:n-1]
		return last
	}
	return make([]tree.Entry, 0, 8)
}

func (w *workshop) giveBack(used []tree.Entry) {
	if cap(used) <= maxKept && len(w.spare) < 4 {
		clear(used)
		w.spare = append(w.spare, used[:0])
	}
}
