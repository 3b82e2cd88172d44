package zookeeper

import (
	"context"
	"fmt"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/confsync/confsync/source"
)

const (
	lookEvery = 500 * time.Millisecond // at the client's session; connecting to the same server again takes it a second
	restless  = 2 * time.Second        // is how long a tree may take to stand still
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
	guarded := make(chan struct{}) // closed by the guard
	go func() {
		defer close(guarded)
		stop(s.guard(ctx, began))
	}()
	err := s.follow(ctx, emit)
	stop(err)
	<-guarded
	return err
}

// follow reads everything, and then what the watches tell of.
func (s *store) follow(ctx context.Context, emit func(source.Snapshot)) error {
	_, _ = s.watches.told() // of what is read now anyway, or of a session before this one
	view := s.newView()
	next := view.all()
	for {
		snap, rest, err := s.read(ctx, view, next)
		if err != nil {
			return err
		}
		emit(snap)
		if len(rest) == 0 {
			if rest, err = s.watches.wait(ctx); err != nil {
				return fmt.Errorf("watch: %w", err)
			}
		}
		next = view.again(rest)
	}
}

// read makes requests, and again for what has changed meanwhile, until nothing
// has (Z3), or for too long: then there is a rest to be read.
func (s *store) read(ctx context.Context, v *view, next []request) (snap source.Snapshot, rest []watch, err error) {
	var since time.Time // the tree was whole for the first time
	for {
		if err := s.calls.run(ctx, next, v.take); err != nil && v.tooLarge == nil {
			return source.Snapshot{}, nil, err
		}
		rest, err := s.watches.told()
		if err != nil {
			return source.Snapshot{}, nil, fmt.Errorf("watch: %w", err)
		}
		if since.IsZero() {
			since = time.Now()
		}
		snap := source.Snapshot{}
		switch {
		case len(rest) == 0 || v.tooLarge != nil:
		case time.Since(since) < restless:
			next = v.again(rest)
			continue
		default:
			snap.Note = fmt.Sprintf("not at one revision: keys have changed during every reading for %v", restless)
		}
		v.fill(&snap)
		return snap, rest, nil
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

// guard returns an error as soon as the session isn't the one that began or the
// leader doesn't answer, and nil when ctx ends.
func (s *store) guard(ctx context.Context, began session) error {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	probe := time.NewTimer(s.opts.Probe)
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
			probe.Reset(s.opts.Probe)
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
