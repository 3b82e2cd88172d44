package document

import (
	"sync"

	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/confsync/confsync/tree"
)

// workshop is what a document is built in. It is larger than most of what is
// built there, so the next document is built in the same.
type workshop struct {
	build tree.Builder
	open  []tree.Entry   // of the maps that are open, each map's behind those of the map around it
	spare [][]tree.Entry // room for maps whose entries don't come together

	toml   unstable.Parser
	tables []tomlTable // of a document of TOML, the last ones that were made
}

const (
	maxKept   = 1024     // entries that room is kept for
	maxParsed = 16 << 10 // bytes of a document that leaves its parser
	maxTables = 256      // that are made in one piece, and those in one of them that room is kept for
)

var workshops = sync.Pool{New: func() any { return &workshop{open: make([]tree.Entry, 0, 64)} }}

// leave gives a workshop back, with nothing of the document left in it.
func (w *workshop) leave() {
	if cap(w.open) > maxKept {
		return
	}
	clear(w.open[:cap(w.open)])
	for i := range w.tables {
		w.tables[i].empty()
	}
	w.build, w.open = tree.Builder{}, w.open[:0]
	w.tables = w.tables[:0]
	if len(w.toml.Data()) > maxParsed {
		w.toml = unstable.Parser{}
	}
	w.toml.Reset(nil) // it has the nodes of a value or two left, until the next overwrites them
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

// table returns a new table of a document of TOML.
func (w *workshop) table() *tomlTable {
	if n := len(w.tables); n == cap(w.tables) { // those that are taken stay where they are
		w.tables = make([]tomlTable, 0, min(max(16, 2*n), maxTables))
	}
	w.tables = w.tables[:len(w.tables)+1]
	return &w.tables[len(w.tables)-1]
}
