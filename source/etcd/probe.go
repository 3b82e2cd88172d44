package etcd

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// latest is how many of the keys that were written last a digest has. One
// would do for an event that was lost and is the last; the more there are, the
// more may have come after it.
const latest = 16

var (
	errMissed = errors.New("what is held differs from the store: an event was lost")
	errBehind = errors.New("what is held differs from the store, and no event has come since the last probe")
)

// digest is what tells that contents are those of a revision, without reading
// them.
type digest struct {
	revision int64
	count    int64
	latest   []*mvccpb.KeyValue // with no values

	from int64 // while pending: the revision held at the last probe
}

// describes reports whether contents agree with a digest.
func (d *digest) describes(c *contents) bool {
	if int64(len(c.entries)) != d.count {
		return false
	}
	for _, kv := range d.latest {
		if c.entries[string(kv.Key)].revision != kv.ModRevision {
			return false
		}
	}
	return true
}

// pause is the time to the next probe: spread, so that many processes don't ask
// at once.
func (s *store) pause() time.Duration {
	if s.opts.Probe < 0 {
		return math.MaxInt64
	}
	return s.opts.Probe/2 + rand.N(s.opts.Probe/2+1)
}

// probe asks the leader whether what is held is what there is. Where it isn't,
// the events that make it so may be under way, of which some have to come until
// the next probe. None is applied while it asks, so what is held is never newer
// than the answer.
func (w *watch) probe(ctx context.Context) error {
	d, err := w.digest(ctx)
	switch {
	case err != nil:
		return err
	case w.held == nil && w.changed:
		return w.load(ctx)
	case w.held == nil || len(w.touched) == 0 && d.describes(w.held):
		w.pending = nil
		w.emit(w.last) // still in touch
		return nil
	case w.pending == nil:
		w.pending = d
	case w.pending.from == w.revision:
		return errBehind
	}
	w.pending.from = w.revision
	return w.settle(w.revision)
}

// digest reads what there is now.
func (w *watch) digest(ctx context.Context) (*digest, error) {
	resp, err := w.get(ctx, w.start, clientv3.WithKeysOnly(), clientv3.WithLimit(latest),
		clientv3.WithSort(clientv3.SortByModRevision, clientv3.SortDescend))
	if err != nil {
		return nil, err
	}
	return &digest{revision: resp.Header.Revision, count: resp.Count, latest: resp.Kvs}, nil
}

// settle compares what is held with the pending digest, once all events up to
// its revision have been applied.
func (w *watch) settle(reached int64) error {
	d := w.pending
	if d == nil || reached < d.revision {
		return nil
	}
	w.pending = nil
	if !d.describes(w.held) {
		return errMissed
	}
	return nil
}

// confirmEmpty asks whether it is true that all keys are gone. Where it isn't,
// events are under way, or some were lost.
func (w *watch) confirmEmpty(ctx context.Context) (bool, error) {
	d, err := w.digest(ctx)
	if err != nil {
		return false, err
	}
	if d.count == 0 {
		return true, nil
	}
	w.pending = d
	return false, w.settle(w.revision)
}
