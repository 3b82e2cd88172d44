package etcd

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"google.golang.org/grpc/connectivity"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// quick finds faults sooner than a program would want to.
func quick() *Options { return &Options{Probe: time.Second, ProbeTimeout: 2 * time.Second} }

// server starts an etcd server, and a client of it.
func server(t *testing.T, flags ...string) (*testserver.Server, *clientv3.Client) {
	t.Helper()
	s := testserver.Etcd(t, testserver.EtcdConfig{Flags: flags})
	return s, connect(t, clientv3.Config{Endpoints: []string{s.Addr()}})
}

func connect(t *testing.T, cfg clientv3.Config) *clientv3.Client {
	t.Helper()
	cfg.Logger = quiet()
	client, err := clientv3.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// quiet returns a logger for clients: what they log is what the tests are
// about.
func quiet() *zap.Logger { return zap.NewNop() }

func put(t *testing.T, client *clientv3.Client, key, value string) int64 {
	t.Helper()
	resp, err := client.Put(t.Context(), key, value)
	if err != nil {
		t.Fatal(err)
	}
	return resp.Header.Revision
}

func remove(t *testing.T, client *clientv3.Client, key string, opts ...clientv3.OpOption) int64 {
	t.Helper()
	resp, err := client.Delete(t.Context(), key, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return resp.Header.Revision
}

func compact(t *testing.T, client *clientv3.Client) {
	t.Helper()
	resp, err := client.Get(t.Context(), "any")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Compact(t.Context(), resp.Header.Revision); err != nil {
		t.Fatal(err)
	}
}

// recorder is one Watch and what it has emitted.
type recorder struct {
	mu    sync.Mutex
	snaps []source.Snapshot
	ended chan struct{} // closed when Watch has returned
	err   error         // to be read once ended is closed
	stop  context.CancelFunc
}

// record starts a Watch. It is stopped with the test, if it hasn't ended.
func record(t *testing.T, src source.Source) *recorder {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r := &recorder{ended: make(chan struct{}), stop: cancel}
	go func() {
		defer close(r.ended)
		r.err = src.Watch(ctx, func(snap source.Snapshot) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.snaps = append(r.snaps, snap)
		})
	}()
	t.Cleanup(func() {
		cancel()
		<-r.ended
	})
	return r
}

// all returns what has been emitted so far.
func (r *recorder) all() []source.Snapshot {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.snaps[:len(r.snaps):len(r.snaps)]
}

// drawn returns the trees of all that has been emitted, each only where it
// differs from the one before.
func (r *recorder) drawn() []string {
	var drawn []string
	for i, snap := range r.all() {
		if i == 0 || !snap.Tree.Same(r.snaps[i-1].Tree) {
			drawn = append(drawn, snap.Tree.Root().String())
		}
	}
	return drawn
}

// until waits for a snapshot that a condition holds for, and returns it.
func (r *recorder) until(t *testing.T, what string, ok func(source.Snapshot) bool) source.Snapshot {
	t.Helper()
	var last source.Snapshot
	await.Until(t, what, func() bool {
		select {
		case <-r.ended:
			t.Fatalf("waiting for %s: watch returned: %v", what, r.err)
		default:
		}
		all := r.all()
		if len(all) == 0 {
			return false
		}
		last = all[len(all)-1]
		return ok(last)
	})
	return last
}

// want waits for a tree, as it is drawn.
func (r *recorder) want(t *testing.T, drawn string) source.Snapshot {
	t.Helper()
	return r.until(t, drawn, func(snap source.Snapshot) bool {
		return snap.Err == nil && snap.Tree.Root().String() == drawn
	})
}

// wantEnd waits for the Watch to return and returns its error.
func (r *recorder) wantEnd(t *testing.T) error {
	t.Helper()
	await.Receive(t, "the end of Watch", r.ended)
	return r.err
}

// tapped is a source between which and the server a test stands. Nil functions
// do nothing.
type tapped struct {
	afterGet func(*clientv3.GetResponse)                                 // before the source has the answer
	pass     func(clientv3.WatchResponse) (clientv3.WatchResponse, bool) // what it has of a response; false: nothing
	deaf     bool                                                        // it isn't told that the connection was lost
}

func (x tapped) source(client *clientv3.Client, prefix string, opts *Options) source.Source {
	s := New(client, prefix, opts).(*store)
	if x.afterGet != nil {
		s.kv = tappedKV{s.kv, x.afterGet}
	}
	if x.pass != nil {
		open := s.watcher
		s.watcher = func() clientv3.Watcher { return tappedWatcher{open(), x.pass} }
	}
	if x.deaf {
		s.conn = everReady{}
	}
	return s
}

type tappedKV struct {
	clientv3.KV
	after func(*clientv3.GetResponse)
}

func (kv tappedKV) Get(ctx context.Context, key string, opts ...clientv3.OpOption) (*clientv3.GetResponse, error) {
	resp, err := kv.KV.Get(ctx, key, opts...)
	if err == nil {
		kv.after(resp)
	}
	return resp, err
}

type tappedWatcher struct {
	clientv3.Watcher
	pass func(clientv3.WatchResponse) (clientv3.WatchResponse, bool)
}

func (w tappedWatcher) Watch(ctx context.Context, key string, opts ...clientv3.OpOption) clientv3.WatchChan {
	in, out := w.Watcher.Watch(ctx, key, opts...), make(chan clientv3.WatchResponse)
	go func() {
		defer close(out)
		for resp := range in {
			if resp, ok := w.pass(resp); ok {
				select {
				case out <- resp:
				case <-ctx.Done():
				}
			}
		}
	}()
	return out
}

type everReady struct{}

func (everReady) GetState() connectivity.State { return connectivity.Ready }
func (everReady) ResetConnectBackoff()         {}
func (everReady) WaitForStateChange(ctx context.Context, _ connectivity.State) bool {
	<-ctx.Done()
	return false
}

// originOf returns the origin of a value that is there.
func originOf(t *testing.T, tr tree.Tree, path ...string) tree.Origin {
	t.Helper()
	o, ok := tr.Origin(path)
	if !ok {
		t.Fatalf("no value at %v", path)
	}
	return o
}

func revisionOf(t *testing.T, snap source.Snapshot) int64 {
	t.Helper()
	revision, err := strconv.ParseInt(snap.Revision, 10, 64)
	if err != nil {
		t.Fatalf("revision: %v", err)
	}
	return revision
}

// reaches returns the condition that a snapshot is of a revision, or a later
// one.
func reaches(t *testing.T, revision int64) func(source.Snapshot) bool {
	return func(snap source.Snapshot) bool { return revisionOf(t, snap) >= revision }
}
