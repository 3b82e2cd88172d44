package nats_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
	confnats "github.com/confsync/confsync/source/nats"
)

// The way to the server is cut, or swallows all, while keys change.
func TestN2ConnectionLost(t *testing.T) {
	server := testserver.NATS(t)
	kv := bucket(t, connect(t, server.Addr()), jetstream.KeyValueConfig{Bucket: "b"})
	proxy := testserver.NewProxy(t, server.Addr())
	far, err := connect(t, proxy.Addr()).KeyValue(t.Context(), "b")
	must(t, err)
	put(t, kv, "app.a", "0")
	sup := supervise(t, far, "app", quick())
	await.Live(t, sup, `{a:"0"}`)
	for i, cut := range []func(){proxy.Cut, proxy.Blackhole, proxy.Cut} {
		cut()
		if st := await.Stale(t, sup); st.Err == nil {
			t.Error("stale without an error")
		}
		put(t, kv, "app.a", fmt.Sprint("x", i))
		proxy.Heal()
		await.Live(t, sup, fmt.Sprintf(`{a:"x%d"}`, i))
	}
}

func TestU3PausedAndKilled(t *testing.T) {
	server := testserver.NATS(t)
	js := connect(t, server.Addr())
	kv := bucket(t, js, jetstream.KeyValueConfig{Bucket: "b"})
	put(t, kv, "app.a", "1")
	sup := supervise(t, kv, "app", quick())
	await.Live(t, sup, `{a:"1"}`)
	server.Pause()
	await.Stale(t, sup)
	server.Resume()
	put(t, kv, "app.a", "2")
	await.Live(t, sup, `{a:"2"}`)
	server.Kill()
	await.Stale(t, sup)
	server.Start()
	put(t, kv, "app.a", "3")
	await.Live(t, sup, `{a:"3"}`)
	server.Kill()
	server.Wipe()
	server.Start()
	await.Stale(t, sup)
	if snap, _, _ := sup.Latest(); snap.Tree.Root().String() != `{a:"3"}` {
		t.Errorf("the last good state is %v now", snap.Tree.Root())
	}
	put(t, bucket(t, js, jetstream.KeyValueConfig{Bucket: "b"}), "app.b", "1")
	await.Live(t, sup, `{b:"1"}`)
}

// What a bucket in memory held is gone after a restart, and is not believed to be nothing.
func TestN6MemoryIsLost(t *testing.T) {
	server := testserver.NATS(t)
	js := connect(t, server.Addr())
	memory := jetstream.KeyValueConfig{Bucket: "b", Storage: jetstream.MemoryStorage}
	kv := bucket(t, js, memory)
	for i := range 5 {
		put(t, kv, "app.a", fmt.Sprint(i))
	}
	sup := supervise(t, kv, "app", quick())
	await.Live(t, sup, `{a:"4"}`)
	server.Kill()
	server.Start()
	await.Stale(t, sup)
	if snap, _, _ := sup.Latest(); snap.Tree.Root().String() != `{a:"4"}` {
		t.Errorf("the last good state is %v now", snap.Tree.Root())
	}
	put(t, bucket(t, js, memory), "app.b", "new")
	st := await.Live(t, sup, `{b:"new"}`)
	if st.Revision != "1" {
		t.Errorf("revision %s, want that of the new bucket", st.Revision)
	}
}

func TestN5NoLeader(t *testing.T) {
	cluster := testserver.NATSCluster(t, 3)
	js := connect(t, cluster.Addrs()[0])
	kv := bucket(t, js, jetstream.KeyValueConfig{Bucket: "b", Replicas: 3})
	put(t, kv, "app.a", "1")
	sup := supervise(t, kv, "app", quick())
	await.Live(t, sup, `{a:"1"}`)
	cluster.Servers[1].Kill()
	cluster.Servers[2].Kill()
	await.Stale(t, sup)
	if snap, _, _ := sup.Latest(); snap.Tree.Root().String() != `{a:"1"}` {
		t.Errorf("the last good state is %v now", snap.Tree.Root())
	}
	cluster.Start()
	put(t, kv, "app.a", "2")
	await.Live(t, sup, `{a:"2"}`)
}

func TestU9ManyLoadOverAFullLink(t *testing.T) {
	const fleet, keys, size, rate = 20, 64, 8 << 10, 2 << 20
	server := testserver.NATS(t)
	kv := bucket(t, connect(t, server.Addr()), jetstream.KeyValueConfig{Bucket: "b"})
	for i := range keys {
		put(t, kv, fmt.Sprintf("app.k%02d", i), strings.Repeat("x", size))
	}
	proxy := testserver.NewProxy(t, server.Addr())
	var all []jetstream.KeyValue
	for range fleet {
		far, err := connect(t, proxy.Addr()).KeyValue(t.Context(), "b")
		must(t, err)
		all = append(all, far)
	}
	proxy.Bandwidth(rate)
	began := time.Now()
	var sups []*source.Supervisor
	for _, far := range all {
		sups = append(sups, supervise(t, far, "app", &confnats.Options{Probe: time.Second, Timeout: 2 * time.Second}))
	}
	for _, sup := range sups {
		await.Until(t, "all keys", func() bool { snap, _, _ := sup.Latest(); return snap.Tree.Root().Len() == keys })
	}
	took := time.Since(began).Seconds()
	_, down := proxy.Bytes()
	const payload = fleet * keys * size
	t.Logf("%d bytes for %d programs, %.2f of the link's own time; %d bytes came", payload, fleet, took/(float64(payload)/rate), down)
	if down > payload*3/2 {
		t.Errorf("%d bytes came of a payload of %d", down, payload)
	}
}
