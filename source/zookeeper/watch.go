package zookeeper

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/confsync/confsync/source"
)

const (
	lookEvery   = 500 * time.Millisecond // at the client's session; connecting to the same server again takes it a second
	longestRead = 2 * time.Second        // that a tree which doesn't stand still is read again
	audited     = 16                     // nodes a probe looks at
)

// Watch follows the root until a request fails or the client connects anew.
// Beside the goroutine that calls it there is one more, and up to 16 while it
// reads.
func (s *store) Watch(ctx context.Context, emit func(source.Snapshot)) error {
	if err := s.single.Enter(); err != nil {
		return err
	}
	defer s.single.Leave()
	watching, stop := context.WithCancelCause(ctx)
	stop(s.watch(watching, stop, emit)) // the first cause is the one that counts
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return context.Cause(watching)
}

// watch begins with the leader's word, so that what is read from a server that
// has fallen behind is not older than this Watch.
func (s *store) watch(ctx context.Context, stop context.CancelCauseFunc, emit func(source.Snapshot)) error {
	if err := s.sync(ctx); err != nil {
		return err
	}
	began := s.session()
	probing := make(chan struct{}) // closed when that ends
	go func() {
		defer close(probing)
		stop(s.probes(ctx, began))
	}()
	err := s.follow(ctx, emit)
	stop(err)
	<-probing
	return err
}

// follow reads everything, and then what the watches tell of.
func (s *store) follow(ctx context.Context, emit func(source.Snapshot)) error {
	_, _ = s.watches.fired() // of what is read now anyway, or of a session before this one
	table := s.newTable()
	next := table.all()
	for {
		snap, rest, err := s.read(ctx, table, next)
		if err != nil {
			return err
		}
		emit(snap)
		if len(rest) == 0 {
			if rest, err = s.watches.wait(ctx); err != nil {
				return fmt.Errorf("watch: %w", err)
			}
		}
		next = table.again(rest)
	}
}

// read makes requests, and again for what has changed meanwhile, until nothing
// has (Z3), or for too long: then there is a rest to be read.
func (s *store) read(ctx context.Context, t *table, next []request) (snap source.Snapshot, rest []watch, err error) {
	var since time.Time // the tree was whole for the first time
	for {
		if err := s.calls.run(ctx, next, t.take); err != nil && t.tooLarge == nil {
			return source.Snapshot{}, nil, err
		}
		rest, err := s.watches.fired()
		if err != nil {
			return source.Snapshot{}, nil, fmt.Errorf("watch: %w", err)
		}
		if since.IsZero() {
			since = time.Now()
		}
		snap := source.Snapshot{}
		switch {
		case len(rest) == 0 || t.tooLarge != nil:
		case time.Since(since) < longestRead:
			next = t.again(rest)
			continue
		default:
			snap.Note = fmt.Sprintf("not at one revision: keys have changed during every reading for %v", longestRead)
		}
		t.fill(ctx, &snap)
		return snap, rest, ctx.Err()
	}
}

// session is what can be known of the client's connection from outside. Another
// connection is another session, or another server, or one after a time without.
type session struct {
	state  zk.State
	id     int64
	server string
}

func (s *store) session() session {
	return session{s.conn.State(), s.conn.SessionID(), s.conn.Server()}
}

// probes returns an error as soon as the session isn't the one that began or the
// leader doesn't answer, and nil when ctx ends. Its probes come at random
// intervals, so that those of a fleet don't come together.
func (s *store) probes(ctx context.Context, began session) error {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	interval := func() time.Duration { return source.Jitter(s.opts.Probe/2, s.opts.Probe) }
	probe := time.NewTimer(interval())
	defer probe.Stop()
	if s.opts.Probe < 0 {
		probe.Stop()
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
		case <-probe.C:
			if err := s.probe(ctx); err != nil {
				return fmt.Errorf("probe: %w", err)
			}
			probe.Reset(interval())
		}
		switch now := s.session(); {
		case now.state != zk.StateHasSession:
			return fmt.Errorf("connection lost: %v", now.state)
		case now.id != began.id:
			return zk.ErrSessionExpired
		case now != began:
			return fmt.Errorf("connection lost: now with %s", now.server)
		}
	}
}

// probe asks whether the leader answers, and whether the root may still be read,
// of which no watch tells. And it compares some nodes with their watches: one
// that is silent about a change, as the server takes it away from who may not
// read at that moment, counts as having told of it.
func (s *store) probe(ctx context.Context) error {
	ask := []request{{catchUp, s.root}, {rights, s.root}}
	for _, path := range s.watches.some(audited) {
		ask = append(ask, request{look, path})
	}
	return s.calls.run(ctx, ask, func(a answer) ([]request, error) {
		switch {
		case a.op == look && (a.err == nil || errors.Is(a.err, zk.ErrNoNode)):
			s.watches.audit(a.path, a.stat)
		case errors.Is(a.err, zk.ErrNoNode):
		case a.err != nil:
			return nil, a.failure()
		}
		return nil, nil
	})
}
