package confsync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/confsync/confsync/tree"
)

var errExited = errors.New("confsync: a method of the type, or a decode hook, ended its goroutine")

// open waits for the first word of the sources and returns once there is a first
// value, or why there is none. It holds to ctx, whatever code of the program's
// does.
func (r *reducer) open(ctx context.Context) error {
	if err := r.await(ctx); err != nil {
		return err
	}
	opened := make(chan error, 1) // the one send never waits
	r.crew.run(calling, func() {  // no update takes place that code could wait for
		err := errExited
		defer func() { opened <- err }()
		err = r.start(ctx)
	})
	select {
	case err := <-opened:
		return err
	case <-ctx.Done():
	}
	if since := r.applying.Load(); since != nil {
		hangs := Problem{Kind: Refused, Err: fmt.Errorf("a validator, a decode hook or a method of the type has not returned for %s: %w", elapsed(*since), ctx.Err())}
		return &Error{Problems: []Problem{hangs}, At: time.Now()}
	}
	return <-opened // code of the program's doesn't run, and won't
}

// start makes the first value.
func (r *reducer) start(ctx context.Context) error {
	now := time.Now()
	r.applying.Store(&now)
	select {
	case <-r.nudge: // what it tells of is seen now
	default:
	}
	if ctx.Err() == nil { // after the store, see open
		r.reduce()
	}
	r.applying.Store(nil)
	if p := r.hub.present(); p.number == 0 {
		if p.rejected == nil {
			return r.silent(ctx)
		}
		return p.rejected
	}
	return nil
}

// await returns once every required source has delivered and every optional
// one has had its say, or its chance. Content of any source that can't be used
// is an error at once, except that an optional one may be absent.
func (r *reducer) await(ctx context.Context) error {
	var grace <-chan time.Time
	if slices.ContainsFunc(r.layers.sources, func(f *sourceLayer) bool { return f.standing().Optional }) {
		timer := time.NewTimer(optionalGrace)
		defer timer.Stop()
		grace = timer.C
	}
	waitOptional := true
	for {
		ready, problems := r.ready(waitOptional)
		if len(problems) > 0 {
			var found tree.ProblemList
			found.Add(problems...)
			return newError(found, &generation{}, nil)
		}
		if ready {
			return nil
		}
		select {
		case <-r.nudge:
		case <-grace:
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
	for _, f := range r.layers.sources {
		s := f.standing()
		switch {
		case s.delivered:
		case s.inTouch():
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
	var found tree.ProblemList
	for _, f := range r.layers.sources {
		s := f.standing()
		if s.delivered || s.Optional {
			continue
		}
		why := s.Err
		if why == nil {
			why = errors.New("no answer")
		}
		found.Add(Problem{Kind: Unusable, Err: fmt.Errorf("%s has not delivered: %w (%w)", s.Name, why, ctx.Err())})
	}
	if found.Len() == 0 {
		found.Add(Problem{Kind: Unusable, Err: ctx.Err()})
	}
	return newError(found, &generation{}, nil)
}
