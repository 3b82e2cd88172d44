package etcd

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/connectivity"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

var (
	errLost   = errors.New("connection lost")
	errClosed = errors.New("watch: closed by the client")
	errNoConn = errors.New("the client has no connection: pass one that clientv3.New made, with the server's address")
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
	if s.conn == nil {
		return errNoConn
	}
	if s.conn.GetState() == connectivity.TransientFailure {
		s.conn.ResetConnectBackoff()
	}
	watching, stop := context.WithCancelCause(ctx)
	var monitor sync.WaitGroup
	defer monitor.Wait()
	defer stop(nil)
	w := &watch{store: s, emit: emit}
	err := w.begin(watching)
	if err == nil {
		monitor.Go(func() { stop(s.disconnected(watching)) })
		err = w.follow(watching, stop)
	}
	stop(err) // the first cause is the one that counts
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return context.Cause(watching)
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
	emit     func(source.Snapshot)
	progress func() // asks the watch how far it has come

	cluster  uint64           // the id
	revision int64            // up to which events have been applied
	held     *document.Layout // at that revision; nil while there is too much to hold
	changed  bool             // with no held: some event has come since the last load
	read     int64            // bytes of keys and values, since the last snapshot

	last  source.Snapshot
	empty bool          // last was, truly
	dirty bool          // something was applied since
	shown time.Time     // when last had been emitted
	took  time.Duration // to make and emit it

	reached  int64   // all events up to this revision have come
	asked    int64   // the store's revision when progress was called
	verified int64   // the store's revision at which held was seen to be what there is
	probes   int     // since then
	pending  *digest // what held has to agree with when it gets to its revision
}

// follow watches from the revision after the one that was loaded. What comes is
// applied at once, and shown at once after a rest; while much comes, it is
// gathered for a time that grows with the one it took to show the last of it,
// since else a tree for every event would fall ever further behind.
func (w *watch) follow(ctx context.Context, stop context.CancelCauseFunc) error {
	watcher := w.watcher()
	defer watcher.Close()
	events := w.subscribe(ctx, stop, watcher)
	probe := time.NewTimer(w.untilProbe())
	defer probe.Stop()
	gather := time.NewTimer(0)
	defer gather.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return ctx.Err()
		case resp, ok := <-events:
			if !ok {
				return errClosed
			}
			if err = w.take(resp); err != nil {
				break
			}
			if left := gathering(w.took) - time.Since(w.shown); left > 0 {
				gather.Reset(left)
			} else {
				err = w.refresh(ctx)
			}
		case <-gather.C:
			err = w.refresh(ctx)
		case <-probe.C:
			if err = w.probe(ctx); err != nil {
				err = fmt.Errorf("probe: %w", err)
			}
			probe.Reset(w.untilProbe())
		}
		if err != nil {
			return err
		}
	}
}

// gathering returns how long events are gathered once a tree has been shown that
// took some time: four times as long, for whoever gets a tree has more to do with
// it than its source, unless that is felt.
func gathering(took time.Duration) time.Duration {
	const felt = 20 * time.Millisecond
	return max(took, min(4*took, felt))
}

// subscribe begins the watch. The client would wait for that for as long as the
// context lives, which stop therefore ends. Of a response that comes in
// fragments the client hands over the whole.
func (w *watch) subscribe(ctx context.Context, stop context.CancelCauseFunc, watcher clientv3.Watcher) clientv3.WatchChan {
	late := time.AfterFunc(w.opts.ProbeTimeout, func() {
		stop(fmt.Errorf("watch: not begun within %v", w.opts.ProbeTimeout))
	})
	defer late.Stop()
	ctx = clientv3.WithRequireLeader(ctx)
	w.progress = func() {
		asking, cancel := context.WithTimeout(ctx, w.opts.ProbeTimeout)
		defer cancel()
		_ = watcher.RequestProgress(asking) // that there is no answer is what the next probe looks at
	}
	return watcher.Watch(ctx, w.start, clientv3.WithRange(w.end),
		clientv3.WithRev(w.revision+1), clientv3.WithProgressNotify(), clientv3.WithFragment())
}

// take applies a response as a whole: a transaction is never spread over two.
// Events that are known, or aren't ours, are dropped.
func (w *watch) take(resp clientv3.WatchResponse) error {
	if err := resp.Err(); err != nil {
		return fmt.Errorf("watch: %w", rpctypes.Error(err)) // not every one is the client's own
	}
	if id := resp.Header.GetClusterId(); id != w.cluster {
		return fmt.Errorf("watch: %w", errCluster)
	}
	if err := w.apply(resp.Events); err != nil {
		return err
	}
	w.reached = max(w.reached, w.revision)
	if resp.IsProgressNotify() {
		w.reached = max(w.reached, resp.Header.GetRevision())
	}
	return w.settle(w.reached)
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
		w.revision = revision
		w.read += int64(len(key) + len(event.Kv.Value))
		switch {
		case w.held == nil:
			w.changed = true
			continue
		case event.Type == clientv3.EventTypeDelete:
			w.held.Delete(key)
		default:
			w.held.Put(source.Row{Key: key, Value: string(event.Kv.Value), Revision: revision})
		}
		w.dirty = true
	}
	return nil
}

// refresh shows what was applied. That all keys are gone is confirmed first.
func (w *watch) refresh(ctx context.Context) error {
	if !w.dirty || w.held == nil {
		return nil
	}
	if w.held.Len() == 0 && !w.empty {
		if empty, err := w.confirmEmpty(ctx); err != nil || !empty {
			return err
		}
	}
	w.show(ctx)
	return nil
}

// show emits what is held.
func (w *watch) show(ctx context.Context) {
	begun := time.Now()
	t, err := w.held.Tree(ctx)
	switch {
	case ctx.Err() != nil:
		return
	case err != nil && w.held.TooLarge() != nil:
		w.giveUp(err)
		return
	}
	w.report(source.Snapshot{Tree: t, Err: err})
	w.dirty, w.empty = false, w.held.Len() == 0
	w.shown = time.Now()
	w.took = w.shown.Sub(begun)
}

// giveUp lets go of the contents, of which there are too many.
func (w *watch) giveUp(err error) {
	w.held, w.pending, w.dirty, w.changed = nil, nil, false, false
	w.report(source.Snapshot{Tree: tree.Tree{}, Err: err})
}

// report emits a snapshot of the revision that has been reached.
func (w *watch) report(snap source.Snapshot) {
	snap.Revision = strconv.FormatInt(w.revision, 10)
	w.last = snap
	snap.Bytes, w.read = w.read, 0
	w.emit(snap)
}
