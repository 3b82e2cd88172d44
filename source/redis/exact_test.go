package redis_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/redis"
)

// way is a way in which a configuration is kept, and how a writer writes it.
type way struct {
	name   string
	opts   redis.Options
	config []string
	prefix string
	write  func(ctx context.Context, pipe goredis.Pipeliner, generation string, names []string)
}

func ways() []way {
	plain := func(prefix string) func(context.Context, goredis.Pipeliner, string, []string) {
		return func(ctx context.Context, pipe goredis.Pipeliner, generation string, names []string) {
			for _, name := range names {
				pipe.Set(ctx, prefix+"/"+name, generation, 0)
			}
		}
	}
	versioned := func(ctx context.Context, pipe goredis.Pipeliner, generation string, names []string) {
		plain("app")(ctx, pipe, generation, names)
		pipe.Incr(ctx, "app/version")
	}
	hashed := func(ctx context.Context, pipe goredis.Pipeliner, generation string, names []string) {
		for _, name := range names {
			pipe.HSet(ctx, "app", name, generation)
		}
	}
	version := redis.Options{VersionKey: "app/version"}
	return []way{
		{"keys", redis.Options{}, notifying, "app", plain("app")},
		{"keys, tracked", redis.Options{}, nil, "app", plain("app")},
		{"keys, polled", redis.Options{}, polling, "app", plain("app")},
		{"version key", version, notifying, "app", versioned},
		{"version key, tracked", version, nil, "app", versioned},
		{"version key, polled", version, polling, "app", versioned},
		{"hash", redis.Options{Hash: true}, notifying, "app", hashed},
		{"hash, tracked", redis.Options{Hash: true}, nil, "app", hashed},
		{"hash, polled", redis.Options{Hash: true}, polling, "app", hashed},
	}
}

func names(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("k%03d", i)
	}
	return names
}

// uniform returns the one value that all n keys have, or false.
func uniform(s source.Snapshot, n int) (string, bool) {
	root := s.Tree.Root()
	if s.Err != nil || root.Len() != n {
		return "", false
	}
	for i := range n {
		if root.At(i).Text() != root.At(0).Text() {
			return "", false
		}
	}
	return root.At(0).Text(), true
}

// A transaction of 100 keys is one snapshot, never a part of one, whatever the
// way, while one follows upon another. Some of them delete and create keys.
func TestTransactionIsOneSnapshot(t *testing.T) {
	for _, way := range ways() {
		t.Run(way.name, func(t *testing.T) {
			s := server(t, way.config...)
			c := dial(t, s.Addr())
			write := func(generation int) {
				n := 90 + generation%11 // keys come and go
				if _, err := c.TxPipelined(t.Context(), func(pipe goredis.Pipeliner) error {
					pipe.Del(t.Context(), "app") // the hash
					for _, name := range names(100)[n:] {
						pipe.Del(t.Context(), "app/"+name)
					}
					way.write(t.Context(), pipe, strconv.Itoa(generation), names(100)[:n])
					return nil
				}); err != nil {
					t.Fatal(err)
				}
			}
			write(0)
			opts := quick(way.opts)
			opts.Poll, opts.Gather = 20*time.Millisecond, -1
			w := watch(t, redis.New(c, way.prefix, opts))
			w.until(t, 0, "a snapshot", func(source.Snapshot) bool { return true })
			generation := 1
			for end := time.Now().Add(2 * time.Second); time.Now().Before(end); generation++ {
				write(generation)
				time.Sleep(time.Duration(rand.IntN(30)) * time.Millisecond)
			}
			write(generation)
			last := strconv.Itoa(generation)
			w.until(t, 0, "the last generation", func(s source.Snapshot) bool {
				got, ok := uniform(s, 90+generation%11)
				return ok && got == last
			})
			seen, torn := map[string]bool{}, 0
			for _, snap := range w.all() {
				first := snap.Tree.Root().Child("k000").Text()
				g, err := strconv.Atoi(first)
				if strings.HasPrefix(snap.Note, "not at one revision") {
					torn++
				} else if got, ok := uniform(snap, 90+g%11); err != nil || !ok || got != first {
					t.Fatalf("a snapshot is not of one transaction: %v (error %v)", snap.Tree.Root(), snap.Err)
				}
				seen[first] = true
			}
			t.Logf("%d transactions, %d snapshots of %d of them, %d with a note", generation, w.count(), len(seen), torn)
			if torn > 0 && way.name != "keys, polled" {
				t.Errorf("%d snapshots are noted to be of no one instant, want none", torn)
			}
			if len(seen) < 5 {
				t.Errorf("only %d generations were seen", len(seen))
			}
		})
	}
}

