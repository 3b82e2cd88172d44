package source

import (
	"errors"
	"time"
)

// State says how a supervised source stands with its store.
type State uint8

// The states.
const (
	Connecting State = iota // it has not delivered yet
	Live                    // it is in touch
	Retrying                // it was in touch, and is cut off for less than StaleAfter
	Stale                   // it is cut off for StaleAfter or longer
	Closed                  // Run has returned
)

var stateNames = [...]string{"connecting", "live", "retrying", "stale", "closed"}

func (s State) String() string { return stateNames[s] }

// Status is what an operator wants to know about a source.
type Status struct {
	Name     string
	State    State
	Since    time.Time // when State was entered; for Retrying and Stale, when contact was lost
	Contact  time.Time // the last emit; zero before the first
	Err      error     // why it is not Live or, while Live, why its present content can't be used; nil when all is well
	Revision string    // of the last good snapshot
	Note     string    // of the last snapshot
	Optional bool      // its absence holds nothing up
	Retries  int       // failed attempts since it was last Live
}

// errSilent is why a source is Stale whose Watch was started anew and neither
// answers nor fails.
var errSilent = errors.New("no answer since the watch was started anew")

// Status is how the source stands now. It may be called at any time.
func (s *Supervisor) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := Status{
		Name:     s.src.Name(),
		Contact:  s.contact,
		Err:      s.err,
		Revision: s.snap.Revision,
		Note:     s.note,
		Optional: s.optional,
		Retries:  s.retries,
	}
	st.State, st.Since = s.stateLocked(time.Now())
	if st.State == Stale && !s.down {
		st.Err = errSilent
	}
	return st
}

// stateLocked is the state at a time, and since when. It is computed rather
// than stored, so that a state that time alone ends is never reported late.
func (s *Supervisor) stateLocked(now time.Time) (State, time.Time) {
	switch {
	case s.closed:
		return Closed, s.since
	case s.contact.IsZero():
		return Connecting, s.since
	case s.lost.IsZero():
		return Live, s.since
	case s.policy.StaleAfter >= 0 && now.Sub(s.lost) >= s.policy.StaleAfter:
		return Stale, s.lost
	case s.down:
		return Retrying, s.lost
	}
	return Live, s.since // its watch was started anew, and has yet to answer
}

// face is what callers of changed were last told.
type face struct {
	state     State
	attempted bool
	err, note string
	version   uint64
}

// update makes a change under the lock and calls changed if it shows.
func (s *Supervisor) update(change func()) {
	s.mu.Lock()
	change()
	state, _ := s.stateLocked(time.Now())
	now := face{state, s.attempted, s.errText, s.note, s.version}
	shows := now != s.told
	s.told = now
	s.mu.Unlock()
	if shows {
		s.changed()
	}
}

// loseLocked notes that contact was lost just now, and sees to it that changed
// is called when that makes the source stale.
func (s *Supervisor) loseLocked(now time.Time) {
	if s.contact.IsZero() || !s.lost.IsZero() {
		return
	}
	s.lost = now
	if s.policy.StaleAfter < 0 {
		return
	}
	s.timers.Add(1)
	s.timer = time.AfterFunc(s.policy.StaleAfter, func() {
		defer s.timers.Done()
		s.update(func() {})
	})
}

// findLocked ends what loseLocked began.
func (s *Supervisor) findLocked() {
	s.lost, s.down = time.Time{}, false
	if s.timer != nil && s.timer.Stop() {
		s.timers.Done()
	}
	s.timer = nil
}
