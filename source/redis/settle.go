package redis

import (
	"maps"
	"slices"
	"time"
)

type keySet = map[string]struct{}

// settling makes states of one instant out of readings of some keys each.
//
// A server tells of all that was written before a reading before it sends the
// reading. So when the reply is there it is known which keys were written by
// then and are not part of it: they are open. Without any, what was read, and
// what was read earlier of the other keys, is the state of that instant. With
// some, it will be that once they have been read without having been written
// in between, which the next reading shows. What writers keep from becoming
// complete is taken as it is in the end.
//
// Tracking tells of a write a moment after it can be read: what is told of in
// that moment may be of before or after the reading, and counts as both.
type settling struct {
	values map[string]value // read at the last instant or before, and in no state yet
	open   keySet           // written before the last reading, and not part of it
	late   keySet           // those of them that may have been written after it
	again  keySet           // read since there was a state, and perhaps worth reading each time
	rounds int              // since there was a state
	since  time.Time        // the first of them
}

// What writers disturb counts after so many readings in so much time.
const (
	maxRounds = 4
	maxTime   = 250 * time.Millisecond
)

func (s *settling) unfinished() bool { return len(s.values) > 0 || len(s.open) > 0 }

// halfway reports whether what was read may soon be a state: writers disturb a
// reading the less, the sooner it follows the last.
func (s *settling) halfway() bool { return s.rounds > 0 && s.rounds < maxRounds }

func (s *settling) isOpen(key string) bool {
	_, open := s.open[key]
	return open
}

// begin starts from a reading of everything, at no instant.
func (s *settling) begin(all map[string]value, open keySet) {
	*s = settling{values: all, open: open, since: time.Now()}
}

// want returns the keys to read next: those that are open, those that were told
// of, those of a sample, and if that comes to nothing those that are written
// again and again.
func (s *settling) want(notices keySet, sample []string) []string {
	want := make(keySet, len(notices)+len(s.open)+len(sample))
	maps.Copy(want, notices)
	maps.Copy(want, s.open)
	for _, key := range sample {
		want[key] = struct{}{}
	}
	if s.rounds > 1 {
		maps.Copy(want, s.again)
	}
	return slices.Collect(maps.Keys(want))
}

// add takes in the next reading, and which keys were told of between the last
// one and that. If there is a state now, it returns what has changed in it, and
// whether it is torn, of no one instant.
func (s *settling) add(notices keySet, got reading) (state map[string]value, torn, ok bool) {
	if !s.unfinished() {
		s.begin(make(map[string]value), nil)
	}
	open, after := s.open, got.after.keys
	completes := s.unfinished() && apart(open, notices) && apart(open, s.late) && apart(open, after)
	s.open, s.late = maps.Clone(after), after
	for key := range notices {
		if _, read := got.values[key]; !read {
			s.open = with(s.open, key)
		}
	}
	if s.rounds++; len(s.open) > 0 && completes {
		state, s.values = s.values, got.values
		for key := range open {
			state[key] = got.values[key]
			delete(s.values, key)
		}
		s.rounds, s.again, s.since = 0, nil, time.Now()
		return state, false, true
	}
	maps.Copy(s.values, got.values)
	if len(s.open) > 0 && (s.rounds < maxRounds || time.Since(s.since) < maxTime) {
		for key := range got.values {
			s.again = with(s.again, key)
		}
		return nil, false, false
	}
	state, torn = s.values, len(s.open) > 0
	s.values, s.rounds, s.again, s.since = make(map[string]value), 0, nil, time.Now()
	return state, torn, true
}

func with(set keySet, key string) keySet {
	if set == nil {
		set = make(keySet)
	}
	set[key] = struct{}{}
	return set
}

func apart(a, b keySet) bool {
	for key := range a {
		if _, ok := b[key]; ok {
			return false
		}
	}
	return true
}
