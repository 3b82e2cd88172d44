package stores

import (
	"fmt"
	"maps"
	"sync"
)

// ledger is every state that a store has had, in order: those that were
// committed, and those that a writer was about to commit and may have. It is
// what snapshots are held against.
type ledger struct {
	mu    sync.Mutex
	first int     // the position of past[0]
	past  []entry // never empty
	sure  int     // the position of the newest that is known to have been committed
	wrong []string
}

// entry is one state. Each but the empty one has its own value of the key seq.
type entry struct {
	values State
	epoch  int // of the store, which begins anew when it is wiped, emptied or restored
}

func newLedger() *ledger { return &ledger{past: []entry{{values: State{}}}} }

// note adds a state that is about to be committed.
func (l *ledger) note(values State) (at int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.addLocked(entry{values, l.past[len(l.past)-1].epoch})
}

// turn adds the state that a new epoch begins with, for the store will hold it
// for certain.
func (l *ledger) turn(values State) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sure = l.addLocked(entry{values, l.past[len(l.past)-1].epoch + 1})
}

func (l *ledger) addLocked(e entry) int {
	l.past = append(l.past, e)
	return l.first + len(l.past) - 1
}

func (l *ledger) confirm(at int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sure = max(l.sure, at)
}

// committed returns the position of the newest state that is known to be so.
func (l *ledger) committed() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sure
}

// find returns the first state that is equal, from a position on.
func (l *ledger) find(values State, from int) (at, epoch int, ok bool) {
	return l.search(from, func(s State) bool { return s["seq"] == values["seq"] && maps.Equal(s, values) })
}

// withSeq returns the first state that has this value of seq, from the newest
// that is known to be committed on.
func (l *ledger) withSeq(seq string) (values State, at int, ok bool) {
	at, _, ok = l.search(l.committed(), func(s State) bool { values = s; return s["seq"] == seq })
	return values, at, ok
}

func (l *ledger) search(from int, is func(State) bool) (at, epoch int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := max(0, from-l.first); i < len(l.past); i++ {
		if is(l.past[i].values) {
			return l.first + i, l.past[i].epoch, true
		}
	}
	return 0, 0, false
}

// had reports whether each value was that of its key at some time.
func (l *ledger) had(values State) bool {
	for key, value := range values {
		if _, _, ok := l.search(0, func(s State) bool { v, there := s[key]; return there && v == value }); !ok {
			return false
		}
	}
	return true
}

// forget drops what stands before a position that all have reached.
func (l *ledger) forget(before int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if drop := min(before, l.sure) - l.first; drop > 0 {
		l.past = append([]entry(nil), l.past[drop:]...)
		l.first += drop
	}
}

// fail notes that a promise was broken.
func (l *ledger) fail(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.wrong) < 20 {
		l.wrong = append(l.wrong, fmt.Sprintf(format, args...))
	}
}

func (l *ledger) failures() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.wrong[:len(l.wrong):len(l.wrong)]
}
