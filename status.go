package confsync

import (
	"fmt"
	"strings"
	"time"

	"github.com/confsync/confsync/source"
)

// Status tells how a configuration stands.
type Status struct {
	Generation uint64
	Since      time.Time       // when the generation was published
	Sources    []source.Status // lowest precedence first
	Rejected   *Error          // why the newest contents are not served; nil when they are
	Unknown    []Problem       // keys that no field takes, unless they are ignored
}

// String is the status over several lines, for a person.
func (s Status) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "generation %d, since %s\n", s.Generation, elapsed(s.Since))
	for _, src := range s.Sources {
		fmt.Fprintf(&b, "%-11s %s, since %s", src.State, src.Name, elapsed(src.Since))
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

func (e *engine) status() Status {
	e.mu.Lock()
	st := Status{Rejected: e.rejected, Unknown: e.warnings}
	if e.serving != nil {
		st.Generation, st.Since = e.serving.number, e.serving.since
	}
	e.mu.Unlock()
	for _, l := range e.layers {
		if l.sup != nil {
			st.Sources = append(st.Sources, l.sup.Status())
		}
	}
	return st
}

// logSources logs what has changed in the standing of the sources, and returns
// the problems with the content of those that are in touch.
func (e *engine) logSources() []Problem {
	var problems []Problem
	for _, l := range e.layers {
		if l.sup == nil {
			continue
		}
		st := l.sup.Status()
		if st.State == source.Live && st.Err != nil {
			_, _, delivered := l.sup.Latest()
			if delivered || !st.Optional {
				problems = append(problems, l.unusable(st)...)
			}
		}
		e.logSource(l, st)
		l.known = st
	}
	return problems
}

func (e *engine) logSource(l *layer, st source.Status) {
	was := l.known
	switch {
	case st.State != was.State && (st.State == source.Retrying || st.State == source.Stale),
		st.State == source.Connecting && st.Err != nil && was.Err == nil:
		e.log.Warn("confsync: source is cut off", "source", l.name, "state", st.State.String(), "since", st.Since, "error", st.Err)
	case st.State == source.Live && was.State != source.Live && (was.State != source.Connecting || was.Err != nil):
		e.log.Info("confsync: source is back", "source", l.name)
	}
	if st.Note != was.Note && st.Note != "" {
		e.log.Info("confsync: "+st.Note, "source", l.name)
	}
}
