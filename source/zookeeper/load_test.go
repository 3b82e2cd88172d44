package zookeeper_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/zookeeper"
)

// Watchers start while a thousand writes a second are asked for, and end with
// what was written last.
func TestU1ZooKeeper(t *testing.T) {
	const (
		watchers, clients = 100, 10
		keys              = 20
		writers           = 32
		rate              = 1000 // of writes a second, all writers together
		during            = 4 * time.Second
	)
	server := testserver.ZooKeeper(t, testserver.ZooKeeperConfig{})
	writer := connect(t, server.Addr(), 10*time.Second)
	for k := range keys {
		put(t, writer, fmt.Sprintf("/app/k%d", k), "0")
	}
	conns := make([]*zk.Conn, clients)
	for i := range conns {
		conns[i] = connect(t, server.Addr(), 10*time.Second)
	}

	var writing sync.WaitGroup
	var written atomic.Int64
	stop := make(chan struct{})
	for n := range writers {
		writing.Go(func() {
			tick := time.NewTicker(time.Second * writers / rate)
			defer tick.Stop()
			for i := n; ; i += writers {
				select {
				case <-stop:
					return
				case <-tick.C:
				}
				if _, err := writer.Set(fmt.Sprintf("/app/k%d", i%keys), fmt.Appendf(nil, "%d", i), -1); err != nil {
					t.Errorf("write: %v", err)
					return
				}
				written.Add(1)
			}
		})
	}
	start := time.Now()
	pace := time.NewTicker(during / watchers)
	defer pace.Stop()
	var sups []*source.Supervisor
	for n := range watchers {
		sups = append(sups, await.Supervise(t, zookeeper.New(conns[n%clients], "/app", nil)))
		<-pace.C
	}
	await.Until(t, "enough writes to show anything", func() bool { return written.Load() >= rate })
	took := time.Since(start)
	close(stop)
	writing.Wait()

	names := make([]string, keys)
	for k := range names {
		names[k] = fmt.Sprintf("k%d", k)
	}
	slices.Sort(names)
	for i, name := range names {
		value, _, err := writer.Get("/app/" + name)
		if err != nil {
			t.Fatal(err)
		}
		names[i] = fmt.Sprintf("%s:%q", name, value)
	}
	want := "{" + strings.Join(names, " ") + "}"
	converging := time.Now()
	for _, sup := range sups {
		await.Live(t, sup, want)
	}
	t.Logf("%d writes in %v; all %d at the end after %v", written.Load(), took, watchers, time.Since(converging))
}
