package redis_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/redis"
)

// supervised runs a source as a program does, until the test ends.
func supervised(t testing.TB, src source.Source) *source.Supervisor {
	sup := source.NewSupervisor(src, source.Policy{MaxBackoff: 500 * time.Millisecond, StaleAfter: 500 * time.Millisecond}, nil)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { sup.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
	})
	return sup
}

func converges(t testing.TB, sup *source.Supervisor, want string) source.Status {
	t.Helper()
	eventually(t, want, func() bool {
		snap, _, _ := sup.Latest()
		st := sup.Status()
		return st.State == source.Live && st.Err == nil && snap.Tree.Root().String() == want
	})
	return sup.Status()
}

func stale(t testing.TB, sup *source.Supervisor) {
	t.Helper()
	eventually(t, "the source is stale", func() bool {
		st := sup.Status()
		return st.State == source.Stale && st.Err != nil
	})
}

func throughSentinel(t testing.TB, f *testserver.Failover) *goredis.Client {
	return closing(t, goredis.NewFailoverClient(&goredis.FailoverOptions{
		MasterName: f.Name, SentinelAddrs: []string{f.Sentinel.Addr()}, MaxRetries: -1,
	}))
}

// Rows R1 and R10: the primary is lost, with a setting that its replica hasn't.
func TestR10Failover(t *testing.T) {
	f := testserver.RedisFailover(t, testserver.RedisConfig{})
	old := f.Servers[0]
	old.CLI("CONFIG", "SET", "notify-keyspace-events", "KA")
	old.CLI("SET", "app/a", "1")
	opts := quick(redis.Options{})
	opts.Poll = 500 * time.Millisecond
	sup := supervised(t, redis.New(throughSentinel(t, f), "app", opts))
	if st := converges(t, sup, `{a:"1"}`); st.Note != "" {
		t.Fatalf("note = %q: there are no notifications to lose", st.Note)
	}
	eventually(t, "the replica has the key", func() bool { return f.Servers[1].CLI("GET", "app/a") == "1" })
	old.Kill()
	stale(t, sup)
	leader := f.Leader()
	if leader == old {
		t.Fatal("there was no failover")
	}
	leader.CLI("SET", "app/a", "2")
	if st := converges(t, sup, `{a:"2"}`); !strings.Contains(st.Note, "notifications are off") {
		t.Errorf("note = %q, want that notifications are off", st.Note)
	}
	old.Start() // to become a replica
	leader.CLI("SET", "app/a", "3")
	converges(t, sup, `{a:"3"}`)
}

// Row R10: the replica lags, and becomes the primary without the last write. What
// it holds is the truth then.
func TestR10FailoverWithLag(t *testing.T) {
	f := testserver.RedisFailover(t, testserver.RedisConfig{Config: notifying})
	old, replica := f.Servers[0], f.Servers[1]
	old.CLI("SET", "app/a", "1")
	sup := supervised(t, redis.New(throughSentinel(t, f), "app", quick(redis.Options{})))
	converges(t, sup, `{a:"1"}`)
	eventually(t, "the replica has the key", func() bool { return replica.CLI("GET", "app/a") == "1" })
	replica.Pause()
	old.CLI("SET", "app/a", "lost")
	converges(t, sup, `{a:"lost"}`)
	old.Kill()
	// What the kernel holds for the replica would reach it when it goes on.
	replica.Kill()
	stale(t, sup)
	replica.Start()
	if got := replica.CLI("GET", "app/a"); got == "lost" {
		t.Fatal("the replica doesn't lag")
	}
	eventually(t, "the replica is the primary", func() bool { return strings.Contains(replica.CLI("INFO", "replication"), "role:master") })
	replica.CLI("SET", "app/b", "2")
	converges(t, sup, `{b:"2"}`)
}

// A node of a Cluster that is lost is an outage, and its keys aren't gone.
func TestClusterNodeLost(t *testing.T) {
	cluster := testserver.RedisCluster(t, 3, testserver.RedisConfig{Config: notifying, Persistent: true})
	c := closing(t, goredis.NewClusterClient(&goredis.ClusterOptions{Addrs: cluster.Addrs()}))
	put := func(v string) (tree string) {
		t.Helper()
		var pairs []string
		for i := range 20 {
			name := fmt.Sprintf("k%02d", i)
			eventually(t, "the key is written", func() bool { return c.Set(t.Context(), "app/"+name, v, 0).Err() == nil })
			pairs = append(pairs, fmt.Sprintf("%s:%q", name, v))
		}
		return "{" + strings.Join(pairs, " ") + "}"
	}
	first := put("1")
	sup := supervised(t, redis.New(c, "app", quick(redis.Options{})))
	converges(t, sup, first)
	cluster.Servers[1].Kill()
	stale(t, sup)
	if snap, _, _ := sup.Latest(); snap.Tree.Root().String() != first {
		t.Errorf("tree = %v while a node is lost, want that of before", snap.Tree.Root())
	}
	cluster.Servers[1].Start()
	converges(t, sup, put("2"))
}

// A Cluster that is down says so, even where there is no key to be refused.
func TestClusterDown(t *testing.T) {
	cluster := testserver.RedisCluster(t, 3, testserver.RedisConfig{Config: notifying})
	c := closing(t, goredis.NewClusterClient(&goredis.ClusterOptions{Addrs: cluster.Addrs()}))
	w := watch(t, redis.New(c, "app", quick(redis.Options{})))
	w.untilTree(t, "nothing")
	for _, s := range cluster.Servers {
		s.TryCLI("CLUSTER", "DELSLOTS", "0") // known to the others or not
	}
	if err := w.ended(t); err == nil || !strings.HasSuffix(err.Error(), "the cluster is down") {
		t.Errorf("Watch returned %v, want that the cluster is down", err)
	}
}

