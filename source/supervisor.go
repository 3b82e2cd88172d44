package source

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v4"
)

// ErrClosed is what [Supervisor.Refresh] returns when Run has ended.
var ErrClosed = errors.New("closed")

// Supervisor runs one [Source]: it keeps it watched, with backoff while it
// fails and a resync now and then while it doesn't, holds its last good
// snapshot, and knows how it stands. Run runs it; the other methods may be
// called from any goroutine.
type Supervisor struct {
	src      Source
	policy   Policy
	changed  func()
	optional bool
	timers   sync.WaitGroup              // of timer functions that are yet to return
	waits    *backoff.ExponentialBackOff // of the goroutine that watches; nil before the first failure

	mu        sync.Mutex
	snap      Snapshot    // the last good one
	version   uint64      // of snap; 0 before the first
	note      string      // of the last snapshot, good or not
	err       error       // of the last snapshot or, while down, of the last attempt
	errText   string      // err as text, made outside the lock
	contact   time.Time   // the last emit
	since     time.Time   // when Connecting, Live or Closed was entered
	lost      time.Time   // when contact was lost, or the source became degraded; zero while all is well
	down      bool        // an attempt has failed since
	degraded  bool        // the last snapshot was, and no attempt has failed since
	retries   int         // how many have
	attempted bool        // see Attempted
	closed    bool        // Run has ended
	timer     *time.Timer // runs when the source becomes stale
	count     Counters
	reported  report // what changed was last called for

	running   *attempt // the Watch that runs
	next      *attempt // the one after it, if Refresh has asked for it
	interrupt func()   // ends the Watch or the wait that runs, with the lock held; nil before the first
}

// NewSupervisor returns the supervisor of a source. What [WithPolicy] has given
// the source goes before p. The supervisor calls changed, which must not block and may
// be nil, after a new tree, new places, a new note, a new error or a change of
// state; not for an emit that only says that the source is still in touch, and
// not for each retry. The last call may come while Run returns, none after.
func NewSupervisor(src Source, p Policy, changed func()) *Supervisor {
	if changed == nil {
		changed = func() {}
	}
	return &Supervisor{
		src: src, policy: policyOf(src, p).withDefaults(), changed: changed,
		optional: IsOptional(src), since: time.Now(),
	}
}

// Run watches the source until ctx ends and returns ctx's error. No Watch is
// left running then, and the state is [Closed]. It is called once.
func (s *Supervisor) Run(ctx context.Context) error {
	ended := make(chan struct{}) // closed when it has; nothing is sent
	s.Start(ctx, func() { close(ended) })
	<-ended
	return ctx.Err()
}

// Start is Run in a goroutine of its own: it returns at once, and ended is called
// when Run would return.
func (s *Supervisor) Start(ctx context.Context, ended func()) {
	go s.keepWatched(ctx, false, ended)
}

// keepWatched calls Watch again and again until ctx ends. A Watch may end the
// goroutine; another one then goes on, and knows that the last has exited.
func (s *Supervisor) keepWatched(ctx context.Context, exited bool, ended func()) {
	over := false
	defer func() {
		if !over {
			go s.keepWatched(ctx, true, ended)
			return
		}
		defer ended()
		s.close()
	}()
	growStack()
	if exited {
		s.end(ctx, errExited)
	}
	for ctx.Err() == nil {
		a := s.begin(ctx)
		s.end(ctx, watch(a.ctx, s.src, func(snap Snapshot) { s.emit(a, snap) }))
	}
	over = true
}

func (s *Supervisor) close() {
	s.update(func() {
		s.regainLocked()
		s.closed, s.since = true, time.Now()
		for _, a := range []*attempt{s.running, s.next} {
			if a != nil {
				a.answerLocked(ErrClosed)
			}
		}
	})
	s.timers.Wait()
}

// Latest returns the last good snapshot. Its version grows with each change of
// the tree, of its places or of its revision. ok is false before the first.
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
