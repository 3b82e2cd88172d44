package redis_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/redis"
	"github.com/confsync/confsync/tree"
)

// Row R3: a connection that broke isn't made anew behind the source's back.
func TestR3BrokenSubscriptionEndsWatch(t *testing.T) {
	for _, protocol := range []int{2, 3} {
		t.Run(fmt.Sprintf("RESP%d", protocol), func(t *testing.T) {
			s := server(t, notifying...)
			proxy := testserver.NewProxy(t, s.Addr())
			direct := dial(t, s.Addr())
			c := closing(t, goredis.NewClient(&goredis.Options{Addr: proxy.Addr(), Protocol: protocol}))
			set(t, direct, "app/a", "1")
			src := redis.New(c, "app", unprobed(redis.Options{}))
			w := watch(t, src)
			w.untilTree(t, `{a:"1"}`)
			dialed := proxy.Accepted()
			if got := s.CLI("CLIENT", "KILL", "TYPE", "pubsub"); got != "1" {
				t.Fatalf("%s connections killed, want 1", got)
			}
			set(t, direct, "app/a", "2")
			if err := w.ended(t); err == nil {
				t.Error("Watch returned nil, want why the connection broke")
			}
			if n := proxy.Accepted() - dialed; n != 0 {
				t.Errorf("%d new connections after the one was killed, want 0", n)
			}
			watch(t, src).untilTree(t, `{a:"2"}`)
		})
	}
}

// Rows R4 and U3: a server that is silent is found out within Probe and Timeout,
// though its connections stand.
func TestR4SilentServer(t *testing.T) { testSilent(t) }

func TestU3Redis(t *testing.T) { testSilent(t) }

func testSilent(t *testing.T) {
	opts := &redis.Options{Probe: 300 * time.Millisecond, Timeout: 500 * time.Millisecond}
	tests := []struct {
		name  string
		fault func(*testserver.Server, *testserver.Proxy)
		heal  func(*testserver.Server, *testserver.Proxy)
	}{
		{"paused",
			func(s *testserver.Server, _ *testserver.Proxy) { s.Pause() },
			func(s *testserver.Server, _ *testserver.Proxy) { s.Resume() }},
		{"black hole",
			func(_ *testserver.Server, p *testserver.Proxy) { p.Blackhole() },
			func(_ *testserver.Server, p *testserver.Proxy) { p.Heal() }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := server(t, notifying...)
			proxy := testserver.NewProxy(t, s.Addr())
			direct := dial(t, s.Addr())
			c := closing(t, goredis.NewClient(&goredis.Options{
				Addr: proxy.Addr(), ReadTimeout: 500 * time.Millisecond, MaxRetries: -1,
			}))
			set(t, direct, "app/a", "1")
			src := redis.New(c, "app", opts)
			w := watch(t, src)
			w.untilTree(t, `{a:"1"}`)
			w.until(t, w.count(), "a probe's snapshot", func(source.Snapshot) bool { return true })
			tt.fault(s, proxy)
			if err := w.ended(t); err == nil || !strings.HasSuffix(err.Error(), "no answer within 500ms") {
				t.Errorf("Watch returned %v, want that there was no answer", err)
			}
			tt.heal(s, proxy)
			set(t, direct, "app/a", "2")
			eventually(t, "a Watch sees the write", func() bool {
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
				seen := ""
				src.Watch(ctx, func(snap source.Snapshot) {
					seen = snap.Tree.Root().String()
					cancel()
				})
				return seen == `{a:"2"}`
			})
		})
	}
}

// Row R4: the connection that is subscribed is silent, and no other.
func TestR4SilentSubscription(t *testing.T) {
	s := server(t, notifying...)
	proxy := testserver.NewProxy(t, s.Addr())
	var dials atomic.Int32
	c := closing(t, goredis.NewClient(&goredis.Options{
		Dialer: func(ctx context.Context, _, _ string) (net.Conn, error) {
			addr := s.Addr()
			if dials.Add(1) == 1 { // a Watch begins with it
				addr = proxy.Addr()
			}
			return new(net.Dialer).DialContext(ctx, "tcp", addr)
		},
	}))
	w := watch(t, redis.New(c, "app", quick(redis.Options{})))
	w.untilTree(t, "nothing")
	if got := s.CLI("PUBSUB", "NUMPAT"); got != "1" || proxy.Connections() != 1 {
		t.Fatalf("%s subscriptions, %d connections through the proxy; want one of each", got, proxy.Connections())
	}
	proxy.Blackhole()
	if err := w.ended(t); err == nil || !strings.HasSuffix(err.Error(), "no answer within 2s") {
		t.Errorf("Watch returned %v, want that there was no answer", err)
	}
}

