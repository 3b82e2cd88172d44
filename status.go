package confsync

import (
	"fmt"
	"strings"
	"time"

	"github.com/confsync/confsync/source"
)

// Status tells how a configuration stands. Applying is zero but for moments,
// unless code of the program's that an update waits for (a validator, a picking
// function, a decode hook) takes long.
type Status struct {
	Generation uint64
	Since      time.Time       // when the generation was published
	Sources    []source.Status // lowest precedence first
	Accepted   time.Time       // when the contents of the sources were last found good
	Applying   time.Time       // since when an update is being applied; zero when none is
	Rejected   *Error          // why the newest contents are not served; nil when they are
	Unknown    []Problem       // deprecated keys and those that no field takes, unless they are ignored; at most 100
}

// String is the status over several lines, for a person.
func (s Status) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "generation %d, for %s\n", s.Generation, elapsed(s.Since))
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

func (r *reducer) status() Status {
	now := r.hub.present()
	st := Status{Generation: now.number, Since: now.since, Accepted: now.accepted, Rejected: now.rejected, Unknown: now.warnings()}
	if since := r.applying.Load(); since != nil {
		st.Applying = *since
	}
	for _, f := range r.stack.feeds {
		st.Sources = append(st.Sources, f.sup.Status())
	}
	return st
}

// warnings returns what is to be said of what is served.
func (p *present) warnings() []Problem {
	if p.lineage == nil {
		return nil
	}
	return p.lineage.warnings(p.unknown).Problems
}

// elapsed is for texts: how long ago a time was, in seconds.
func elapsed(since time.Time) time.Duration { return time.Since(since).Round(time.Second) }
