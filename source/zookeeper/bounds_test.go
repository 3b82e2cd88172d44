package zookeeper_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/zookeeper"
	"github.com/confsync/confsync/tree"
)

// fill makes n nodes below a root, of so many bytes each that can't be packed.
func fill(t *testing.T, conn *zk.Conn, root string, n, size int) {
	t.Helper()
	data := make([]byte, size)
	for i := range data {
		data[i] = byte('a' + rand.IntN(26))
	}
	for i := range n {
		put(t, conn, fmt.Sprintf("%s/k%04d", root, i), string(data))
	}
}

// Many programs load at once over one full link: all of them do, and little is
// asked for twice.
func TestU9ManyLoadOverAFullLink(t *testing.T) {
	const fleet, nodes, size, rate = 20, 32, 8 << 10, 1 << 20
	server := testserver.ZooKeeper(t, testserver.ZooKeeperConfig{})
	fill(t, connect(t, server.Addr(), 10*time.Second), "/app", nodes, size)
	proxy := testserver.NewProxy(t, server.Addr())
	var conns []*zk.Conn
	for range fleet {
		conns = append(conns, connect(t, proxy.Addr(), 40*time.Second))
	}
	proxy.Bandwidth(rate)
	began := time.Now()
	var sups []*source.Supervisor
	for _, conn := range conns {
		// At its share of the link an answer takes 0.15s, and 16 of them longer than a probe may wait.
		sups = append(sups, await.Supervise(t, zookeeper.New(conn, "/app", &zookeeper.Options{Probe: time.Second, ProbeTimeout: 2 * time.Second})))
	}
	for i, sup := range sups {
		await.Until(t, fmt.Sprintf("program %d of %d", i, fleet), func() bool {
			snap, _, ok := sup.Latest()
			return ok && snap.Tree.Root().Len() == nodes
		})
	}
	took := time.Since(began)
	_, down := proxy.Bytes()
	const payload = fleet * nodes * size
	t.Logf("%d bytes for %d programs within %v, %.2f of the link's own time; %d bytes came", payload, fleet, took, took.Seconds()/(float64(payload)/rate), down)
	if down > payload*3/2 {
		t.Errorf("%d bytes came of a payload of %d", down, payload)
	}
}

// However much there is, no more than twice MaxBytes is held.
func TestU10MemoryIsBounded(t *testing.T) {
	const limit = 4 << 20
	server := testserver.ZooKeeper(t, testserver.ZooKeeperConfig{})
	conn := connect(t, server.Addr(), 10*time.Second)
	fill(t, conn, "/app", 40, 1_000_000)
	defer debug.SetGCPercent(debug.SetGCPercent(5)) // so that what is allocated is what is held
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	runtime.GC()
	before := heap()
	var peak atomic.Uint64
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
				peak.Store(max(peak.Load(), heap()))
			}
		}
	}()
	sup := await.Supervise(t, zookeeper.New(conn, "/app", &zookeeper.Options{MaxBytes: limit}))
	await.Until(t, "a refusal", func() bool {
		found := tree.Problems(sup.Status().Err)
		return len(found) == 1 && found[0].Kind == tree.TooLarge
	})
	close(stop)
	<-stopped
	held := peak.Load() - before
	t.Logf("%.1f MiB at most for a limit of %d MiB and 38 MiB of data", float64(held)/(1<<20), limit>>20)
	if held > 2*limit {
		t.Errorf("%d bytes were held, want %d at most", held, 2*limit)
	}
	runtime.GC()
	if still := heap(); still > before+limit/4 {
		t.Errorf("%d bytes are held of content that can't be used", still-before)
	}

	for i := range 38 {
		del(t, conn, fmt.Sprintf("/app/k%04d", i))
	}
	await.Until(t, "what is left", func() bool {
		snap, _, ok := sup.Latest()
		return ok && snap.Tree.Root().Len() == 2 && sup.Status().Err == nil
	})
}
