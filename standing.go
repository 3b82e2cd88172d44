package confsync

import (
	"errors"
	"fmt"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

// standing is what a source has said of itself and of its content.
type standing struct {
	source.Status
	delivered bool // it has given a snapshot that can be used, even an old one
}

func (f *sourceLayer) standing() standing {
	_, _, delivered := f.sup.Latest()
	return standing{f.sup.Status(), delivered}
}

// inTouch reports whether the source has said something of its content. What is
// held has yet to be released.
func (s standing) inTouch() bool {
	return (s.State == source.Live || s.State == source.Degraded) && !errors.Is(s.Err, source.ErrHeld)
}

// problems returns what is wrong with the content of a source that is in touch.
func (s standing) problems() []Problem {
	if s.State != source.Live || s.Err == nil {
		return nil
	}
	problems := tree.Problems(s.Err)
	if problems == nil {
		problems = []Problem{{Kind: Unusable, Err: fmt.Errorf("%s: %w", s.Name, s.Err)}}
	}
	for i := range problems {
		problems[i].Origin.Layer = s.Name
	}
	return problems
}

// survey returns the problems with the content of the sources, and logs what
// has changed in how they stand.
func (r *reducer) survey() []Problem {
	var problems []Problem
	for _, f := range r.layers.sources {
		s := f.standing()
		problems = append(problems, s.problems()...)
		if shifted(f.reported, s.Status) {
			r.shifts++
			r.logStanding(f.reported, s.Status)
		}
		f.reported = s.Status
	}
	return problems
}

// shifted reports whether a source stands otherwise than before.
func shifted(was, is source.Status) bool {
	if was.State != is.State || was.Note != is.Note || (was.Err == nil) != (is.Err == nil) {
		return true
	}
	return is.Err != nil && was.Err.Error() != is.Err.Error()
}

func (r *reducer) logStanding(was, st source.Status) {
	switch {
	case st.State != was.State && (st.State == source.Retrying || st.State == source.Stale),
		st.State == source.Connecting && st.Err != nil && was.Err == nil:
		r.log.get().Warn("confsync: source is cut off", "source", st.Name, "state", st.State.String(), "since", st.Since, "error", st.Err)
	case st.State == source.Degraded && was.State != source.Degraded:
		r.log.get().Warn("confsync: source is degraded", "source", st.Name, "since", st.Since, "error", st.Err)
	case st.State == source.Live && was.State != source.Live && (was.State != source.Connecting || was.Err != nil):
		r.log.get().Info("confsync: source is back", "source", st.Name)
	}
	if st.Note != was.Note && st.Note != "" {
		r.log.get().Info("confsync: "+st.Note, "source", st.Name)
	}
}