// Row U1: 1,000 writes a second while watchers start; all of them converge.
func TestU1Redis(t *testing.T) {
	const watchers, rate, least = 100, 1000, 1000
	for _, way := range ways() {
		if strings.Contains(way.name, "polled") {
			continue
		}
		t.Run(way.name, func(t *testing.T) {
			s := server(t, way.config...)
			c := closing(t, goredis.NewClient(&goredis.Options{Addr: s.Addr(), PoolSize: 20}))
			writer := dial(t, s.Addr())
			stop := make(chan struct{})
			var writes atomic.Int64
			expect := map[string]string{}
			var writing sync.WaitGroup
			writing.Go(func() {
				for i := 0; ; {
					select {
					case <-stop:
						return
					case <-time.After(50 * time.Millisecond):
					}
					if _, err := writer.TxPipelined(t.Context(), func(pipe goredis.Pipeliner) error {
						for range rate / 20 {
							name, text := names(200)[rand.IntN(200)], strconv.Itoa(i)
							expect[name] = text
							way.write(t.Context(), pipe, text, []string{name})
							i++
						}
						return nil
					}); err != nil {
						t.Error(err)
						return
					}
					writes.Add(rate / 20)
				}
			})
			ctx, cancel := context.WithCancel(t.Context())
			began := time.Now()
			all := make([]*source.Supervisor, watchers)
			var running sync.WaitGroup
			defer running.Wait()
			defer cancel()
			for i := range all {
				opts := way.opts
				opts.Poll, opts.Probe, opts.Resync, opts.Timeout = time.Hour, time.Hour, -1, patience
				all[i] = source.NewSupervisor(redis.New(c, way.prefix, &opts), source.Policy{}, nil)
				running.Go(func() { all[i].Run(ctx) })
			}
			eventually(t, "every watcher has started amid enough writes", func() bool {
				for _, w := range all {
					if _, _, ok := w.Latest(); !ok {
						return false
					}
				}
				return writes.Load() >= least
			})
			took := time.Since(began)
			close(stop)
			writing.Wait()
			t.Logf("%d writes in %v", writes.Load(), took)
			stopped := time.Now()
			eventually(t, "every watcher has the last state", func() bool {
				for _, w := range all {
					snap, _, _ := w.Latest()
					if snap.Tree.Root().Len() != len(expect) {
						return false
					}
					for name, text := range expect {
						if snap.Tree.Root().Child(name).Text() != text {
							return false
						}
					}
				}
				return true
			})
			t.Logf("converged within %v", time.Since(stopped))
			for _, w := range all {
				if st := w.Status(); st.Err != nil || st.Retries > 0 {
					t.Errorf("status %v with error %v after %d retries", st.State, st.Err, st.Retries)
				}
			}
		})
	}
}

// On a Cluster a transaction of keys that share a tag is one snapshot too.
func TestTransactionIsOneSnapshotOnCluster(t *testing.T) {
	cluster := testserver.RedisCluster(t, 3, testserver.RedisConfig{Config: notifying})
	c := closing(t, goredis.NewClusterClient(&goredis.ClusterOptions{Addrs: cluster.Addrs(), ReadOnly: true}))
	write := func(generation int) {
		if _, err := c.TxPipelined(t.Context(), func(pipe goredis.Pipeliner) error {
			for _, name := range names(100) {
				pipe.Set(t.Context(), "{app}/"+name, generation, 0)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	write(0)
	opts := unprobed(redis.Options{Gather: -1})
	w := watch(t, redis.New(c, "{app}", opts))
	w.until(t, 0, "a snapshot", func(source.Snapshot) bool { return true })
	for generation := 1; generation <= 50; generation++ {
		write(generation)
		time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
	}
	w.until(t, 0, "the last generation", func(s source.Snapshot) bool { got, _ := uniform(s, 100); return got == "50" })
	for _, snap := range w.all() {
		if _, ok := uniform(snap, 100); !ok {
			t.Fatalf("a snapshot is not of one transaction: %v (error %v)", snap.Tree.Root(), snap.Err)
		}
	}
}