// Slots move from one node to another, some of a Cluster's resharding, while
// their keys are read all the time: no key is ever gone, and none is lost sight of.
func TestClusterSlotsMove(t *testing.T) {
	for mode, config := range modes() {
		t.Run(mode, func(t *testing.T) {
			cluster := testserver.RedisCluster(t, 3, testserver.RedisConfig{Config: config})
			c := closing(t, goredis.NewClusterClient(&goredis.ClusterOptions{Addrs: cluster.Addrs()}))
			const size = 100
			var moving []string // the keys of the first node
			for i := range size {
				key := fmt.Sprintf("app/k%d", i)
				if err := c.Set(t.Context(), key, "1", 0).Err(); err != nil {
					t.Fatal(err)
				}
				if node, _ := c.MasterForKey(t.Context(), key); node.Options().Addr == cluster.Servers[0].Addr() {
					moving = append(moving, key)
				}
			}
			opts := quick(redis.Options{Gather: -1})
			opts.Poll = time.Millisecond
			w := watch(t, redis.New(c, "app", opts))
			full := func(s source.Snapshot) bool { return s.Err == nil && s.Tree.Root().Len() == size }
			w.until(t, 0, "all keys", full)
			began := w.count()
			for _, key := range moving {
				moveSlot(t, cluster.Servers[0], cluster.Servers[1], key)
			}
			t.Logf("%d keys moved, %d snapshots", len(moving), w.count()-began)
			if n := cluster.Servers[0].CLI("DBSIZE"); n != "0" {
				t.Fatalf("%s keys have not moved", n)
			}
			w.until(t, w.count()+3, "further snapshots", full)
			for _, snap := range w.all() {
				if !full(snap) {
					t.Fatalf("a snapshot holds %d keys (error %v), want %d", snap.Tree.Root().Len(), snap.Err, size)
				}
			}
			if err := c.Set(t.Context(), moving[0], "2", 0).Err(); err != nil {
				t.Fatal(err)
			}
			name := strings.TrimPrefix(moving[0], "app/")
			w.until(t, 0, "a write at the new place", func(s source.Snapshot) bool { return s.Tree.Root().Child(name).Text() == "2" })
		})
	}
}

// A node that joins with slots is one more primary, to which nobody listens yet.
func TestR7NodeJoins(t *testing.T) {
	cluster := testserver.RedisCluster(t, 3, testserver.RedisConfig{Config: notifying})
	fourth := testserver.Redis(t, testserver.RedisConfig{Config: append(notifying, "cluster-enabled yes")})
	host, port, _ := strings.Cut(fourth.Addr(), ":")
	c := closing(t, goredis.NewClusterClient(&goredis.ClusterOptions{Addrs: cluster.Addrs()}))
	if err := c.Set(t.Context(), "app/a", "1", 0).Err(); err != nil {
		t.Fatal(err)
	}
	src := redis.New(c, "app", quick(redis.Options{}))
	w := watch(t, src)
	w.untilTree(t, `{a:"1"}`)

	first := cluster.Servers[0]
	first.CLI("CLUSTER", "MEET", host, port)
	eventually(t, "the node has joined", func() bool {
		return strings.Contains(fourth.CLI("CLUSTER", "INFO"), "cluster_known_nodes:4") &&
			strings.Contains(fourth.CLI("CLUSTER", "INFO"), "cluster_state:ok")
	})
	node, err := c.MasterForKey(t.Context(), "app/a")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range cluster.Servers {
		if s.Addr() == node.Options().Addr {
			moveSlot(t, s, fourth, "app/a")
		}
	}
	if n := fourth.CLI("DBSIZE"); n != "1" {
		t.Fatalf("the new node has %s keys, want 1", n)
	}
	if err := w.ended(t); err == nil || !strings.HasSuffix(err.Error(), "the cluster has other primaries now") {
		t.Errorf("Watch returned %v, want that there are other primaries", err)
	}
	fourth.CLI("SET", "app/a", "2")
	w = watch(t, src)
	w.untilTree(t, `{a:"2"}`)
	fourth.CLI("SET", "app/a", "3")
	w.untilTree(t, `{a:"3"}`)
}

// moveSlot moves the slot of a key, which is the only one in it, from one node of a Cluster to another.
func moveSlot(t testing.TB, from, to *testserver.Server, key string) {
	t.Helper()
	a, b := goredis.NewClient(&goredis.Options{Addr: from.Addr()}), goredis.NewClient(&goredis.Options{Addr: to.Addr()})
	defer a.Close()
	defer b.Close()
	do := func(c *goredis.Client, args ...any) string {
		t.Helper()
		got, err := c.Do(t.Context(), args...).Text()
		if err != nil {
			t.Fatalf("%v: %v", args, err)
		}
		return got
	}
	slot := from.CLI("CLUSTER", "KEYSLOT", key)
	ida, idb := do(a, "CLUSTER", "MYID"), do(b, "CLUSTER", "MYID")
	host, port, _ := strings.Cut(to.Addr(), ":")
	do(b, "CLUSTER", "SETSLOT", slot, "IMPORTING", ida)
	do(a, "CLUSTER", "SETSLOT", slot, "MIGRATING", idb)
	do(a, "MIGRATE", host, port, "", 0, 5000, "KEYS", key)
	do(b, "CLUSTER", "SETSLOT", slot, "NODE", idb)
	do(a, "CLUSTER", "SETSLOT", slot, "NODE", idb)
}
