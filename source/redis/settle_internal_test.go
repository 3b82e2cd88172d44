package redis

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
)

// simulated is a server that writes, tells and answers at random, in an order
// that a real one has too.
type simulated struct {
	now     map[string]value
	history []map[string]value
	notices keySet // what the connection has told, and nobody taken
	delayed keySet // what tracking tells after the replies of this turn
	tracks  bool
	writes  int
}

// write writes a few keys in a transaction.
func (s *simulated) write(keys int) {
	for range 1 + rand.IntN(3) {
		key := fmt.Sprint("k", rand.IntN(keys))
		s.writes++
		if s.now[key] = (value{fmt.Sprint(s.writes), isString}); rand.IntN(5) == 0 {
			s.now[key] = value{}
		}
		if s.tracks {
			s.delayed = with(s.delayed, key)
		} else {
			s.notices = with(s.notices, key)
		}
	}
	s.history = append(s.history, maps.Clone(s.now))
}

// turn ends a turn of the server's loop.
func (s *simulated) turn() {
	for key := range s.delayed {
		s.notices = with(s.notices, key)
	}
	s.delayed = nil
}

func (s *simulated) busy(rate, keys int) {
	for range rand.IntN(rate + 1) {
		s.write(keys)
		if rand.IntN(2) == 0 {
			s.turn()
		}
	}
}

func (s *simulated) heard() keySet {
	heard := s.notices
	s.notices = nil
	return heard
}

// read answers, amid other writes.
func (s *simulated) read(keys []string, rate, of int) reading {
	s.busy(rate, of)
	got := reading{values: map[string]value{}}
	for _, key := range keys {
		got.values[key] = s.now[key]
	}
	got.before.keys = s.heard()
	if s.tracks {
		s.busy(rate, of)
		s.turn()
		got.after.keys = s.heard()
	}
	return got
}

// Each state that isn't torn is one that the server had, none is older than the
// one before, and when the writers rest the last is the server's.
func TestSettlingMakesStatesOfOneInstant(t *testing.T) {
	for _, tracks := range []bool{false, true} {
		for _, keys := range []int{2, 10, 100} {
			for _, rate := range []int{0, 1, 3, 10} {
				t.Run(fmt.Sprintf("%d keys, rate %d, tracks %t", keys, rate, tracks), func(t *testing.T) {
					for range 20 {
						settles(t, &simulated{now: map[string]value{}, tracks: tracks}, keys, rate)
					}
				})
			}
		}
	}
}

func settles(t *testing.T, s *simulated, keys, rate int) {
	t.Helper()
	var settle settling
	state, at, torn, whole := map[string]value{}, 0, 0, 0
	s.write(keys)
	step := func(rate int) bool {
		heard := s.heard()
		got := s.read(settle.want(heard, nil), rate, keys)
		for key := range got.before.keys {
			heard = with(heard, key)
		}
		changed, isTorn, ok := settle.add(heard, got)
		if !ok {
			return false
		}
		maps.Copy(state, changed)
		if isTorn {
			torn++
			return true
		}
		for whole++; !sameState(s.history[at], state); at++ {
			if at == len(s.history)-1 {
				t.Fatalf("a state is none that there was: %v", state)
			}
		}
		return true
	}
	for range 200 {
		s.busy(rate, keys)
		s.turn()
		step(rate)
	}
	for range 3 {
		s.turn()
		step(0)
	}
	if !sameState(s.now, state) || settle.unfinished() {
		t.Errorf("the last state is %v, want %v; unfinished: %t", state, s.now, settle.unfinished())
	}
	if !s.tracks && rate < 3 && keys == 100 && whole < 50 {
		t.Errorf("%d whole states and %d torn, want more that are whole", whole, torn)
	}
}

func sameState(a, b map[string]value) bool {
	for key := range a {
		if a[key] != b[key] {
			return false
		}
	}
	for key := range b {
		if a[key] != b[key] {
			return false
		}
	}
	return true
}

// A reading that writers disturbed is followed by another at once, which may make
// a state of it; not for ever, and not once there is a state.
func TestDisturbedReadingIsFollowedAtOnce(t *testing.T) {
	keys := func(names ...string) (set keySet) {
		for _, name := range names {
			set = with(set, name)
		}
		return set
	}
	read := func(key string) reading { return reading{values: map[string]value{key: {}}} }
	var s settling
	if s.halfway() {
		t.Error("nothing was read, and it is halfway")
	}
	if _, _, ok := s.add(keys("a", "b"), read("a")); ok || !s.halfway() {
		t.Errorf("a is read and b is open: a state %v, halfway %v", ok, s.halfway())
	}
	if _, torn, ok := s.add(keys("c"), read("b")); !ok || torn || s.halfway() {
		t.Errorf("b is read too: a state %v, torn %v, halfway %v", ok, torn, s.halfway())
	}
	for range maxRounds { // c is written each time that it is read
		s.add(nil, reading{values: map[string]value{"c": {}}, after: notices{keys: keys("c")}})
	}
	if s.halfway() {
		t.Errorf("halfway after %d disturbed readings", s.rounds)
	}
}
