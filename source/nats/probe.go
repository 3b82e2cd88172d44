package nats

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/confsync/confsync/source"
)

const grace = time.Second // for a watcher to end

// state is what a probe sees of the bucket's stream.
type state struct {
	created           time.Time
	first, last       uint64 // sequences, which are revisions
	messages, deleted uint64
}

// verdict is what a probe has found.
type verdict struct {
	state  state
	newest uint64 // the last revision that the watcher is to tell of; 0: none that it had not told of
	gaps   int    // that there had been when it began
	quiet  bool   // nothing was written meanwhile, so newest is exact
	err    error
}

// interval returns when the next probe is due.
func (s *store) interval() time.Duration { return source.Jitter(s.opts.Probe/2, s.opts.Probe) }

// state asks the stream's leader.
func (s *store) state(ctx context.Context) (state, error) {
	ctx, cancel := context.WithTimeout(ctx, s.opts.Timeout)
	defer cancel()
	var status jetstream.KeyValueStatus
	err := inTurn(ctx, s.kv, func() (err error) {
		status, err = s.kv.Status(ctx)
		return err
	})
	if err != nil {
		return state{}, s.silent("bucket", err)
	}
	of, ok := status.(interface{ StreamInfo() *jetstream.StreamInfo })
	if !ok {
		return state{}, errors.New("bucket: its status doesn't tell the stream's")
	}
	info := of.StreamInfo()
	if info.Cluster != nil && info.Cluster.Leader == "" {
		return state{}, errors.New("bucket: its stream has no leader")
	}
	return state{info.Created, info.State.FirstSeq, info.State.LastSeq, info.State.Msgs, uint64(info.State.NumDeleted)}, nil
}

// stop ends a watcher, whose goroutine may wait for somebody to take what it has.
// The client asks the server to drop the consumer too and, where that doesn't
// answer, waits for its own time: 5s by default. That long a goroutine of the
// client's is left, and nobody waits for it longer than grace.
func stop(w jetstream.KeyWatcher) {
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		_ = w.Stop() // an error says that it has ended already
	}()
	enough := time.NewTimer(grace)
	defer enough.Stop()
	for {
		select {
		case _, ok := <-w.Updates():
			if ok {
				continue
			}
			select {
			case <-stopped:
			case <-enough.C:
			}
			return
		case <-enough.C:
			go drain(w)
			return
		}
	}
}

func drain(w jetstream.KeyWatcher) {
	for range w.Updates() {
	}
}

// silent says of a deadline that there was no answer.
func (s *store) silent(what string, err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%s: no answer within %v", what, s.opts.Timeout)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// watcher makes the watcher of what the source reads. The server may take its time
// no longer than Timeout.
func (s *store) watcher(ctx context.Context, opts ...jetstream.WatchOpt) (jetstream.KeyWatcher, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	late := time.AfterFunc(s.opts.Timeout, func() { cancel(context.DeadlineExceeded) })
	w, err := s.kv.Watch(ctx, s.pattern(), opts...)
	if !late.Stop() && err != nil {
		err = context.DeadlineExceeded
	}
	if err != nil {
		return nil, s.silent("watch", err)
	}
	return w, nil
}

// probe asks for the stream's state, and if that has moved for the newest revision
// that the watcher is to tell of, unless a probe is under way. A goroutine does, which
// ends with ctx.
func (r *run) probe(ctx context.Context) {
	if r.probing {
		return
	}
	r.probing = true
	v, known := verdict{gaps: r.doubt.gaps}, max(r.asked, r.applied)
	go func() {
		v.state, v.err = r.store.state(ctx)
		v.quiet = true
		if v.err == nil && v.state.last > known {
			v.newest, v.quiet, v.err = r.store.newestSince(ctx, known, v.state)
		}
		r.probed <- v
	}()
}

// newestSince returns the last revision of what the source reads that is newer than
// known, or 0, and whether the stream is still in the state from before.
func (s *store) newestSince(ctx context.Context, known uint64, before state) (newest uint64, quiet bool, err error) {
	if newest, err = s.newest(ctx, known+1); err != nil {
		return 0, false, err
	}
	after, err := s.state(ctx)
	return newest, after == before, err
}

// newest returns the last revision, from one on, of what the source reads. It may miss
// one that takes the place of another at that time.
func (s *store) newest(ctx context.Context, from uint64) (uint64, error) {
	w, err := s.watcher(ctx, jetstream.ResumeFromRevision(from), jetstream.MetaOnly())
	if err != nil {
		return 0, err
	}
	defer stop(w)
	silence := time.NewTimer(s.opts.Timeout)
	defer silence.Stop()
	var newest uint64
	for {
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-silence.C:
			return 0, fmt.Errorf("watch: no answer within %v", s.opts.Timeout)
		case entry, ok := <-w.Updates():
			if !ok {
				return 0, errEnded
			}
			if entry == nil {
				return newest, nil
			}
			silence.Reset(s.opts.Timeout)
			newest = entry.Revision()
		}
	}
}

// compare compares what a probe has found with what is held.
func (r *run) compare(v verdict) error {
	was, is := r.verified, v.state
	inStep := r.applied >= max(r.owed, v.newest) && v.quiet && v.gaps == r.doubt.gaps
	switch {
	case v.err != nil:
		return fmt.Errorf("probe: %w", v.err)
	case !is.created.Equal(was.created):
		return errors.New("the bucket was made anew")
	case is.last < was.last:
		return fmt.Errorf("the bucket has gone back from revision %d to %d", was.last, is.last)
	case r.halted && is != was:
		return errors.New("the bucket has changed since it was too large")
	case is.last == was.last && (is.messages != was.messages || is.first != was.first || is.deleted != was.deleted):
		return errors.New("keys are gone from the bucket without notice")
	case inStep && r.holdsBefore(is.first):
		return fmt.Errorf("keys before revision %d are gone from the bucket without notice", is.first)
	case r.applied < r.owed:
		return fmt.Errorf("the watcher is silent about revision %d", r.owed)
	}
	r.verified, r.owed = is, max(r.owed, v.newest)
	if v.quiet {
		r.asked = is.last
	}
	r.doubt.answer(v, r.owed)
	return nil
}

// holdsBefore reports whether something is held that is older than a revision.
func (r *run) holdsBefore(revision uint64) bool {
	return slices.ContainsFunc(r.store.held.Rows(), func(row source.Row) bool { return uint64(row.Revision) < revision })
}
