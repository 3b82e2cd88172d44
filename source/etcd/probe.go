package etcd

import (
	"context"
	"errors"
	"math"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
)

// latest is how many of the keys that were written last a digest has. One
// would do for an event that was lost and is the last; the more there are, the
// more may have come after it.
const latest = 16

// A digest costs the server as much for so many keys as a small question does,
// so it is asked for once in as many probes as there are times so many keys.
const (
	digestKeys = 500
	rarest     = 60 // probes from one digest to the next
)

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

// describes reports whether what is held agrees with a digest.
func (d *digest) describes(held *document.Layout) bool {
	if int64(held.Len()) != d.count {
		return false
	}
	for _, kv := range d.latest {
		if r, ok := held.Get(string(kv.Key)); !ok || r.Revision != kv.ModRevision {
			return false
		}
	}
	return true
}

// untilProbe returns the time to the next probe.
func (s *store) untilProbe() time.Duration {
	if s.opts.Probe < 0 {
		return math.MaxInt64
	}
	return source.Jitter(s.opts.Probe/2, s.opts.Probe)
}

// probe asks the leader whether the store has moved on since what is held was
// last seen to be what there is. If it has, it asks the watch how far it has
// come; and now and then, or when the watch doesn't say, it compares what is
// held with a digest.
func (w *watch) probe(ctx context.Context) error {
	now, err := w.ask(ctx)
	switch {
	case err != nil:
		return err
	case w.held == nil && w.changed:
		return w.load(ctx)
	case w.held == nil, now == w.verified:
	case w.pending != nil, w.reached < w.asked, w.due():
		return w.compare(ctx)
	default:
		w.asked = now
		w.progress()
	}
	w.emit(w.last) // still in touch
	return nil
}

// ask returns the store's revision. It costs the server what a missing key
// does: a transaction whose condition never holds, which is refused all the same
// to who may not read the whole range.
func (w *watch) ask(ctx context.Context) (int64, error) {
	never := clientv3.Compare(clientv3.Version(w.start), "<", 0)
	resp, err := w.kv.Txn(ctx).If(never).Then(clientv3.OpGet(w.start, clientv3.WithRange(w.end))).Commit()
	if err != nil {
		return 0, err
	}
	return resp.Header.Revision, w.recognize(resp.Header)
}

// due reports whether it is time for a digest.
func (w *watch) due() bool {
	w.probes++
	return w.probes >= min(max(1, w.held.Len()/digestKeys), rarest)
}

// compare asks the leader what there is. Where that isn't what is held, the
// events that make it so may be under way, of which some have to come until
// the next probe. None is applied while it asks, so what is held is never newer
// than the answer.
func (w *watch) compare(ctx context.Context) error {
	d, err := w.digest(ctx)
	switch {
	case err != nil:
		return err
	case !w.dirty && d.describes(w.held):
		w.pending, w.verified, w.probes = nil, d.revision, 0
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
