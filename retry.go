package confsync

import (
	"slices"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/confsync/confsync/tree"
)

// The wait before what was refused is tried again grows from one to the other.
const (
	firstRetry = 5 * time.Second
	lastRetry  = time.Minute
)

// retry has contents that the program's code has refused tried again, for the
// reason may lie outside them: a port that is taken, a file that is missing.
// The reducer alone uses it.
type retry struct {
	timer *time.Timer                 // nil while nothing is to be tried
	wait  *backoff.ExponentialBackOff // nil while nothing is
}

// due returns the channel that tells when to try again, nil for never.
func (t *retry) due(verdict tree.ProblemList) <-chan time.Time {
	if !slices.ContainsFunc(verdict.Problems, func(p Problem) bool { return p.Kind == Refused }) {
		*t = retry{}
		return nil
	}
	if t.wait == nil {
		t.wait = backoff.NewExponentialBackOff(
			backoff.WithInitialInterval(firstRetry), backoff.WithMaxInterval(lastRetry), backoff.WithMaxElapsedTime(0))
	}
	if t.timer == nil {
		t.timer = time.NewTimer(t.wait.NextBackOff())
	}
	return t.timer.C
}

// retried has the newest layers tried once more, when due has told so.
func (r *reducer) retried() {
	r.retry.timer = nil
	r.stale.Store(true)
	r.reduce()
}

// anew is reduce, and what was refused is tried again even if it is unchanged.
func (r *reducer) anew() {
	if r.verdict.Len() > 0 {
		r.stale.Store(true)
	}
	r.reduce()
}
