package etcd

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

func isCompacted(err error) bool { return errors.Is(err, rpctypes.ErrCompacted) }

// A watch whose revision was compacted away ends with that error, and the next
// one begins with all there is.
func TestE2Compacted(t *testing.T) {
	_, client := server(t)
	put(t, client, "/app/gone", "1")
	gets := 0
	src := tapped{afterGet: func(*clientv3.GetResponse) {
		if gets++; gets > 1 {
			return
		}
		put(t, client, "/app/a", "1")
		remove(t, client, "/app/gone")
		compact(t, client)
	}}.source(client, "/app", nil)
	r := record(t, src)
	err := r.wantEnd(t)
	if !isCompacted(err) || !strings.HasPrefix(err.Error(), `watch: `) {
		t.Errorf("got %v, want a watch that was compacted", err)
	}
	record(t, src).want(t, `{a:"1"}`)
}

// What was put, deleted and compacted away while the source was cut off is
// right as soon as it isn't.
func TestE2CutOff(t *testing.T) {
	s, client := server(t)
	proxy := testserver.NewProxy(t, s.Addr())
	put(t, client, "/app/a", "1")
	put(t, client, "/app/gone", "1")
	far := connect(t, clientv3.Config{Endpoints: []string{proxy.Addr()}})
	sup := await.Supervise(t, New(far, "/app", nil))
	await.Live(t, sup, `{a:"1" gone:"1"}`)

	proxy.Cut()
	cut := time.Now()
	status := await.Stale(t, sup)
	if status.Err == nil || status.Since.Before(cut.Add(-time.Second)) {
		t.Errorf("status: %+v, want an error and since when", status)
	}
	put(t, client, "/app/a", "2")
	remove(t, client, "/app/gone")
	compact(t, client)
	if snap, _, _ := sup.Latest(); snap.Tree.Root().String() != `{a:"1" gone:"1"}` {
		t.Errorf("while cut off: got %v, want the last good state", snap.Tree.Root())
	}
	proxy.Heal()
	await.Live(t, sup, `{a:"2"}`)
}

func TestE2Closed(t *testing.T) {
	_, client := server(t)
	r := record(t, New(client, "/app", nil))
	r.want(t, "nothing")
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	if err := r.wantEnd(t); err == nil {
		t.Error("got no error")
	}
}

// A watch that moves to another server silently resumes behind a compaction,
// because it was told how far the store had come.
func TestE3ResumesAnIdlePrefix(t *testing.T) {
	s, client := server(t, "--watch-progress-notify-interval=100ms")
	one, two := testserver.NewProxy(t, s.Addr()), testserver.NewProxy(t, s.Addr())
	far := connect(t, clientv3.Config{Endpoints: []string{one.Addr(), two.Addr()}})
	put(t, client, "/app/a", "1")
	var noted atomic.Int64
	src := tapped{pass: func(resp clientv3.WatchResponse) (clientv3.WatchResponse, bool) {
		if resp.IsProgressNotify() {
			noted.Store(resp.Header.Revision)
		}
		return resp, true
	}}.source(far, "/app", &Options{Probe: -1})
	r := record(t, src)
	r.want(t, `{a:"1"}`)

	for i, proxy := range []*testserver.Proxy{one, two} { // the watch is through one of them
		await.Until(t, "both connections", func() bool { return one.Connections() > 0 && two.Connections() > 0 })
		var elsewhere int64
		for n := range 20 {
			elsewhere = put(t, client, "/other", fmt.Sprint(n))
		}
		await.Until(t, "notice of progress", func() bool { return noted.Load() >= elsewhere })
		compact(t, client)
		proxy.Cut()
		want := fmt.Sprint("after ", i)
		put(t, client, "/app/a", want)
		r.want(t, fmt.Sprintf("{a:%q}", want))
		proxy.Heal()
		await.Until(t, "notice of progress", func() bool { return noted.Load() > elsewhere })
	}
}

// The same when the server itself restarts: nothing is missed.
func TestE3Restart(t *testing.T) {
	s, client := server(t, "--watch-progress-notify-interval=100ms")
	put(t, client, "/app/a", "1")
	sup := await.Supervise(t, New(client, "/app", nil))
	await.Live(t, sup, `{a:"1"}`)
	for n := range 20 {
		put(t, client, "/other", fmt.Sprint(n))
	}
	compact(t, client)
	s.Kill()
	if status := await.Stale(t, sup); status.Err == nil {
		t.Errorf("status: %+v, want an error", status)
	}
	s.Start()
	await.Live(t, sup, `{a:"1"}`)
	put(t, client, "/app/a", "2")
	await.Live(t, sup, `{a:"2"}`)
}

