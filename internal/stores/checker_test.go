package stores

import (
	"errors"
	"strconv"
	"strings"
	"sync"

	"github.com/confsync/confsync/source"
)

// checker holds every snapshot of one source against the ledger.
type checker struct {
	name   string
	layout Layout
	ledger *ledger

	mu       sync.Mutex
	watches  int
	emits    int
	mixed    int    // of these are not at one revision, and may be so
	at       int    // the position of the newest
	epoch    int    // and its epoch
	revision uint64 // and its revision; 0 for none
}

// summary is what is checked of a snapshot. It is JSON between processes.
type summary struct {
	Values         State
	Absent         bool // there is no document
	Err            string
	Note, Revision string
}

func summarise(snap source.Snapshot) summary {
	s := summary{Values: valuesOf(snap.Tree), Absent: errors.Is(snap.Err, source.ErrAbsent), Note: snap.Note, Revision: snap.Revision}
	if snap.Err != nil {
		s.Err = snap.Err.Error()
	}
	return s
}

// watched counts a call of Watch.
func (p *checker) watched() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.watches++
}

// check finds the state that a snapshot is of, which is none from before the last
// one but where the store itself has gone back.
func (p *checker) check(snap summary) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.emits++
	values := snap.Values
	switch {
	case p.layout == Document && snap.Absent:
		values = State{} // believed only if the store was empty
	case snap.Err != "":
		p.ledger.fail("%s emitted the error %s", p.name, snap.Err)
		return
	}
	at, epoch, ok := p.ledger.find(values, p.at)
	if !ok && strings.HasPrefix(snap.Note, "not at one revision") && p.ledger.had(values) {
		p.mixed++
		return
	}
	if !ok {
		_, _, once := p.ledger.find(values, 0)
		p.ledger.fail("%s emitted %v at revision %s, which is no state since position %d; an earlier one: %t; note %q",
			p.name, values, snap.Revision, p.at, once, snap.Note)
		return
	}
	revision, _ := strconv.ParseUint(snap.Revision, 10, 64)
	if epoch == p.epoch && revision < p.revision {
		p.ledger.fail("%s went back from revision %d to %s in one epoch of the store", p.name, p.revision, snap.Revision)
	}
	p.at, p.epoch, p.revision = at, epoch, revision
}

// counts returns the numbers of watches, snapshots and mixed ones so far.
func (p *checker) counts() (watches, emits, mixed int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.watches, p.emits, p.mixed
}

func (p *checker) position() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.at
}
