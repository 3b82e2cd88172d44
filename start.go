package confsync

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

// await returns once every required source has delivered and every optional
// one has had its say, or its chance. Content of any source that can't be used
// is an error at once, except that an optional one may be absent.
func (e *engine) await(ctx context.Context) error {
	grace := time.NewTimer(optionalGrace)
	defer grace.Stop()
	waitOptional := true
	for {
		ready, problems := e.standing(waitOptional)
		if len(problems) > 0 {
			return &Error{Problems: problems, At: time.Now()}
		}
		if ready {
			return nil
		}
		select {
		case <-e.nudge:
		case <-grace.C:
			waitOptional = false
		case <-ctx.Done():
			return e.silent(ctx)
		}
	}
}

// standing tells whether all sources have said enough, and what is wrong with
// what they said.
func (e *engine) standing(waitOptional bool) (ready bool, problems []Problem) {
	ready = true
	for _, l := range e.layers {
		if l.sup == nil {
			continue
		}
		st := l.sup.Status()
		_, _, delivered := l.sup.Latest()
		switch {
		case delivered:
		case st.State == source.Live && !(st.Optional && errors.Is(st.Err, fs.ErrNotExist)):
			problems = append(problems, l.unusable(st)...)
		case st.State == source.Live:
		case st.Optional:
			ready = ready && (!waitOptional || l.sup.Attempted())
		default:
			ready = false
		}
	}
	return ready, problems
}

// silent is the error for sources that have not delivered in time.
func (e *engine) silent(ctx context.Context) error {
	failure := &Error{At: time.Now()}
	for _, l := range e.layers {
		if l.sup == nil {
			continue
		}
		if _, _, delivered := l.sup.Latest(); delivered || l.sup.Status().Optional {
			continue
		}
		why := l.sup.Status().Err
		if why == nil {
			why = errors.New("no answer")
		}
		failure.Problems = append(failure.Problems, Problem{
			Kind: Unusable, Err: fmt.Errorf("%s has not delivered: %w (%w)", l.name, why, ctx.Err()),
		})
	}
	return failure
}

// unusable are the problems with the content of a source.
func (l *layer) unusable(st source.Status) []Problem {
	problems := tree.Problems(st.Err)
	if problems == nil {
		problems = []Problem{{Kind: Unusable, Err: fmt.Errorf("%s: %w", l.name, st.Err)}}
	}
	for i := range problems {
		problems[i].Origin.Layer = l.name
	}
	return problems
}
