package source

import "context"

// round is one Watch, from its start to its first emit or its failure. The
// supervisor's lock guards it.
type round struct {
	done    chan struct{} // closed by endLocked; nothing is sent
	err     error         // why it failed; to be read once done is closed
	over    bool          // done is closed
	waiting int           // calls of Refresh that wait for it
}

func newRound() *round { return &round{done: make(chan struct{})} }

func (r *round) endLocked(err error) {
	if !r.over {
		r.over, r.err = true, err
		close(r.done)
	}
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
		s.next = newRound()
	}
	r := s.next
	r.waiting++
	if s.round != nil && (s.round.over || s.round.waiting == 0) {
		s.interrupt()
	}
	s.mu.Unlock()

	select {
	case <-r.done:
		return r.err
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r.waiting--
	return ctx.Err()
}

// begin makes the round of the Watch that cancel ends.
func (s *Supervisor) begin(cancel func()) *round {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.round, s.next = s.next, nil
	if s.round == nil {
		s.round = newRound()
	}
	s.interrupt = cancel
	return s.round
}

// answer ends the wait for a round that has emitted or failed, and the Watch
// itself if another has been asked for meanwhile.
func (s *Supervisor) answer(r *round, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.endLocked(err)
	if r == s.round && s.next != nil {
		s.interrupt()
	}
}
