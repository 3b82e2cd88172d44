package source

import (
	"context"
	"errors"
	"sync"
	"time"
)

// ErrClosed is what [Supervisor.Refresh] returns when Run has ended.
var ErrClosed = errors.New("closed")

var (
	errEnded    = errors.New("watch ended without an error")
	errNoAnswer = errors.New("watch gave no answer in time")
)

// Supervisor runs one [Source]: it keeps it watched, with backoff while it
// fails and a resync now and then while it doesn't, holds its last good
// snapshot, and knows how it stands. Run runs it; the other methods may be
// called from any goroutine.
type Supervisor struct {
	src      Source
	policy   Policy
	changed  func()
	optional bool
	timers   sync.WaitGroup // of timer functions that are yet to return

	mu        sync.Mutex
	snap      Snapshot    // the last good one
	version   uint64      // of snap; 0 before the first
	note      string      // of the last snapshot, good or not
	err       error       // of the last snapshot or, while down, of the last attempt
	errText   string      // err as text, made outside the lock
	contact   time.Time   // the last emit
	since     time.Time   // when Connecting, Live or Closed was entered
	lost      time.Time   // when contact was lost; zero while a watch that has emitted runs
	down      bool        // an attempt has failed since
	retries   int         // how many have
	attempted bool        // see Attempted
	closed    bool        // Run has ended
	timer     *time.Timer // runs when the source becomes stale
	told      face        // what changed was last called for

	round     *round // the Watch that runs
	next      *round // the one after it, if Refresh has asked for it
	interrupt func() // ends the Watch or the wait that runs; nil before the first
}

// NewSupervisor makes the supervisor of a source. It calls changed, which must
// not block and may be nil, after a new tree, new places, a new note, a new
// error or a change of state; not for an emit that only says that the source is
// still in touch, and not for each retry. The last call may come while Run
// returns, none after.
func NewSupervisor(src Source, p Policy, changed func()) *Supervisor {
	if changed == nil {
		changed = func() {}
	}
	return &Supervisor{
		src: src, policy: p.withDefaults(), changed: changed,
		optional: IsOptional(src), since: time.Now(),
	}
}

// Run watches the source until ctx ends and returns ctx's error. No Watch is
// left running then, and the state is [Closed]. It is called once.
func (s *Supervisor) Run(ctx context.Context) error {
	defer s.close()
	wait := s.policy.backoff()
	for ctx.Err() == nil {
		err := s.attempt(ctx)
		if err == nil || ctx.Err() != nil {
			continue
		}
		if s.fail(err) {
			wait.Reset()
		}
		s.answer(s.round, err)
		s.pause(ctx, wait.NextBackOff())
	}
	return ctx.Err()
}

// attempt is one Watch. It returns nil when the supervisor itself has ended it,
// to start it anew or for good.
func (s *Supervisor) attempt(ctx context.Context) error {
	watching, cancel := s.policy.untilResync(ctx)
	defer cancel()
	r := s.begin(cancel)
	err := s.watch(watching, r)
	ended := watching.Err()
	cancel() // from here on an emit is dropped

	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case ended == context.DeadlineExceeded && !r.over:
		err = errNoAnswer
	case ended != nil:
		err = nil
	}
	s.loseLocked(time.Now())
	return err
}

// watch calls the source's Watch and makes an error of whatever ends it.
func (s *Supervisor) watch(ctx context.Context, r *round) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = panicError(v)
		}
	}()
	err = s.src.Watch(ctx, func(snap Snapshot) { s.emit(ctx, r, snap) })
	if err == nil {
		err = errEnded
	}
	return err
}

// fail records a failed attempt, and reports whether the source had been live
// for long enough before it.
func (s *Supervisor) fail(err error) (healthy bool) {
	text := err.Error()
	s.update(func() {
		healthy = !s.contact.IsZero() && !s.down && s.lost.Sub(s.since) >= s.policy.Healthy
		s.attempted = true
		s.down = !s.contact.IsZero()
		s.retries++
		s.err, s.errText = err, text
	})
	return healthy
}

// pause waits between two attempts.
func (s *Supervisor) pause(ctx context.Context, d time.Duration) {
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

func (s *Supervisor) close() {
	s.update(func() {
		s.findLocked()
		s.closed, s.since = true, time.Now()
		for _, r := range []*round{s.round, s.next} {
			if r != nil {
				r.endLocked(ErrClosed)
			}
		}
	})
	s.timers.Wait()
}

// Latest is the last good snapshot. Its version grows with each change of the
// tree, of its places or of its revision. ok is false before the first.
func (s *Supervisor) Latest() (snap Snapshot, version uint64, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.snap, s.version, s.version > 0
}

// Attempted reports whether the source has emitted, or its first attempt has
// failed: whether there is a first word on what it holds.
func (s *Supervisor) Attempted() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.attempted
}
