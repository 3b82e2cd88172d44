package source

import "time"

// stateLocked returns the state at a time, and since when. It is computed rather
// than stored, so that a state that time alone ends is never reported late.
func (s *Supervisor) stateLocked(now time.Time) (State, time.Time) {
	switch {
	case s.closed:
		return Closed, s.since
	case s.contact.IsZero():
		return Connecting, s.since
	case s.lost.IsZero():
		return Live, s.since
	case s.degraded:
		return Degraded, s.lost
	case s.policy.StaleAfter >= 0 && now.Sub(s.lost) >= s.policy.StaleAfter:
		return Stale, s.lost
	case s.down:
		return Retrying, s.lost
	}
	return Live, s.since // its watch was started anew, and has yet to answer
}

// report is what callers of changed can see.
type report struct {
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
	now := report{state, s.attempted, s.errText, s.note, s.version}
	shows := now != s.reported
	s.reported = now
	s.mu.Unlock()
	if shows {
		s.changed()
	}
}

// emittedLocked notes an emit: the source is live, or degraded.
func (s *Supervisor) emittedLocked(now time.Time, degraded bool) {
	state, _ := s.stateLocked(now)
	if degraded {
		s.degraded = true
		if s.lost.IsZero() {
			s.lost = now
		}
		s.stopTimerLocked()
		return
	}
	if state != Live {
		s.since = now
	}
	s.retries = 0
	s.regainLocked()
}

// loseLocked notes that contact was lost just now, and sees to it that changed
// is called when that makes the source stale.
func (s *Supervisor) loseLocked(now time.Time) {
	if s.contact.IsZero() {
		return
	}
	if s.lost.IsZero() {
		s.lost = now
	}
	if s.policy.StaleAfter < 0 || s.timer != nil {
		return
	}
	s.timer = s.afterLocked(s.lost.Add(s.policy.StaleAfter).Sub(now), func() { s.update(func() {}) })
}

// regainLocked ends what loseLocked began.
func (s *Supervisor) regainLocked() {
	s.lost, s.down, s.degraded = time.Time{}, false, false
	s.stopTimerLocked()
}

func (s *Supervisor) stopTimerLocked() {
	s.stopLocked(s.timer)
	s.timer = nil
}

// afterLocked has code run in a while, unless stopLocked stops it. Run doesn't
// return before it has.
func (s *Supervisor) afterLocked(d time.Duration, code func()) *time.Timer {
	s.timers.Add(1)
	return time.AfterFunc(d, func() {
		defer s.timers.Done()
		code()
	})
}

// stopLocked stops a timer of afterLocked, which may be nil.
func (s *Supervisor) stopLocked(t *time.Timer) {
	if t != nil && t.Stop() {
		s.timers.Done()
	}
}
