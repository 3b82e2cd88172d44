package http

import (
	"context"
	"fmt"
	"time"

	"github.com/confsync/confsync/source"
)

// leastGap is between the beginnings of two questions, however fast a server
// answers to one that it was to keep waiting.
const leastGap = 100 * time.Millisecond

// Watch asks for the whole document, and then whether there is another one. It
// starts no goroutine.
func (s *site) Watch(ctx context.Context, emit func(source.Snapshot)) error {
	if err := s.single.Enter(); err != nil {
		return err
	}
	defer s.single.Leave()
	if err := s.held(); err != nil {
		return err
	}
	last := &reading{page: s.page(0)}
	for first := true; ; first = false {
		began := time.Now()
		changed, err := s.ask(ctx, last, !first)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return err
		}
		emit(last.snap)
		if err := s.pause(ctx, began, changed || first); err != nil {
			return err
		}
	}
}

// pause waits for the time of the next question.
func (s *site) pause(ctx context.Context, began time.Time, changed bool) error {
	took := time.Since(began)
	wait := source.Jitter(s.opts.Interval*9/10, s.opts.Interval*11/10)
	if s.opts.LongPoll > 0 && (changed || took >= s.opts.LongPoll/2) {
		wait = leastGap - took
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// hold keeps all questions back for a time that the server has named.
func (s *site) hold(d time.Duration, because error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notUntil, s.because = time.Now().Add(d), because
}

// held returns why no question may be asked yet, or nil.
func (s *site) held() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if left := time.Until(s.notUntil); left > 0 {
		return fmt.Errorf("%w: to be asked again in %v", s.because, left.Round(time.Second))
	}
	return nil
}
