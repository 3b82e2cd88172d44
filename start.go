package confsync

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/confsync/confsync/source"
)

// await returns once every required source has delivered and every optional
// one has had its say, or its chance. Content of any source that can't be used
// is an error at once, except that an optional one may be absent.
func (r *reducer) await(ctx context.Context) error {
	grace := time.NewTimer(optionalGrace)
	defer grace.Stop()
	waitOptional := true
	for {
		ready, problems := r.ready(waitOptional)
		if len(problems) > 0 {
			return &Error{Problems: problems, At: time.Now()}
		}
		if ready {
			return nil
		}
		select {
		case <-r.nudge:
		case <-grace.C:
			waitOptional = false
		case <-ctx.Done():
			return r.silent(ctx)
		}
	}
}

// ready reports whether all sources have said enough, and what is wrong with
// what they said.
func (r *reducer) ready(waitOptional bool) (ready bool, problems []Problem) {
	ready = true
	for _, f := range r.stack.feeds {
		s := f.standing()
		switch {
		case s.delivered:
		case s.State == source.Live:
			problems = append(problems, s.problems()...)
		case s.Optional:
			ready = ready && (!waitOptional || f.sup.Attempted())
		default:
			ready = false
		}
	}
	return ready, problems
}

// silent returns the error for sources that have not delivered in time.
func (r *reducer) silent(ctx context.Context) error {
	failure := &Error{At: time.Now()}
	for _, f := range r.stack.feeds {
		s := f.standing()
		if s.delivered || s.Optional {
			continue
		}
		why := s.Err
		if why == nil {
			why = errors.New("no answer")
		}
		failure.Problems = append(failure.Problems, Problem{
			Kind: Unusable, Err: fmt.Errorf("%s has not delivered: %w (%w)", s.Name, why, ctx.Err()),
		})
	}
	return failure
}
