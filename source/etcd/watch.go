package etcd

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/connectivity"

	"github.com/confsync/confsync/source"
)

var (
	errLost   = errors.New("connection lost")
	errClosed = errors.New("watch: closed by the client")
)

// Watch lists the prefix and follows its changes from there, until something
// can't be trusted any more. Beside the goroutine that calls it there is one
// more, which it stops and waits for. All waiting between attempts is the
// caller's, so a connection that waits to be made is made now.
func (s *store) Watch(ctx context.Context, emit func(source.Snapshot)) error {
	if err := s.single.Enter(); err != nil {
		return err
	}
	defer s.single.Leave()
	if s.conn.GetState() == connectivity.TransientFailure {
		s.conn.ResetConnectBackoff()
	}
	watching, stop := context.WithCancelCause(ctx)
	var monitor sync.WaitGroup
	defer monitor.Wait()
	defer stop(nil)
	w := &watch{store: s, emit: emit}
	err := w.load(watching)
	if err == nil {
		monitor.Go(func() { stop(s.disconnected(watching)) })
		err = w.follow(watching, stop)
	}
	stop(err) // the first cause is the one that counts
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("etcd %q: %w", s.root(), context.Cause(watching))
}

// disconnected returns once no server is connected any more, or ctx ends. The
// client's watch is silent about it and resumes at its last revision, which
// means nothing if the servers that come back were restored from a backup.
func (s *store) disconnected(ctx context.Context) error {
	if s.conn.GetState() == connectivity.Connecting { // its state lags behind a first answer
		s.conn.WaitForStateChange(ctx, connectivity.Connecting)
	}
	s.conn.WaitForStateChange(ctx, connectivity.Ready)
	return errLost
}

// watch is the state of one Watch.
type watch struct {
	*store
	emit func(source.Snapshot)

	cluster  uint64    // the id
	revision int64     // up to which events have been applied
	held     *contents // at that revision; nil while there is too much to hold
	view     view      // of held, as it was last shown
	touched  []string  // keys that may have changed since
	changed  bool      // some event has come since the last load
	pending  *digest   // what held has to agree with when it gets to its revision
	last     source.Snapshot
}

// follow watches from the revision after the one that was loaded.
func (w *watch) follow(ctx context.Context, stop context.CancelCauseFunc) error {
	watcher := w.watcher()
	defer watcher.Close()
	events := w.subscribe(ctx, stop, watcher)
	probe := time.NewTimer(w.pause())
	defer probe.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case resp, ok := <-events:
			if !ok {
				return errClosed
			}
			if err := w.take(ctx, resp); err != nil {
				return err
			}
		case <-probe.C:
			if err := w.probe(ctx); err != nil {
				return fmt.Errorf("probe: %w", err)
			}
			probe.Reset(w.pause())
		}
	}
}

// subscribe begins the watch. The client would wait for that for as long as the
// context lives, which stop therefore ends. Of a response that comes in
// fragments the client hands over the whole.
func (w *watch) subscribe(ctx context.Context, stop context.CancelCauseFunc, watcher clientv3.Watcher) clientv3.WatchChan {
	late := time.AfterFunc(w.opts.ProbeTimeout, func() {
		stop(fmt.Errorf("watch: not begun within %v", w.opts.ProbeTimeout))
	})
	defer late.Stop()
	return watcher.Watch(clientv3.WithRequireLeader(ctx), w.start, clientv3.WithRange(w.end),
		clientv3.WithRev(w.revision+1), clientv3.WithProgressNotify(), clientv3.WithFragment())
}

// take applies a response as a whole, in one snapshot: a transaction is never
// spread over two. Events that are known, or aren't ours, are dropped.
func (w *watch) take(ctx context.Context, resp clientv3.WatchResponse) error {
	if err := resp.Err(); err != nil {
		return fmt.Errorf("watch: %w", err)
	}
	if id := resp.Header.GetClusterId(); id != w.cluster {
		return fmt.Errorf("watch: %w", errCluster)
	}
	if err := w.apply(resp.Events); err != nil {
		return err
	}
	reached := w.revision
	if resp.IsProgressNotify() {
		reached = resp.Header.GetRevision()
	}
	if err := w.settle(reached); err != nil {
		return err
	}
	if w.held == nil || len(w.touched) == 0 {
		return nil
	}
	if len(w.held.entries) == 0 {
		if empty, err := w.confirmEmpty(ctx); err != nil || !empty {
			return err
		}
	}
	w.show()
	return nil
}

// apply makes the events' changes to what is held.
func (w *watch) apply(events []*clientv3.Event) error {
	known := w.revision
	for _, event := range events {
		key, revision := string(event.Kv.Key), event.Kv.ModRevision
		if revision <= known || !w.owns(key) {
			continue
		}
		if err := w.settle(revision - 1); err != nil {
			return err
		}
		w.revision, w.changed = revision, true
		switch {
		case w.held == nil:
			continue
		case event.Type == clientv3.EventTypeDelete:
			w.held.delete(key)
		default:
			w.held.put(key, entry{string(event.Kv.Value), revision})
		}
		w.touched = append(w.touched, key)
	}
	return nil
}

// show emits what is held.
func (w *watch) show() {
	if err := w.tooLarge(len(w.held.entries), w.held.bytes); err != nil {
		w.giveUp(err)
		return
	}
	t, err := w.view.update(w.held, w.touched)
	w.touched = nil
	w.tell(source.Snapshot{Tree: t, Err: err})
}

// giveUp lets go of the contents, of which there are too many.
func (w *watch) giveUp(err error) {
	w.held, w.view, w.touched, w.pending, w.changed = nil, nil, nil, nil, false
	w.tell(source.Snapshot{Err: err})
}

// tell emits a snapshot of the revision that has been reached.
func (w *watch) tell(snap source.Snapshot) {
	snap.Revision = strconv.FormatInt(w.revision, 10)
	w.last = snap
	w.emit(snap)
}