// Row R5: who doesn't take snapshots doesn't hold up the connection, and gets
// the latest.
func TestR5SlowConsumer(t *testing.T) {
	s := server(t, append(notifying, "client-output-buffer-limit pubsub 64kb 64kb 0")...)
	c := dial(t, s.Addr())
	set(t, c, "app/a", "0")
	ctx, cancel := context.WithCancel(t.Context())
	held, release := make(chan struct{}), make(chan struct{})
	var last string
	var first = true
	done := make(chan error, 1)
	go func() {
		done <- redis.New(c, "app", unprobed(redis.Options{})).Watch(ctx, func(snap source.Snapshot) {
			if first {
				first = false
				close(held)
				<-release
			}
			if last = snap.Tree.Root().Child("a").Text(); last == "end" {
				cancel()
			}
		})
	}()
	<-held
	const writes = 30_000 // more keys than are remembered, more bytes than the server buffers
	for i := 0; i < writes; i += 100 {
		pipe := c.Pipeline()
		for j := range 100 {
			pipe.Set(t.Context(), fmt.Sprintf("app/%d", i+j), "x", 0)
		}
		if _, err := pipe.Exec(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	set(t, c, "app/a", "end")
	close(release)
	if err := <-done; err != context.Canceled || last != "end" {
		t.Errorf("Watch returned %v with %q, want the last write first", err, last)
	}
}

// Row R5: while a snapshot isn't taken, what the server tells is, more than any
// buffer between the two holds.
func TestR5HeardWhileHeld(t *testing.T) {
	s := server(t, append(notifying, "client-output-buffer-limit pubsub 0 0 0")...)
	c := dial(t, s.Addr())
	set(t, c, "app/a", "0")
	ctx, cancel := context.WithCancel(t.Context())
	held, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	done := make(chan error, 1)
	go func() {
		done <- redis.New(c, "app", unprobed(redis.Options{})).Watch(ctx, func(snap source.Snapshot) {
			once.Do(func() {
				close(held)
				<-release
			})
			if snap.Tree.Root().Child("a").Text() == "end" {
				cancel()
			}
		})
	}()
	<-held
	long := strings.Repeat("k", 1000)
	for range 24 {
		pipe := c.Pipeline()
		for range 1000 {
			pipe.Set(t.Context(), "app/"+long, "x", 0)
		}
		if _, err := pipe.Exec(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the server holds nothing for the source", func() bool {
		return strings.Contains(s.CLI("CLIENT", "LIST", "TYPE", "pubsub"), " omem=0 ")
	})
	set(t, c, "app/a", "end")
	close(release)
	if err := <-done; err != context.Canceled {
		t.Errorf("Watch returned %v, want the last write first", err)
	}
}

// Row R8: an end of the context ends an idle Watch at once.
func TestR8CancelWhileIdle(t *testing.T) {
	s := server(t, notifying...)
	c := dial(t, s.Addr())
	set(t, c, "app/a", "1")
	w := watch(t, redis.New(c, "app", unprobed(redis.Options{})))
	w.untilTree(t, `{a:"1"}`)
	w.stop()
	if err := w.ended(t); err != context.Canceled {
		t.Errorf("Watch returned %v, want %v", err, context.Canceled)
	}
	eventually(t, "no connection is subscribed", func() bool { return subscribers(t, s) == 0 })
}

// Row R8: so it does when the server is silent, for the part that isn't a
// command of the client's under way.
func TestR8CancelWhileSilent(t *testing.T) {
	s := server(t, notifying...)
	c := dial(t, s.Addr())
	set(t, c, "app/a", "1")
	w := watch(t, redis.New(c, "app", unprobed(redis.Options{})))
	w.untilTree(t, `{a:"1"}`)
	s.Pause()
	w.stop()
	if err := w.ended(t); err != context.Canceled {
		t.Errorf("Watch returned %v, want %v", err, context.Canceled)
	}
}

// Row R11: a value of another type is reported; it isn't a deletion.
func TestR11AnotherType(t *testing.T) {
	tests := []struct {
		name   string
		opts   redis.Options
		key    string // as the problem names it
		break_ func(context.Context, *goredis.Client)
		heal   func(context.Context, *goredis.Client)
	}{
		{"a key", redis.Options{}, "app/a",
			func(ctx context.Context, c *goredis.Client) {
				c.TxPipelined(ctx, func(pipe goredis.Pipeliner) error {
					pipe.Del(ctx, "app/a")
					return pipe.LPush(ctx, "app/a", "x").Err()
				})
			},
			func(ctx context.Context, c *goredis.Client) { c.Set(ctx, "app/a", "2", 0) }},
		{"a key, healed by its deletion", redis.Options{}, "app/z",
			func(ctx context.Context, c *goredis.Client) { c.LPush(ctx, "app/z", "x") },
			func(ctx context.Context, c *goredis.Client) { c.Del(ctx, "app/z"); c.Set(ctx, "app/a", "2", 0) }},
		{"a hash", redis.Options{Hash: true}, "app",
			func(ctx context.Context, c *goredis.Client) { c.Set(ctx, "app", "x", 0) },
			func(ctx context.Context, c *goredis.Client) {
				c.TxPipelined(ctx, func(pipe goredis.Pipeliner) error {
					pipe.Del(ctx, "app")
					return pipe.HSet(ctx, "app", "a", "2").Err()
				})
			}},
	}
	for _, tt := range tests {
		for mode, config := range modes() {
			t.Run(tt.name+" "+mode, func(t *testing.T) {
				s := server(t, config...)
				c := dial(t, s.Addr())
				set(t, c, "app/a", "1")
				if tt.opts.Hash {
					c.HSet(t.Context(), "app", "a", "1")
				}
				w := watch(t, redis.New(c, "app", quick(tt.opts)))
				w.untilTree(t, `{a:"1"}`)
				tt.break_(t.Context(), c)
				got := w.until(t, 0, "an error", func(s source.Snapshot) bool { return s.Err != nil })
				checkProblem(t, got.Err, tree.Unusable, tt.key, "another type than a")
				tt.heal(t.Context(), c)
				w.untilTree(t, `{a:"2"}`)
				for _, snap := range w.all() {
					if snap.Err == nil && snap.Tree.Root().Len() == 0 {
						t.Error("a snapshot was empty")
					}
				}
			})
		}
	}
}

// Row U2: what a server says while it can't serve, or says no, is an error.
func TestU2RefusalsAreErrors(t *testing.T) {
	t.Run("wrong password", func(t *testing.T) {
		s := testserver.Redis(t, testserver.RedisConfig{Password: "right"})
		for _, c := range []*goredis.Options{{Password: "wrong"}, {}} {
			c.Addr = s.Addr()
			w := watch(t, redis.New(closing(t, goredis.NewClient(c)), "app", nil))
			err := w.ended(t)
			if err == nil || !strings.Contains(err.Error(), "WRONGPASS") && !strings.Contains(err.Error(), "NOAUTH") {
				t.Errorf("Watch returned %v, want WRONGPASS or NOAUTH", err)
			}
			if err != nil && strings.Contains(err.Error(), "wrong") && c.Password == "wrong" {
				t.Errorf("the error holds the password: %v", err)
			}
			if n := w.count(); n != 0 {
				t.Errorf("%d snapshots, want none", n)
			}
		}
	})
	t.Run("nobody there", func(t *testing.T) {
		s := server(t)
		c := dial(t, s.Addr())
		s.Kill()
		if err := watch(t, redis.New(c, "app", nil)).ended(t); err == nil {
			t.Error("Watch returned nil")
		}
	})
	t.Run("not a primary", func(t *testing.T) {
		s, primary := server(t), server(t)
		host, port, _ := strings.Cut(primary.Addr(), ":")
		s.CLI("REPLICAOF", host, port)
		for _, protocol := range []int{2, 3} {
			c := closing(t, goredis.NewClient(&goredis.Options{Addr: s.Addr(), Protocol: protocol}))
			err := watch(t, redis.New(c, "app", nil)).ended(t)
			if err == nil || !strings.HasSuffix(err.Error(), "the server is a replica") {
				t.Errorf("Watch by RESP%d returned %v, want that it is a replica", protocol, err)
			}
		}
	})
	t.Run("a client of one node of a Cluster", func(t *testing.T) {
		cluster := testserver.RedisCluster(t, 3, testserver.RedisConfig{})
		err := watch(t, redis.New(dial(t, cluster.Servers[0].Addr()), "app", nil)).ended(t)
		if err == nil || !strings.HasSuffix(err.Error(), "needs a ClusterClient") {
			t.Errorf("Watch returned %v, want that it needs a ClusterClient", err)
		}
	})
	t.Run("a client that isn't supported", func(t *testing.T) {
		ring := closing(t, goredis.NewRing(&goredis.RingOptions{}))
		err := watch(t, redis.New(ring, "app", nil)).ended(t)
		if err == nil || !strings.Contains(err.Error(), "*redis.Ring is not supported") {
			t.Errorf("Watch returned %v, want that a Ring is not supported", err)
		}
	})
}

// Row R10: a primary that becomes a replica, and loses its keys by it, is an
// error, and the keys aren't gone.
func TestR10PrimaryDemoted(t *testing.T) {
	for mode, config := range modes() {
		t.Run(mode, func(t *testing.T) {
			s, other := server(t, config...), server(t)
			c := dial(t, s.Addr())
			set(t, c, "app/a", "1")
			w := watch(t, redis.New(c, "app", quick(redis.Options{})))
			w.untilTree(t, `{a:"1"}`)
			host, port, _ := strings.Cut(other.Addr(), ":")
			s.CLI("REPLICAOF", host, port)
			if err := w.ended(t); err == nil {
				t.Error("Watch returned nil")
			}
			for _, snap := range w.all() {
				if snap.Tree.Root().Len() == 0 {
					t.Error("a snapshot was empty")
				}
			}
			eventually(t, "the keys are gone", func() bool { return c.Exists(t.Context(), "app/a").Val() == 0 })
		})
	}
}
