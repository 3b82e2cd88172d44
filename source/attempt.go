package source

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/confsync/confsync/tree"
)

// lateAfter is how long a Watch may take to return when its context has ended.
const lateAfter = 2 * time.Second

var (
	errEnded    = errors.New("watch ended without an error")
	errExited   = errors.New("watch ended its goroutine")
	errNoAnswer = errors.New("watch gave no answer in time")
	errStuck    = fmt.Errorf("watch has not returned within %v of the end of its context", lateAfter)
)

// attempt is one call of Watch. The supervisor's lock guards it, but for ctx.
type attempt struct {
	ctx    context.Context // of Watch; an emit after its end is dropped
	cancel context.CancelFunc
	resync *time.Timer // ends it, for another to be started; nil for never
	late   *time.Timer // runs when it has not returned in time; nil while ctx goes on
	silent bool        // resync has ended it; once it has returned, and it had not answered
	ended  bool        // it has returned

	answered chan struct{} // closed by answerLocked, at its first emit or its failure; nothing is sent; nil unless Refresh asked for it
	err      error         // why it failed; to be read once answered is closed
	over     bool          // answered is closed
	waiting  int           // calls of Refresh that wait for it
}

func (a *attempt) answerLocked(err error) {
	if a.over {
		return
	}
	a.over, a.err = true, err
	if a.answered != nil {
		close(a.answered)
	}
}

// begin makes the next attempt.
func (s *Supervisor) begin(ctx context.Context) *attempt {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.next
	if a == nil {
		a = &attempt{}
	}
	s.running, s.next = a, nil
	a.ctx, a.cancel = context.WithCancel(ctx)
	if s.policy.Resync >= 0 {
		a.resync = s.afterLocked(s.policy.untilResync(), func() { s.resync(ctx, a) })
	}
	s.interrupt = func() { s.restartLocked(ctx, a) }
	s.count.Watches++
	return a
}

// watch calls the Watch of a source, and returns why it has ended, never nil. It
// doesn't return when Watch ends the goroutine.
func watch(ctx context.Context, src Source, emit func(Snapshot)) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = Panicked("watch", v)
		}
	}()
	if err = sound(src.Watch(ctx, emit)); err == nil {
		err = errEnded
	}
	return err
}

// end takes down how the attempt that ran has ended. After a failure it waits
// until there may be another.
func (s *Supervisor) end(ctx context.Context, err error) {
	a := s.running
	if !s.hasFailed(ctx, a) {
		return
	}
	if a.silent {
		err = errNoAnswer
	}
	text, healthy := err.Error(), false
	s.update(func() { healthy = s.failLocked(err, text) })
	if s.waits == nil {
		s.waits = s.policy.backoff()
	} else if healthy {
		s.waits.Reset()
	}
	s.answer(a, err)
	s.backOff(ctx, s.waits.NextBackOff())
}

// hasFailed notes that an attempt has ended. It reports false when the supervisor
// itself has ended it, to start it anew or for good.
func (s *Supervisor) hasFailed(ctx context.Context, a *attempt) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	cut := a.ctx.Err() != nil
	a.cancel() // from here on an emit is dropped
	s.stopLocked(a.resync)
	s.stopLocked(a.late)
	a.ended, a.silent = true, a.silent && !a.over
	if ctx.Err() != nil {
		return false
	}
	if cut && a.over {
		s.count.Resyncs++
	}
	s.loseLocked(time.Now())
	return !cut || a.silent
}

// backOff waits between two attempts.
func (s *Supervisor) backOff(ctx context.Context, d time.Duration) {
	waiting, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	s.mu.Lock()
	s.interrupt = cancel
	wanted := s.next != nil
	s.mu.Unlock()
	if !wanted {
		<-waiting.Done()
	}
}

// growStack makes the stack of a goroutine that has just begun large enough for
// most of what is read. Otherwise it grows step by step, and each step copies all
// the frames that there are.
//
//go:noinline
func growStack() {
	var stack [6 << 10]byte
	use(&stack)
}

//go:noinline
func use(*[6 << 10]byte) {}

// sound returns err or, if its methods panic, as those of a nil pointer may, an
// error that says so.
func sound(err error) (readable error) {
	if err == nil {
		return nil
	}
	defer func() {
		if recover() != nil {
			readable = fmt.Errorf("an error of type %T that has no text", err)
		}
	}()
	_, _, _ = err.Error(), errors.Is(err, ErrAbsent), tree.Problems(err)
	return err
}

// resync starts a Watch anew that has gone on for long enough.
func (s *Supervisor) resync(ctx context.Context, a *attempt) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a.silent = a.ctx.Err() == nil
	s.restartLocked(ctx, a)
}

// restartLocked ends a Watch, for another to be started. One that goes on for
// too long is reported as a failure.
func (s *Supervisor) restartLocked(ctx context.Context, a *attempt) {
	if a.ctx.Err() != nil {
		return
	}
	a.cancel()
	s.loseLocked(time.Now())
	a.late = s.afterLocked(lateAfter, func() {
		s.update(func() {
			if !a.ended && ctx.Err() == nil {
				s.stuckLocked(a)
			}
		})
	})
}

func (s *Supervisor) stuckLocked(a *attempt) {
	s.failLocked(errStuck, errStuck.Error())
	a.answerLocked(errStuck)
	if s.next != nil {
		s.next.answerLocked(errStuck)
		s.next = nil
	}
}

// answer ends the wait for an attempt that has emitted or failed, and the Watch
// itself if another has been asked for meanwhile.
func (s *Supervisor) answer(a *attempt, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a.answerLocked(err)
	if a == s.running && s.next != nil {
		s.interrupt()
	}
}

// failLocked records a failed attempt, and reports whether the source had been
// live for long enough before it.
func (s *Supervisor) failLocked(err error, text string) (healthy bool) {
	healthy = !s.contact.IsZero() && !s.down && !s.degraded && s.lost.Sub(s.since) >= s.policy.Healthy
	s.attempted = true
	s.down, s.degraded = !s.contact.IsZero(), false
	s.retries++
	s.count.Failures++
	s.err, s.errText = err, text
	return healthy
}

// Refresh starts Watch anew, without waiting for a backoff to pass, and returns
// when it has emitted: nil, whether or not the content can be used. It
// returns the error of a Watch that fails first, ctx's if that ends first, and
// [ErrClosed] once Run has ended. Calls at the same time share one Watch, and
// don't cut short one that another call waits for.
func (s *Supervisor) Refresh(ctx context.Context) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return ErrClosed
	}
	if s.next == nil {
		s.next = &attempt{answered: make(chan struct{})}
	}
	a := s.next
	a.waiting++
	if s.running != nil && (s.running.over || s.running.waiting == 0) {
		s.interrupt()
	}
	s.mu.Unlock()

	select {
	case <-a.answered:
		return a.err
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a.waiting--
	return ctx.Err()
}
