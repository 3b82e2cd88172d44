package etcd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/internal/heap"
	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

// Many sources that load at once over a link that is full for much longer than a
// silence may last: all load, and little is sent twice.
func TestU9EtcdFullLink(t *testing.T) {
	const sources, rate = 16, 400 << 10
	for _, tt := range []struct {
		name        string
		keys, bytes int // of a value
	}{
		{"many keys", 400, 500},
		{"one large key", 1, 200_000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, client := server(t)
			for i := range tt.keys {
				put(t, client, fmt.Sprintf("/app/key%04d", i), strings.Repeat("v", tt.bytes))
			}
			proxy := testserver.NewProxy(t, s.Addr())
			far := connect(t, clientv3.Config{Endpoints: []string{proxy.Addr()}})
			if _, err := far.Get(t.Context(), "any"); err != nil {
				t.Fatal(err)
			}
			proxy.Bandwidth(rate)
			_, before := proxy.Bytes()
			all := make([]*source.Supervisor, sources)
			for i := range all {
				all[i] = await.Supervise(t, New(far, "/app", &Options{ProbeTimeout: 2 * time.Second}))
			}
			for i, sup := range all {
				await.Until(t, fmt.Sprint("source ", i, " has loaded"), func() bool { return sup.Status().Revision != "" })
			}
			_, after := proxy.Bytes()
			whole := int64(sources * tt.keys * (tt.bytes + len("/app/key0000")))
			t.Logf("%d bytes for %d of keys and values", after-before, whole)
			if after-before > whole*3/2 {
				t.Errorf("%d bytes were sent for %d of keys and values", after-before, whole)
			}
		})
	}
}

// However much there is below the prefix, no more than twice MaxBytes is held.
func TestU10EtcdMemory(t *testing.T) {
	const most, value = 8 << 20, 256 << 10
	_, client := server(t)
	for i := range 12 * most / value {
		put(t, client, fmt.Sprintf("/app/key%04d", i), strings.Repeat("v", value))
	}
	peak := heap.Peak(t, 10)
	sup := await.Supervise(t, New(client, "/app", &Options{MaxBytes: most}))
	await.Until(t, "too large", func() bool {
		found := tree.Problems(sup.Status().Err)
		return len(found) == 1 && found[0].Kind == tree.TooLarge
	})
	if got := peak(); got > 2*most {
		t.Errorf("%d bytes were held, more than twice the %d of MaxBytes", got, most)
	}
}

// One key that is larger than all may be isn't read either.
func TestU10EtcdOneLargeKey(t *testing.T) {
	s, _ := server(t, "--max-request-bytes=41943040")
	client := connect(t, clientv3.Config{Endpoints: []string{s.Addr()}, MaxCallSendMsgSize: 40 << 20})
	put(t, client, "/app/a", strings.Repeat("v", 20<<20))
	for name, opts := range map[string]*Options{
		"/app":   {MaxBytes: 1 << 20},
		"/app/a": {MaxBytes: 1 << 20, Document: document.JSON},
	} {
		snap := record(t, New(client, name, opts)).until(t, "problem", func(snap source.Snapshot) bool { return snap.Err != nil })
		if found := tree.Problems(snap.Err); len(found) != 1 || found[0].Kind != tree.TooLarge || found[0].Origin.Key != name {
			t.Errorf("%s: %v, want that it is too large", name, snap.Err)
		}
	}
}

// The second Watch at the same time is an error that says so.
func TestU11Etcd(t *testing.T) {
	_, client := server(t)
	src := New(client, "/app", nil)
	record(t, src).want(t, "nothing")
	if err := src.Watch(t.Context(), func(source.Snapshot) {}); !errors.Is(err, source.ErrWatched) {
		t.Errorf("got %v, want %v", err, source.ErrWatched)
	}
}

// While a consumer takes its time, events are gathered: what is emitted is far
// less than what was written, and in the end all of it.
func TestE12EventsAreGathered(t *testing.T) {
	const writes = 500
	_, client := server(t)
	put(t, client, "/app/a", "first")
	release := make(chan struct{})
	src := tapped{pass: func(resp clientv3.WatchResponse) (clientv3.WatchResponse, bool) {
		<-release
		return resp, true
	}}.source(client, "/app", &Options{Probe: -1})
	var emits atomic.Int64
	var last atomic.Value
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		ended <- src.Watch(ctx, func(snap source.Snapshot) {
			emits.Add(1)
			last.Store(snap.Tree.Root().String())
			time.Sleep(50 * time.Millisecond) // as a large tree would
		})
	}()
	await.Until(t, "the list", func() bool { return emits.Load() == 1 })
	for i := range writes {
		put(t, client, "/app/a", fmt.Sprint(i))
	}
	close(release)
	await.Until(t, "the last write", func() bool { return last.Load() == fmt.Sprintf("{a:%q}", fmt.Sprint(writes-1)) })
	if got := emits.Load(); got > writes/5 {
		t.Errorf("%d snapshots of %d writes that were there already", got, writes)
	}
	cancel()
	await.Receive(t, "the end of Watch", ended)
}

