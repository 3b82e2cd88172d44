package etcd

import (
	"context"
	"errors"
	"fmt"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/confsync/confsync/tree"
)

// pageSize is how many keys are asked for at a time.
const pageSize = 500

var (
	errCluster  = errors.New("another cluster answers")
	errRestored = errors.New("the store's revision went back")
)

// load reads the whole prefix as it is at one revision, page by page, and
// emits it.
func (w *watch) load(ctx context.Context) error {
	held := &contents{entries: map[string]entry{}}
	revision := int64(0) // the leader's, for the first page
	for start, more := w.start, true; more; {
		resp, err := w.get(ctx, start, clientv3.WithLimit(pageSize), clientv3.WithRev(revision))
		if err != nil {
			return fmt.Errorf("list: %w", err)
		}
		if revision == 0 {
			revision = resp.Header.Revision
			w.revision = revision
			if err := w.tooLarge(int(resp.Count), 0); err != nil {
				w.giveUp(err)
				return nil
			}
		}
		for _, kv := range resp.Kvs {
			held.put(string(kv.Key), entry{string(kv.Value), kv.ModRevision})
			start = string(kv.Key) + "\x00"
		}
		if err := w.tooLarge(0, held.bytes); err != nil {
			w.giveUp(err)
			return nil
		}
		more = resp.More && len(resp.Kvs) > 0
	}
	w.held, w.view, w.pending, w.touched = held, w.newView(), nil, held.keys()
	w.show()
	return nil
}

// get reads keys from start to the end of the range, confirmed by the leader,
// and checks that it is the same store as ever.
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

// tooLarge is the problem of contents beyond the bounds, or nil.
func (s *store) tooLarge(keys, bytes int) error {
	var err error
	switch {
	case s.opts.MaxKeys >= 0 && keys > s.opts.MaxKeys:
		err = fmt.Errorf("%d keys, more than the %d of MaxKeys", keys, s.opts.MaxKeys)
	case s.opts.MaxBytes >= 0 && bytes > s.opts.MaxBytes:
		err = fmt.Errorf("%d bytes or more, beyond the %d of MaxBytes", bytes, s.opts.MaxBytes)
	default:
		return nil
	}
	return tree.Problem{Kind: tree.TooLarge, Origin: s.origin(s.keys.Root, 0), Err: err}
}
