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

// attempt is one call of Watch. The supervisor's lock guards it.
type attempt struct {
	answered chan struct{} // closed by answerLocked, at its first emit or its failure; nothing is sent
	err      error         // why it failed; to be read once answered is closed
	over     bool          // answered is closed
	waiting  int           // calls of Refresh that wait for it
}

func newAttempt() *attempt { return &attempt{answered: make(chan struct{})} }

func (a *attempt) answerLocked(err error) {
	if !a.over {
		a.over, a.err = true, err
		close(a.answered)
	}
}

// attempt calls Watch once. It returns nil when the supervisor itself has ended
// it, to start it anew or for good.
func (s *Supervisor) attempt(ctx context.Context) error {
	watching, cancel := s.policy.untilResync(ctx)
	defer cancel()
	a := s.begin(cancel)
	ended := startWatch(watching, s.src, func(snap Snapshot) { s.emit(watching, a, snap) })
	var err error
	select {
	case err = <-ended:
	case <-watching.Done():
		s.outlast(ctx, a, ended)
	}
	why := watching.Err()
	cancel() // from here on an emit is dropped

	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case why == context.DeadlineExceeded && !a.over:
		err = errNoAnswer
	case why != nil:
		err = nil
	}
	if why != nil && a.over && ctx.Err() == nil {
		s.count.Resyncs++
	}
	if ctx.Err() == nil {
		s.loseLocked(time.Now())
	}
	return err
}

// begin makes the attempt that cancel ends.
func (s *Supervisor) begin(cancel func()) *attempt {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running, s.next = s.next, nil
	if s.running == nil {
		s.running = newAttempt()
	}
	s.interrupt = cancel
	s.count.Watches++
	return s.running
}

// startWatch calls the Watch of a source in a goroutine of its own, and sends
// what has ended it: an error, whether it returned, panicked or ended the
// goroutine.
func startWatch(ctx context.Context, src Source, emit func(Snapshot)) <-chan error {
	ended := make(chan error, 1) // the goroutine sends once; never closed
	go func() {
		growStack()
		err := errExited
		defer func() {
			if v := recover(); v != nil {
				err = Panicked("watch", v)
			}
			ended <- err
		}()
		returned := sound(src.Watch(ctx, emit))
		if err = returned; err == nil {
			err = errEnded
		}
	}()
	return ended
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
	readable = fmt.Errorf("an error of type %T that has no text", err)
	defer func() { _ = recover() }()
	_, _, _ = err.Error(), errors.Is(err, ErrAbsent), tree.Problems(err)
	return err
}

// outlast waits for a Watch whose context has ended. If that was to start it
// anew, one that goes on for too long is reported as a failure.
func (s *Supervisor) outlast(ctx context.Context, a *attempt, ended <-chan error) {
	if ctx.Err() != nil {
		<-ended
		return
	}
	s.update(func() { s.loseLocked(time.Now()) })
	late := time.NewTimer(lateAfter)
	defer late.Stop()
	select {
	case <-ended:
		return
	case <-ctx.Done():
		<-ended
		return
	case <-late.C:
	}
	s.fail(errStuck)
	s.mu.Lock()
	a.answerLocked(errStuck)
	if s.next != nil {
		s.next.answerLocked(errStuck)
		s.next = nil
	}
	s.mu.Unlock()
	<-ended
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

// fail records a failed attempt, and reports whether the source had been live
// for long enough before it.
func (s *Supervisor) fail(err error) (healthy bool) {
	text := err.Error()
	s.update(func() {
		healthy = !s.contact.IsZero() && !s.down && !s.degraded && s.lost.Sub(s.since) >= s.policy.Healthy
		s.attempted = true
		s.down, s.degraded = !s.contact.IsZero(), false
		s.retries++
		s.count.Failures++
		s.err, s.errText = err, text
	})
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
		s.next = newAttempt()
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
