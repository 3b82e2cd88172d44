package consul

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/consul/api"
	"golang.org/x/time/rate"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
)

var errNoClient = errors.New("there is no client: pass one that api.NewClient made")

// watch is the state of one Watch.
type watch struct {
	*store
	client *api.Client // see streaming
	emit   func(source.Snapshot)
	limit  *rate.Limiter
	held   *document.Layout

	heard atomic.Int64 // when a part of an answer last arrived, in Unix nanoseconds

	mu    sync.Mutex
	known known
}

// known is what the prober has to know of what is held.
type known struct {
	index    uint64 // 0: nothing yet
	keys     int
	some     string // one of the keys
	tooLarge bool   // there are too many to be held
}

// Watch follows the prefix until a query or a probe fails. Beside the goroutine
// that calls it there is one more, which it stops and waits for.
func (s *store) Watch(ctx context.Context, emit func(source.Snapshot)) error {
	if err := s.single.Enter(); err != nil {
		return err
	}
	defer s.single.Leave()
	if s.client == nil {
		return errNoClient
	}
	w := &watch{
		store: s, client: streaming(s.client), emit: emit,
		limit: newLimiter(s.opts.Rate), held: s.layout(),
	}
	watching, stop := context.WithCancelCause(ctx)
	var prober sync.WaitGroup
	defer prober.Wait()
	defer stop(nil) // also if emit panics
	prober.Go(func() {
		if err := w.probe(watching); err != nil {
			stop(err)
		}
	})
	stop(w.follow(watching)) // the first cause is the one that counts
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return context.Cause(watching)
}

// follow asks again and again for what is newer than it knows. It believes
// only a consistent read in what a server that has just started might say while
// it still replays its log: at first, when the index has gone back, and when all
// keys are gone; and in what a server says that is out of touch with the leader.
//
// What it waits beyond is the index of the last answer, or 0 for no waiting:
//
//   - at first, as a server that was rebuilt meanwhile may be at a low index,
//     and would let us wait for it to pass ours;
//   - when an answer is no newer though the wait has not passed: so ends the
//     state that a restored snapshot replaces, and the new index is not told;
//   - after a pause for the limit's sake, in which that end may have been missed.
func (w *watch) follow(ctx context.Context) error {
	var last, beyond uint64
	for empty := false; ; {
		asked := time.Now()
		got, err := w.next(ctx, last, beyond, empty)
		if err != nil {
			return err
		}
		early := time.Since(asked) < w.wait()
		if err := w.take(ctx, got); err != nil {
			return err
		}
		none, newer, paused := got.none(), got.index != last, false
		if newer || beyond > 0 {
			idle := !newer || none && empty
			if paused, err = w.throttle(ctx, idle); err != nil {
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

// next reads what is newer than beyond, and confirms what has to be.
func (w *watch) next(ctx context.Context, last, beyond uint64, empty bool) (got answer, err error) {
	if last > 0 {
		asked := time.Now()
		got, err = w.read(ctx, beyond)
		if age := time.Since(asked); err != nil && beyond > 0 && age < w.wait() && ctx.Err() == nil {
			w.waiting.broke(age)
		}
	}
	if errors.Is(err, errStale) || err == nil && (got.index < last || got.none() && !empty) {
		got, err = w.confirm(ctx)
	}
	return got, err
}

// take emits an answer, or what was there before as long as that is in doubt.
func (w *watch) take(ctx context.Context, got answer) error {
	snap := source.Snapshot{Revision: strconv.FormatUint(got.index, 10), Bytes: int64(got.bytes), Note: w.waiting.note}
	doubt, err := w.doubt(ctx, got)
	switch {
	case err != nil:
		return err
	case doubt != nil:
		snap.Tree, snap.Revision, snap.Degraded, snap.Note = w.good.Tree, w.good.Revision, doubt, howToTrust
	case got.tooLarge != nil:
		snap.Err = got.tooLarge
	default:
		w.held.Replace(got.rows)
		if snap.Tree, snap.Err = w.held.Tree(ctx); snap.Err == nil {
			w.good = snap
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	w.know(got)
	w.emit(snap)
	return nil
}

// know tells the prober.
func (w *watch) know(got answer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.known = known{got.index, len(got.rows), got.some, got.tooLarge != nil}
}
