package nats_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
	confnats "github.com/confsync/confsync/source/nats"
)

// A watcher is served by any replica of the stream, also by one that is behind. What
// it lacks is not taken for a state of the bucket because a probe lacks it too.
func TestN1ReplicaBehind(t *testing.T) {
	cluster := testserver.NATSCluster(t, 3)
	js := connect(t, cluster.Addrs()[0])
	kv := bucket(t, js, jetstream.KeyValueConfig{Bucket: "b", Replicas: 3})
	put(t, kv, "app.a", "1")
	has := put(t, kv, "app.b", "1")
	put(t, kv, "app.a", "2")
	for name, other := range map[string]bool{"the last revision is the source's": false, "it is of another key": true} {
		t.Run(name, func(t *testing.T) {
			if other {
				put(t, kv, "other", "x")
			}
			far := &behind{KeyValue: kv}
			far.has.Store(has)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			snapshots := 0
			err := confnats.New(far, "app", quick()).Watch(ctx, func(snap source.Snapshot) {
				snapshots++
				drawn := snap.Tree.Root().String()
				if snap.Note == "" && drawn != `{a:"2" b:"1"}` {
					t.Errorf("a snapshot without a note holds %s, which there never was", drawn)
				}
				if snapshots == 3 {
					cancel()
				}
			})
			if snapshots != 3 || far.watchers.Load() < 2 {
				t.Errorf("Watch = %v after %d snapshots and %d watchers, want a note", err, snapshots, far.watchers.Load())
			}
			far.has.Store(0)
			await.Live(t, await.Supervise(t, confnats.New(far, "app", quick())), `{a:"2" b:"1"}`)
		})
	}
}

// behind is a bucket whose watchers are all served by a replica that is behind.
type behind struct {
	jetstream.KeyValue
	has      atomic.Uint64 // the last revision that it has; 0: all
	watchers atomic.Int32
}

// Status is the leader's word, which has noticed.
func (b *behind) Status(ctx context.Context) (jetstream.KeyValueStatus, error) {
	status, err := b.KeyValue.Status(ctx)
	if err == nil && b.has.Load() > 0 {
		status.(*jetstream.KeyValueBucketStatus).StreamInfo().Cluster.Replicas[0].Lag = 1
	}
	return status, err
}

func (b *behind) WatchFiltered(ctx context.Context, keys []string, opts ...jetstream.WatchOpt) (jetstream.KeyWatcher, error) {
	b.watchers.Add(1)
	w, err := b.KeyValue.WatchFiltered(ctx, keys, opts...)
	if has := b.has.Load(); err == nil && has > 0 {
		late := &lateWatcher{KeyWatcher: w, updates: make(chan jetstream.KeyValueEntry)}
		go late.pass(has)
		return late, nil
	}
	return w, err
}

// lastEntry is an entry after which there is nothing, as far as the replica knows.
type lastEntry struct{ jetstream.KeyValueEntry }

func (lastEntry) Delta() uint64 { return 0 }

type lateWatcher struct {
	jetstream.KeyWatcher
	updates chan jetstream.KeyValueEntry // closed by pass, which sends
}

func (w *lateWatcher) Updates() <-chan jetstream.KeyValueEntry { return w.updates }

func (w *lateWatcher) pass(has uint64) {
	defer close(w.updates)
	for entry := range w.KeyWatcher.Updates() {
		if entry != nil {
			if entry.Revision() > has {
				continue
			}
			entry = lastEntry{entry}
		}
		select {
		case w.updates <- entry:
		case <-time.After(await.Limit):
			return
		}
	}
}