// A transaction is one snapshot.
func TestE8Transaction(t *testing.T) {
	_, client := server(t)
	r := record(t, New(client, "/app", nil))
	r.want(t, "nothing")
	for round := range 5 {
		var ops []clientv3.Op
		for i := range 100 {
			ops = append(ops, clientv3.OpPut(fmt.Sprintf("/app/%d", i), fmt.Sprint(round)))
		}
		if _, err := client.Txn(t.Context()).Then(ops...).Commit(); err != nil {
			t.Fatal(err)
		}
	}
	r.until(t, "last", func(snap source.Snapshot) bool { return snap.Tree.Lookup(tree.Path{"0"}).Text() == "4" })
	for _, snap := range r.all()[1:] {
		root := snap.Tree.Root()
		for i := range root.Len() {
			if root.Len() != 100 || root.At(i).Text() != root.At(0).Text() {
				t.Fatalf("revision %s: got %v, want one transaction", snap.Revision, root)
			}
		}
	}
}

// A transaction that is too large for one message is one snapshot too.
func TestE8Fragments(t *testing.T) {
	const keys = 50_000
	_, client := server(t, bigTxns)
	fill(t, client, "/app", keys, "1")
	put(t, client, "/app/last", "1")
	largest := 0
	src := tapped{pass: func(resp clientv3.WatchResponse) (clientv3.WatchResponse, bool) {
		largest = max(largest, len(resp.Events))
		return resp, true
	}}.source(client, "/app", &Options{Probe: -1})
	r := record(t, src)
	r.until(t, "all keys", func(snap source.Snapshot) bool { return snap.Tree.Root().Len() == keys/1000+1 })
	// The events of this are some 3 MB, and a message is 2 MB at most.
	remove(t, client, "/app/", clientv3.WithRange("/app/last"))
	r.want(t, `{last:"1"}`)
	if got := len(r.all()); got != 2 {
		t.Errorf("%d snapshots, want 2", got)
	}
	if largest != keys {
		t.Errorf("%d events in a response, want %d", largest, keys)
	}
}

// Events that are known already, and those of keys elsewhere, are dropped.
func TestE8DropsKnownAndForeignEvents(t *testing.T) {
	_, client := server(t)
	first := put(t, client, "/app/a", "1")
	var resend atomic.Bool
	src := tapped{pass: func(resp clientv3.WatchResponse) (clientv3.WatchResponse, bool) {
		if resend.Load() && len(resp.Events) > 0 {
			now := resp.Events[0].Kv
			foreign := &clientv3.Event{Kv: &mvccpb.KeyValue{Key: []byte("/application/a"), Value: now.Value, ModRevision: now.ModRevision}}
			known := &clientv3.Event{Kv: &mvccpb.KeyValue{Key: []byte("/app/a"), Value: []byte("stale"), ModRevision: first}}
			resp.Events = append([]*clientv3.Event{known, foreign}, resp.Events...)
		}
		return resp, true
	}}.source(client, "/app", &Options{Probe: 200 * time.Millisecond})
	r := record(t, src)
	r.want(t, `{a:"1"}`)
	put(t, client, "/app/a", "2")
	r.want(t, `{a:"2"}`)
	resend.Store(true)
	r.until(t, "b", reaches(t, put(t, client, "/app/b", "1")))
	if got, want := r.drawn(), []string{`{a:"1"}`, `{a:"2"}`, `{a:"2" b:"1"}`}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	n := len(r.all())
	r.until(t, "a probe that finds nothing wrong", func(source.Snapshot) bool { return len(r.all()) > n })
}

// The last key's deletion is confirmed, and honoured.
func TestU2LastKeyDeleted(t *testing.T) {
	_, client := server(t)
	put(t, client, "/app/a", "1")
	gets := 0
	src := tapped{afterGet: func(*clientv3.GetResponse) { gets++ }}.source(client, "/app", &Options{Probe: -1})
	r := record(t, src)
	r.want(t, `{a:"1"}`)
	remove(t, client, "/app/a")
	r.want(t, "nothing")
	if gets != 2 {
		t.Errorf("%d reads, want the list and one that confirms", gets)
	}
	put(t, client, "/app/b", "1")
	r.want(t, `{b:"1"}`)
}

// Deletions that the store doesn't confirm are not believed.
func TestU2UnconfirmedEmptiness(t *testing.T) {
	_, client := server(t)
	put(t, client, "/app/a", "1")
	var forge atomic.Bool
	src := tapped{pass: func(resp clientv3.WatchResponse) (clientv3.WatchResponse, bool) {
		if forge.Load() && len(resp.Events) > 0 {
			resp.Events[0].Type = clientv3.EventTypeDelete
		}
		return resp, true
	}}.source(client, "/app", &Options{Probe: 200 * time.Millisecond})
	r := record(t, src)
	r.want(t, `{a:"1"}`)
	forge.Store(true)
	put(t, client, "/app/a", "2")
	if err := r.wantEnd(t); !errors.Is(err, errMissed) {
		t.Errorf("got %v, want %v", err, errMissed)
	}
	if got, want := r.drawn(), []string{`{a:"1"}`}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
