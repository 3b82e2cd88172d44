package nats

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
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
	quiet  bool   // nothing was written meanwhile, and no replica that is behind was asked, so newest is exact
	err    error
}

// interval returns when the next probe is due.
func (s *store) interval() time.Duration { return source.Jitter(s.opts.Probe/2, s.opts.Probe) }

// info asks the stream's leader, which alone answers that.
func (s *store) info(ctx context.Context) (*jetstream.StreamInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, s.opts.Timeout)
	defer cancel()
	var status jetstream.KeyValueStatus
	err := inTurn(ctx, s.kv, func() (err error) {
		status, err = s.kv.Status(ctx)
		return err
	})
	if err != nil {
		return nil, s.silent("bucket", err)
	}
	of, ok := status.(interface{ StreamInfo() *jetstream.StreamInfo })
	if !ok {
		return nil, errors.New("bucket: its status doesn't tell the stream's")
	}
	info := of.StreamInfo()
	if info.Cluster != nil && info.Cluster.Leader == "" {
		return nil, errors.New("bucket: its stream has no leader")
	}
	return info, nil
}

func stateOf(info *jetstream.StreamInfo) state {
	return state{info.Created, info.State.FirstSeq, info.State.LastSeq, info.State.Msgs, uint64(info.State.NumDeleted)}
}

// isReplicated reports whether other servers than the leader hold the stream too.
// Any of them may serve a watcher, however far behind it is.
func isReplicated(info *jetstream.StreamInfo) bool {
	return info.Cluster != nil && len(info.Cluster.Replicas) > 0
}

// isAtRest reports whether by all that the leader knows every replica has long had
// the last revision.
func isAtRest(info *jetstream.StreamInfo) bool {
	const long = 10 * time.Second
	for _, replica := range info.Cluster.Replicas {
		if !replica.Current || replica.Offline || replica.Lag > 0 {
			return false
		}
	}
	return info.TimeStamp.Sub(info.State.LastTime) > long
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

// watcher makes a watcher of what matches the patterns. The server may take its time
// no longer than Timeout.
func (s *store) watcher(ctx context.Context, patterns []string, opts ...jetstream.WatchOpt) (jetstream.KeyWatcher, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	late := time.AfterFunc(s.opts.Timeout, func() { cancel(context.DeadlineExceeded) })
	w, err := s.kv.WatchFiltered(ctx, patterns, opts...)
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
		defer func() { r.probed <- v }()
		info, err := r.store.info(ctx)
		if v.err = err; err != nil {
			return
		}
		v.state, v.quiet = stateOf(info), true
		if v.state.last > known {
			v.newest, v.quiet, v.err = r.store.newestSince(ctx, known, info)
		}
	}()
}

// newestSince returns the last revision of what the source reads that is newer than
// known, or 0, and whether that is certain: the stream is still in the state from
// before, and who answered had all of it. A replica has if it tells of the stream's
// last revision too, whoever's that is. One that is no longer there, as a marker that
// was purged, is told of by none; then it must do that all have been at rest for long.
func (s *store) newestSince(ctx context.Context, known uint64, before *jetstream.StreamInfo) (newest uint64, certain bool, err error) {
	last, patterns := before.State.LastSeq, []string{s.pattern()}
	if isReplicated(before) {
		key, err := s.keyAt(ctx, last)
		if err != nil {
			return 0, false, err
		}
		if key != "" && !covers(s.pattern(), key) {
			patterns = append(patterns, key)
		}
	}
	var seen uint64
	err = s.each(ctx, patterns, known+1, func(entry jetstream.KeyValueEntry) bool {
		seen = entry.Revision()
		if covers(s.pattern(), entry.Key()) {
			newest = seen
		}
		return true
	})
	if err != nil {
		return 0, false, err
	}
	after, err := s.info(ctx)
	if err != nil {
		return 0, false, err
	}
	return newest, stateOf(after) == stateOf(before) && (!isReplicated(after) || seen == last || isAtRest(after)), nil
}

// covers reports whether a key matches a pattern that is a key or ends with all that
// may follow.
func covers(pattern, key string) bool {
	prefix, open := strings.CutSuffix(pattern, ">")
	return key == pattern || open && strings.HasPrefix(key, prefix)
}

// keyAt returns the key that was written at the bucket's last revision, "" if whoever
// answers doesn't have that.
func (s *store) keyAt(ctx context.Context, revision uint64) (key string, err error) {
	err = s.each(ctx, []string{jetstream.AllKeys}, revision, func(entry jetstream.KeyValueEntry) bool {
		if entry.Revision() == revision {
			key = entry.Key()
		}
		return false
	})
	return key, err
}

// each calls take with what has been written from a revision on and matches one of the
// patterns, without the values, until there is no more or take returns false. It may
// miss a revision that takes the place of another at that time.
func (s *store) each(ctx context.Context, patterns []string, from uint64, take func(jetstream.KeyValueEntry) bool) error {
	w, err := s.watcher(ctx, patterns, jetstream.ResumeFromRevision(from), jetstream.MetaOnly())
	if err != nil {
		return err
	}
	defer stop(w)
	silence := time.NewTimer(s.opts.Timeout)
	defer silence.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-silence.C:
			return fmt.Errorf("watch: no answer within %v", s.opts.Timeout)
		case entry, ok := <-w.Updates():
			if !ok {
				return errEnded
			}
			if entry == nil || !take(entry) {
				return nil
			}
			silence.Reset(s.opts.Timeout)
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
