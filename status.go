package confsync

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/confsync/confsync/source"
)

// Status tells how a configuration stands. Applying is zero but for moments,
// unless code of the program's that an update waits for (a validator, a picking
// function, a decode hook) takes long. In JSON the fields have the names that
// their tags say, and an error is its text.
type Status struct {
	Generation uint64                 `json:"generation"`
	Since      time.Time              `json:"since"`                // when the generation was published
	Sources    []source.Status        `json:"sources"`              // lowest precedence first
	Accepted   time.Time              `json:"accepted"`             // when the contents of the sources were last found good
	Applying   time.Time              `json:"applying,omitzero"`    // since when an update is being applied; zero when none is
	Applied    Applied                `json:"applied"`              // the updates so far
	Rejected   *Error                 `json:"rejected,omitempty"`   // why the newest contents are not served; nil when they are
	Rejections map[ProblemKind]uint64 `json:"rejections,omitempty"` // problems so far, by kind; those of one rejection count once, however long it stands
	Pinned     uint64                 `json:"pinned,omitzero"`      // the generation that Pin holds; 0 when none does
	Note       string                 `json:"note,omitzero"`        // what an operator should know, such as that it is pinned
	Unknown    []Problem              `json:"unknown,omitempty"`    // deprecated keys and those that no field takes, unless they are ignored; at most 100
}

// Applied counts the updates that were tried, whether or not they were served. One
// that is tried again counts once.
type Applied struct {
	Count uint64        `json:"count"`
	Total time.Duration `json:"total"` // how long that took, in nanoseconds in JSON
}

// String returns the status over several lines, for a person.
func (s Status) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "generation %d, for %s\n", s.Generation, elapsed(s.Since))
	if s.Note != "" {
		fmt.Fprintf(&b, "%s\n", s.Note)
	}
	if !s.Applying.IsZero() {
		fmt.Fprintf(&b, "an update is being applied, for %s\n", elapsed(s.Applying))
	}
	for _, src := range s.Sources {
		fmt.Fprintf(&b, "%-11s %s, for %s", src.State, src.Name, elapsed(src.Since))
		if src.Note != "" {
			fmt.Fprintf(&b, " (%s)", src.Note)
		}
		if src.Err != nil {
			fmt.Fprintf(&b, ": %v", src.Err)
		}
		b.WriteByte('\n')
	}
	for _, p := range s.Unknown {
		fmt.Fprintf(&b, "%s\n", p.Error())
	}
	if s.Rejected != nil {
		fmt.Fprintf(&b, "%s\n", s.Rejected)
	}
	return b.String()
}

// MarshalJSON returns the error as an object of its problems, and their text.
func (e *Error) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Problems   []Problem `json:"problems"`
		More       int       `json:"more,omitzero"`
		At         time.Time `json:"at"`
		Generation uint64    `json:"generation,omitzero"`
		Since      time.Time `json:"since,omitzero"`
		Text       string    `json:"text"`
	}{e.Problems, e.More, e.At, e.Generation, e.Since, e.Error()})
}

// Status returns how the configuration and each of its sources stand.
func (c *Config[T]) Status() Status { return c.reducer.status() }

func (r *reducer) status() Status {
	now := r.hub.present()
	st := Status{
		Generation: now.number, Since: now.since, Accepted: now.accepted, Applied: *r.applied.Load(),
		Rejected: now.rejected, Rejections: maps.Clone(now.rejections), Unknown: now.warnings(),
	}
	if since := r.applying.Load(); since != nil {
		st.Applying = *since
	}
	if p := r.pin.Load(); p != nil {
		st.Pinned, st.Note = p.number, fmt.Sprintf("pinned to generation %d for %s", p.number, elapsed(p.since))
	}
	for _, f := range r.layers.sources {
		st.Sources = append(st.Sources, f.sup.Status())
	}
	return st
}

// warnings returns what is to be said of what is served.
func (p *present) warnings() []Problem {
	if p.provenance == nil {
		return nil
	}
	return p.provenance.warnings(p.unknown).Problems
}

// OnStatus calls fn whenever the status has changed in more than its times: a
// generation, a rejection, a pin, or the state, error or note of a source.
// Calls are made as by [Watch].
func (c *Config[T]) OnStatus(fn func(Status)) (cancel func()) {
	all := selector[*Status]{hub: c.reducer.statuses, pick: func(g *generation) *Status {
		st, _ := g.value.(*Status)
		return st
	}, equal: equalPointers[Status]}
	return subscribe(all, nil, func(ch Change[*Status], _ *generation) { fn(*ch.New) })
}

// bearing is what a change of makes a status another one.
type bearing struct {
	generation, pinned uint64
	rejected           *Error
	shifts             uint64
}

// tell hands the status to those who want it, if it has changed.
func (r *reducer) tell() {
	now := r.hub.present()
	b := bearing{generation: now.number, rejected: now.rejected, shifts: r.shifts}
	if p := r.pin.Load(); p != nil {
		b.pinned = p.number
	}
	if b == r.reported {
		return
	}
	r.reported = b
	if r.statuses.wanted() {
		st := r.status()
		next := &generation{number: r.statuses.present().number + 1, value: &st}
		r.statuses.publish(&present{generation: next, provenance: now.provenance}, nil)
	}
}

// Healthy returns nil when every source that isn't optional is in touch, or was
// within maxAge, and otherwise an error that says which is not, and why. A
// rejection is not an error here: what is served then is good, and Status has
// it.
func (c *Config[T]) Healthy(maxAge time.Duration) error {
	var bad []string
	for _, st := range c.reducer.status().Sources {
		if st.Optional || st.State == source.Live || st.State != source.Closed && time.Since(st.Since) <= maxAge {
			continue
		}
		text := fmt.Sprintf("%s is %s for %s", st.Name, st.State, elapsed(st.Since))
		if st.Err != nil {
			text += ": " + st.Err.Error()
		}
		bad = append(bad, text)
	}
	if bad == nil {
		return nil
	}
	return fmt.Errorf("confsync: %s", strings.Join(slices.Clip(bad), "; "))
}

// elapsed is for texts: how long ago a time was, in seconds.
func elapsed(since time.Time) time.Duration { return time.Since(since).Round(time.Second) }
