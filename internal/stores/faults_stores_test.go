package stores

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/internal/testserver"
)

// consulFaults: an older snapshot is restored, while the server runs.
func (b *faultRun) consulFaults() []fault {
	return []fault{{name: "restore", inject: func() {
		c := b.writer.direct().(*consulClient)
		var saved []byte
		held := b.save(func() error {
			r, _, err := c.api.Snapshot().Save(nil)
			if err != nil {
				return err
			}
			defer r.Close()
			saved, err = io.ReadAll(r)
			return err
		})
		b.replace(held, func() { must(b, c.api.Snapshot().Restore(nil, bytes.NewReader(saved))) })
	}}}
}

// save takes a copy of the store, lets the writer go on from there, and returns
// what the copy holds.
func (b *faultRun) save(copy func() error) State {
	b.Helper()
	var held State
	must(b, b.writer.frozen(await.Limit, func(now State) error { held = now; return copy() }))
	b.awaitCommits(5)
	return held
}

func (b *faultRun) awaitCommits(n int64) {
	b.Helper()
	before := b.writer.commits.Load()
	b.until(func() string { return "more commits" }, func() bool { return b.writer.commits.Load() >= before+n })
}

// etcdFaults: the past is compacted behind the sources' backs, and an older
// snapshot restored on the same port.
func (b *faultRun) etcdFaults() []fault {
	var file string
	var held State
	return []fault{
		{"compaction", true, func() {
			b.cut()
			b.awaitCommits(5)
			c := b.writer.direct().(*etcdClient)
			ctx, cancel := context.WithTimeout(context.Background(), await.Limit)
			defer cancel()
			now, err := c.Client.Get(ctx, root)
			must(b, err)
			_, err = c.Compact(ctx, now.Header.Revision)
			must(b, err)
			if _, err := c.Client.Get(ctx, root, clientv3.WithRev(now.Header.Revision-1)); !errors.Is(err, rpctypes.ErrCompacted) {
				b.Fatalf("the revision before the compaction: %v", err)
			}
		}, b.mend},
		{"restore", true, func() {
			file = filepath.Join(b.TempDir(), "snapshot")
			held = b.save(func() error { _, err := b.server.TryCLI("snapshot", "save", file); return err })
			b.server.Kill()
		}, func() {
			b.replace(held, func() { testserver.EtcdRestore(b.server, file); b.server.Start() })
		}},
	}
}

// redisFaults: subscriptions are killed, everything is flushed, which notifies
// nobody, and notifications are switched off for a while.
func (b *faultRun) redisFaults() []fault {
	c := b.writer.direct().(*redisClient)
	ctx := context.Background()
	return []fault{
		{name: "subscriptions killed", inject: func() {
			killed, err := c.ClientKillByFilter(ctx, "TYPE", "pubsub").Result()
			must(b, err)
			if want := len(b.notified()); killed < int64(want) {
				b.Fatalf("%d subscriptions of %d watchers were killed", killed, want)
			}
		}},
		{name: "flush", inject: func() {
			b.replace(State{}, func() {
				must(b, c.FlushAll(ctx).Err())
				if left, err := c.DBSize(ctx).Result(); err != nil || left > 0 {
					b.Fatalf("%d keys are left: %v", left, err)
				}
			})
			b.converge()
		}},
		{name: "notifications off", inject: func() {
			must(b, c.ConfigSet(ctx, "notify-keyspace-events", "").Err())
			b.notes("following by CLIENT TRACKING: keyspace notifications are off")
			b.converge()
		}, heal: func() {
			must(b, c.ConfigSet(ctx, "notify-keyspace-events", "KA").Err())
			b.notes("")
		}},
	}
}

// notified returns the watchers to which notifications say which keys to read.
// A hash and a document are tracked, and always read whole.
func (b *faultRun) notified() (those []*watcher) {
	for _, w := range b.watchers {
		if w.layout == Keys || w.layout == Versioned {
			those = append(those, w)
		}
	}
	return those
}

// notes waits until the status of every program that is notified has a note.
func (b *faultRun) notes(want string) {
	b.Helper()
	for _, w := range b.notified() {
		b.until(func() string { return fmt.Sprintf("the note %q; %v", want, w.cfg.Status()) },
			func() bool { return w.status().Note == want })
	}
}
