package source

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/confsync/confsync/tree"
)

// State says how a supervised source stands with its store. Its text, in JSON
// too, is its name in lower case.
type State uint8

// The states.
const (
	Connecting State = iota // it has not delivered yet
	Live                    // it is in touch
	Degraded                // it is in touch with something that can't vouch for what it says; see Snapshot.Degraded
	Retrying                // it was in touch, and is cut off for less than StaleAfter
	Stale                   // it is cut off for StaleAfter or longer
	Closed                  // Run has returned
)

var stateNames = []string{"connecting", "live", "degraded", "retrying", "stale", "closed"}

func (s State) String() string {
	if int(s) >= len(stateNames) {
		return fmt.Sprintf("state %d", uint8(s))
	}
	return stateNames[s]
}

// MarshalText returns the state's name.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText takes the name of a state.
func (s *State) UnmarshalText(text []byte) error {
	i := slices.Index(stateNames, string(text))
	if i < 0 {
		return fmt.Errorf("unknown state %q", text)
	}
	*s = State(i)
	return nil
}

// Status is what an operator wants to know about a source. In JSON the fields
// have the names that their tags say, the error is a text "err", and what is
// zero or empty is left out, but for the counters.
type Status struct {
	Name     string    `json:"name"`
	State    State     `json:"state"`
	Since    time.Time `json:"since,omitzero"`    // when State was entered; for Retrying and Stale, when it was last Live
	Contact  time.Time `json:"contact,omitzero"`  // the last emit; zero before the first
	Err      error     `json:"-"`                 // why it is not Live or, while Live, why its present content can't be used; nil when all is well
	Revision string    `json:"revision,omitzero"` // of the last good snapshot
	Note     string    `json:"note,omitzero"`     // of the last snapshot
	Optional bool      `json:"optional,omitzero"` // its absence holds nothing up
	Retries  int       `json:"retries"`           // failed attempts since it was last Live
	Counters

	root *tree.Node // of the last good snapshot
	keys int        // of a Status that was read from JSON
}

// Keys returns how many values the last good snapshot has, in JSON as "keys". It
// counts them, so it takes a time that grows with them.
func (s Status) Keys() int { return s.keys + countValues(s.root) }

// CutOff returns how long the source has been out of touch at a time: 0 while it
// is Live, Degraded or Closed, and when Since is zero or later.
func (s Status) CutOff(at time.Time) time.Duration {
	switch s.State {
	case Connecting, Retrying, Stale:
		if !s.Since.IsZero() {
			return max(0, at.Sub(s.Since))
		}
	}
	return 0
}

// Counters tell what has happened to a source since its supervisor was made.
// They never go back, so that flapping shows between two looks.
type Counters struct {
	Watches    int64     `json:"watches"`             // calls of Watch
	Failures   int64     `json:"failures"`            // of them, those that failed
	Resyncs    int64     `json:"resyncs"`             // of them, those in touch that were started anew, by Policy.Resync or Refresh
	Emits      int64     `json:"emits"`               // snapshots, those that changed nothing and those that can't be used included
	Bytes      int64     `json:"bytes"`               // that the source has read, as far as it counts them: the sum of Snapshot.Bytes
	LastChange time.Time `json:"lastChange,omitzero"` // when the values last changed; zero before the first snapshot
}

// MarshalJSON returns the status as an object; see [Status].
func (s Status) MarshalJSON() ([]byte, error) {
	type plain Status
	with := struct {
		plain
		Keys int    `json:"keys"`
		Err  string `json:"err,omitempty"`
	}{plain: plain(s), Keys: s.Keys()}
	if s.Err != nil {
		with.Err = s.Err.Error()
	}
	return json.Marshal(with)
}

// UnmarshalJSON takes what MarshalJSON has made. The error keeps its text only.
func (s *Status) UnmarshalJSON(data []byte) error {
	type plain Status
	var with struct {
		plain
		Keys int    `json:"keys"`
		Err  string `json:"err"`
	}
	if err := json.Unmarshal(data, &with); err != nil {
		return err
	}
	*s = Status(with.plain)
	s.keys = with.Keys
	if with.Err != "" {
		s.Err = errors.New(with.Err)
	}
	return nil
}

// errSilent is why a source is Stale whose Watch was started anew and neither
// answers nor fails.
var errSilent = errors.New("no answer since the watch was started anew")

// Status returns how the source stands now. It may be called at any time.
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
		Counters: s.count,
		root:     s.snap.Tree.Root(),
	}
	st.State, st.Since = s.stateLocked(time.Now())
	if st.State == Stale && !s.down {
		st.Err = errSilent
	}
	return st
}
