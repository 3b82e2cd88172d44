package consul

import (
	"context"
	"time"

	"github.com/confsync/confsync/source"
)

// Watch follows the prefix until a query or a probe fails. Beside the goroutine
// that calls it there is one more, which it stops and waits for.
func (s *store) Watch(ctx context.Context, emit func(source.Snapshot)) error {
	if err := s.single.Enter(); err != nil {
		return err
	}
	defer s.single.Leave()
	watching, stop := context.WithCancelCause(ctx)
	probed := make(chan struct{}) // closed by the prober
	go func() {
		defer close(probed)
		if err := s.probe(watching); err != nil {
			stop(err)
		}
	}()
	defer func() { stop(nil); <-probed }() // also if emit panics
	stop(s.follow(watching, emit))         // the first cause is the one that counts
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return context.Cause(watching)
}

// follow asks again and again for what is newer than it knows. It believes
// only a consistent read in what a server that has just started might say while
// it still replays its log: at first, when the index has gone back, and when all
// keys are gone.
//
// What it waits beyond is the index of the last answer, or 0 for no waiting:
//
//   - at first, as a server that was rebuilt meanwhile may be at a low index,
//     and would let us wait for it to pass ours;
//   - when an answer is no newer though the wait has not passed: so ends the
//     state that a restored snapshot replaces, and the new index is not told;
//   - after a pause for the limit's sake, in which that end may have been missed.
func (s *store) follow(ctx context.Context, emit func(source.Snapshot)) error {
	have := s.contents()
	limit := newPace(s.opts.Rate)
	var last, beyond uint64
	for empty := false; ; {
		var got answer
		var err error
		asked := time.Now()
		if last > 0 {
			got, err = s.read(ctx, beyond)
		}
		early := time.Since(asked) < s.opts.Wait
		if err == nil && (got.index < last || len(got.pairs) == 0 && !empty) {
			got, err = s.confirm(ctx)
		}
		if err != nil {
			return err
		}
		emit(have.take(got))

		none, newer, paused := len(got.pairs) == 0, got.index != last, false
		if newer || beyond > 0 {
			idle := !newer || none && empty
			if paused, err = limit.wait(ctx, idle); err != nil {
				return err
			}
		}
		replaced := got.index == beyond && early
		last, beyond, empty = got.index, got.index, none
		if replaced || paused && newer {
			beyond = 0
		}
	}
}