// Events are gathered for longer than a tree takes, so that trees leave time for
// what is made of them, and not much longer than 20 ms unless one takes that.
func TestE12Gathering(t *testing.T) {
	ms := time.Millisecond
	for took, want := range map[time.Duration]time.Duration{0: 0, ms: 4 * ms, 5 * ms: 20 * ms, 10 * ms: 20 * ms, 50 * ms: 50 * ms} {
		if got := gathering(took); got != want {
			t.Errorf("after a tree that took %v events are gathered for %v, want %v", took, got, want)
		}
	}
}

// At rest, nothing has the server look at the keys; what was written elsewhere
// does so once, and not at once when there are many keys.
func TestE13ProbeAtRest(t *testing.T) {
	_, client := server(t, bigTxns)
	fill(t, client, "/app", 10_000, "1")
	var gets, digests atomic.Int64
	src := tapped{afterGet: func(resp *clientv3.GetResponse) {
		gets.Add(1)
		if len(resp.Kvs) == latest && len(resp.Kvs[0].Value) == 0 {
			digests.Add(1)
		}
	}}.source(client, "/app", &Options{Probe: 20 * time.Millisecond})
	r := record(t, src)
	r.until(t, "the list", func(source.Snapshot) bool { return true })
	listed := gets.Load()
	probes := func(n int) {
		t.Helper()
		from := len(r.all())
		r.until(t, fmt.Sprint(n, " probes"), func(source.Snapshot) bool { return len(r.all()) >= from+n })
	}
	probes(50)
	if got := gets.Load(); got != listed {
		t.Errorf("at rest the keys were looked at %d times", got-listed)
	}
	from := len(r.all())
	for i := range 10 {
		put(t, client, "/elsewhere", fmt.Sprint(i))
		probes(1)
	}
	if got, asked := int(digests.Load()), len(r.all())-from; got > asked*digestKeys/10_000+1 {
		t.Errorf("while something was written elsewhere the keys were looked at %d times in %d probes", got, asked)
	}
	await.Until(t, "a digest", func() bool { return digests.Load() > 0 })
	probes(2 * 10_000 / digestKeys) // for a write after that digest, if there was one
	settled := digests.Load()
	probes(50)
	if got := digests.Load(); got != settled {
		t.Errorf("at rest again the keys were looked at %d times", got-settled)
	}
}

// A watch that has stopped, while the store moves on, is found although digests
// are rare.
func TestE13WatchThatStopped(t *testing.T) {
	_, client := server(t, bigTxns)
	fill(t, client, "/app", 10_000, "1")
	var stopped atomic.Bool
	src := tapped{pass: func(resp clientv3.WatchResponse) (clientv3.WatchResponse, bool) {
		return resp, !stopped.Load()
	}}.source(client, "/app", &Options{Probe: 2 * time.Second})
	r := record(t, src)
	r.until(t, "the list", func(source.Snapshot) bool { return true })
	stopped.Store(true)
	put(t, client, "/app/0/0", "2")
	if err := r.wantEnd(t); !errors.Is(err, errBehind) {
		t.Errorf("got %v, want %v", err, errBehind)
	}
}

// What can't work says what to do.
func TestE14Errors(t *testing.T) {
	for name, client := range map[string]*clientv3.Client{
		"no client":            nil,
		"an embedded server's": clientv3.NewCtxClient(t.Context()),
	} {
		err := New(client, "/app", nil).Watch(t.Context(), func(source.Snapshot) {})
		if err == nil || !strings.Contains(err.Error(), "clientv3.New") {
			t.Errorf("%s: got %v, want an error that says what to pass", name, err)
		}
	}
	_, client := server(t)
	put(t, client, "/app/a", "1")
	r := record(t, New(client, "", nil))
	snap := r.until(t, "problem", func(snap source.Snapshot) bool { return snap.Err != nil })
	if !strings.Contains(snap.Err.Error(), `the prefix "/"`) {
		t.Errorf("got %v, want an error that says which prefix to use", snap.Err)
	}
	record(t, New(client, "/", nil)).want(t, `{app:{a:"1"}}`)
}

// A server that has lost the cluster's leader lets a program start, if that is
// asked for, and its state is never live.
func TestSerializable(t *testing.T) {
	cluster := testserver.EtcdCluster(t, 3, testserver.EtcdConfig{})
	client := connect(t, clientv3.Config{Endpoints: []string{cluster.Servers[0].Addr()}})
	put(t, client, "/app/a", "1")
	cluster.Servers[1].Kill()
	cluster.Servers[2].Kill()
	strict := record(t, New(client, "/app", quick()))
	opts := quick()
	opts.Serializable = true
	if err := strict.wantEnd(t); err == nil || len(strict.all()) > 0 {
		t.Errorf("without the option: %v and %v, want an error alone", err, strict.drawn())
	}
	sup := await.Supervise(t, New(client, "/app", opts))
	degraded := func() bool {
		if st := sup.Status(); st.State == source.Live {
			t.Fatalf("live without a leader: %+v", st)
		}
		snap, _, _ := sup.Latest()
		return snap.Tree.Root().String() == `{a:"1"}` && sup.Status().State == source.Degraded
	}
	await.Until(t, "a state to start from", degraded)
	contact := sup.Status().Contact
	await.Until(t, "another", func() bool { return degraded() && sup.Status().Contact.After(contact) })
	cluster.Servers[1].Start()
	cluster.Servers[2].Start()
	await.Live(t, sup, `{a:"1"}`)
	put(t, client, "/app/a", "2")
	await.Live(t, sup, `{a:"2"}`)
}
