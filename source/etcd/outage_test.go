package etcd

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
)

// A member that is cut off from the others ends its watches, without being
// probed, and the source is stale until the cluster is whole again.
func TestE4MinoritySaysSo(t *testing.T) {
	cluster := testserver.EtcdCluster(t, 3, testserver.EtcdConfig{})
	alone := cluster.Servers[0]
	client := connect(t, clientv3.Config{Endpoints: []string{alone.Addr()}})
	put(t, client, "/app/a", "1")
	unprobed := record(t, New(client, "/app", &Options{Probe: -1}))
	unprobed.want(t, `{a:"1"}`)
	opts := quick()
	sup := await.Supervise(t, New(client, "/app", opts))
	await.Live(t, sup, `{a:"1"}`)

	cluster.Servers[1].Kill()
	cluster.Servers[2].Kill()
	status := await.Stale(t, sup)
	if status.Err == nil {
		t.Error("stale without an error")
	}
	// The member waits for three elections of a second each.
	if err := unprobed.wantEnd(t); !errors.Is(err, rpctypes.ErrNoLeader) {
		t.Errorf("got %v, want %v", err, rpctypes.ErrNoLeader)
	}

	cluster.Start()
	cluster.Leader()
	await.Live(t, sup, `{a:"1"}`)
	put(t, client, "/app/a", "2")
	await.Live(t, sup, `{a:"2"}`)
}

// The leader's end is survived: nothing is lost, and nothing looks deleted.
func TestLeaderKilled(t *testing.T) {
	cluster := testserver.EtcdCluster(t, 3, testserver.EtcdConfig{})
	client := connect(t, clientv3.Config{Endpoints: cluster.Addrs()})
	put(t, client, "/app/a", "1")
	var empty atomic.Int32
	src := seen{New(client, "/app", quick()), func(snap source.Snapshot) {
		if snap.Err != nil || snap.Tree.Root() == nil {
			empty.Add(1)
		}
	}}
	sup := await.Supervise(t, src)
	await.Live(t, sup, `{a:"1"}`)
	for round := range 2 {
		leader := cluster.Leader()
		leader.Kill()
		cluster.Leader() // another one
		want := fmt.Sprint("after ", round)
		await.Until(t, "write", func() bool {
			_, err := client.Put(t.Context(), "/app/a", want)
			return err == nil
		})
		await.Live(t, sup, fmt.Sprintf("{a:%q}", want))
		leader.Start()
	}
	if empty.Load() > 0 {
		t.Errorf("%d snapshots with no keys", empty.Load())
	}
}

// seen is a source whose snapshots a test looks at.
type seen struct {
	source.Source
	look func(source.Snapshot)
}

func (s seen) Watch(ctx context.Context, emit func(source.Snapshot)) error {
	return s.Source.Watch(ctx, func(snap source.Snapshot) {
		s.look(snap)
		emit(snap)
	})
}

// A black hole is found by the probe, with a client that has no keepalive too.
func TestE5BlackHole(t *testing.T) {
	s, client := server(t)
	proxy := testserver.NewProxy(t, s.Addr())
	far := connect(t, clientv3.Config{Endpoints: []string{proxy.Addr()}})
	put(t, client, "/app/a", "1")
	opts := quick()
	sup := await.Supervise(t, New(far, "/app", opts))
	await.Live(t, sup, `{a:"1"}`)
	proxy.Blackhole()
	await.Stale(t, sup)
	put(t, client, "/app/a", "2")
	proxy.Heal()
	await.Live(t, sup, `{a:"2"}`)
}

// With keepalive the client itself ends such a connection and makes a new one,
// which is what the package's documentation asks for. It is given ten seconds
// at the least.
func TestE5KeepAlive(t *testing.T) {
	t.Parallel()
	s, client := server(t)
	for _, tc := range []struct {
		name      string
		keepAlive time.Duration
		want      bool
	}{{"on", 10 * time.Second, true}, {"off", 0, false}} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			proxy := testserver.NewProxy(t, s.Addr())
			far := connect(t, clientv3.Config{
				Endpoints: []string{proxy.Addr()}, DialKeepAliveTime: tc.keepAlive, DialKeepAliveTimeout: time.Second,
			})
			r := record(t, New(far, "/"+tc.name, &Options{Probe: -1}))
			r.until(t, "list", func(source.Snapshot) bool { return true })
			put(t, client, "/"+tc.name+"/a", "1")
			r.want(t, `{a:"1"}`) // the watch has begun
			proxy.Blackhole()
			if !tc.want {
				select {
				case <-r.ended:
					t.Errorf("got %v, want a watch that knows nothing", r.err)
				case <-time.After(15 * time.Second):
				}
				return
			}
			if err := r.wantEnd(t); !errors.Is(err, errLost) {
				t.Errorf("got %v, want %v", err, errLost)
			}
		})
	}
}

// After a long outage the source doesn't wait for the client's own backoff,
// which may be two minutes by then.
func TestReconnectsAtOnce(t *testing.T) {
	s, client := server(t)
	proxy := testserver.NewProxy(t, s.Addr())
	far := connect(t, clientv3.Config{
		Endpoints: []string{proxy.Addr()},
		DialOptions: []grpc.DialOption{grpc.WithConnectParams(grpc.ConnectParams{
			Backoff: backoff.Config{BaseDelay: time.Hour, Multiplier: 1, MaxDelay: time.Hour},
		})},
	})
	put(t, client, "/app/a", "1")
	sup := await.Supervise(t, New(far, "/app", quick()))
	await.Live(t, sup, `{a:"1"}`)
	proxy.Cut()
	await.Stale(t, sup)
	proxy.Heal()
	await.Live(t, sup, `{a:"1"}`)
}

// At rest there are two goroutines to a source, one of them the caller's.
func TestGoroutinesAtRest(t *testing.T) {
	_, client := server(t)
	r := record(t, New(client, "/app", nil))
	r.want(t, "nothing")
	ours := func() int {
		stacks := make([]byte, 1<<20)
		n := 0
		for _, stack := range strings.Split(string(stacks[:runtime.Stack(stacks, true)]), "\n\n") {
			if strings.Contains(stack, "etcd.(*store).") || strings.Contains(stack, "etcd.(*watch).") {
				n++
			}
		}
		return n
	}
	await.Until(t, "two goroutines", func() bool { return ours() == 2 })
	r.stop()
	<-r.ended
	if n := ours(); n != 0 {
		t.Errorf("%d goroutines after Watch has returned", n)
	}
}
