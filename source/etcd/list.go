package etcd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

var (
	errCluster  = errors.New("another cluster answers")
	errRestored = errors.New("the store's revision went back")
)

// load reads the whole prefix and emits it.
func (w *watch) load(ctx context.Context) error {
	rows, err := w.list(ctx)
	var problem tree.Problem
	switch {
	case errors.As(err, &problem):
		w.giveUp(problem)
	case err != nil:
		return fmt.Errorf("list: %w", err)
	default:
		w.hold(ctx, rows)
	}
	w.store.confirmed = true
	return nil
}

// hold takes in what was listed, and emits it.
func (w *watch) hold(ctx context.Context, rows []source.Row) {
	w.held, w.pending = w.layout(), nil
	w.held.Replace(rows)
	w.reached, w.verified = w.revision, w.revision
	w.show(ctx)
}

// list reads the whole prefix as it is at one revision, page by page. The error
// is a problem when there is more than is within bounds; no more is then read.
func (w *watch) list(ctx context.Context, opts ...clientv3.OpOption) ([]source.Row, error) {
	var rows []source.Row
	var size pager
	revision, bytes := int64(0), 0 // revision: the leader's, for the first page
	for start, more := w.start, true; more; {
		asked := time.Now()
		resp, err := w.get(ctx, start, append(opts, clientv3.WithLimit(size.limit()), clientv3.WithRev(revision))...)
		if errors.Is(err, errPage) {
			if size.shrink() {
				continue
			}
			if over := w.tooLarge(0, maxKey+w.opts.MaxBytes); over != nil { // a single key
				err = over
			}
		}
		if err != nil {
			return nil, err
		}
		if revision == 0 {
			revision = resp.Header.Revision
			w.revision = revision
		}
		before := bytes
		for _, kv := range resp.Kvs {
			rows = append(rows, source.Row{Key: string(kv.Key), Value: string(kv.Value), Revision: kv.ModRevision})
			bytes += len(kv.Key) + len(kv.Value)
			start = string(kv.Key) + "\x00"
		}
		if err := w.tooLarge(max(len(rows), int(resp.Count)), bytes); err != nil {
			return nil, err
		}
		w.read += int64(bytes - before)
		size.adapt(len(resp.Kvs), bytes-before, time.Since(asked), w.opts.ProbeTimeout)
		more = resp.More && len(resp.Kvs) > 0
	}
	return rows, nil
}

func (s *store) tooLarge(keys, bytes int) error {
	return s.bounds().Check(keys, bytes, s.origin(s.root(), 0))
}

// get reads keys from start to the end of the range, confirmed by the leader
// unless the options say otherwise, and checks that it is the same store as ever.
func (w *watch) get(ctx context.Context, start string, opts ...clientv3.OpOption) (*clientv3.GetResponse, error) {
	resp, err := w.kv.Get(ctx, start, append(opts, clientv3.WithRange(w.end))...)
	if err != nil {
		return nil, err
	}
	return resp, w.recognize(resp.Header)
}

func (w *watch) recognize(h *etcdserverpb.ResponseHeader) error {
	if w.cluster == 0 {
		w.cluster = h.ClusterId
	}
	switch {
	case h.ClusterId != w.cluster:
		return errCluster
	case h.Revision < w.revision:
		return errRestored
	}
	return nil
}
