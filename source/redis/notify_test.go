package redis_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/redis"
)

func noted(words string) func(source.Snapshot) bool {
	return func(s source.Snapshot) bool { return s.Err == nil && strings.Contains(s.Note, words) }
}

func notNoted(s source.Snapshot) bool { return s.Err == nil && s.Note == "" }

// Row R1: what the server's setting makes of a Watch, and that it stays as it was.
func TestR1NotificationsAreVerified(t *testing.T) {
	tests := []struct {
		name    string
		config  []string
		opts    redis.Options
		note    string // "": notifications are relied on
		setting string // afterwards; "-": it can't be seen
	}{
		{"off", nil, redis.Options{}, "keyspace notifications are off", ""},
		{"on", notifying, redis.Options{}, "", "AK"},
		{"on, just enough", []string{"notify-keyspace-events Kg$xe"}, redis.Options{}, "", "g$xeK"},
		{"for another class of channel", []string{"notify-keyspace-events EA"}, redis.Options{}, `lack the flags "K"`, "AE"},
		{"of expiry alone", []string{"notify-keyspace-events Kx"}, redis.Options{}, `lack the flags "$ge"`, "xK"},
		{"of no hashes, which need none", []string{"notify-keyspace-events Kg$xe"}, redis.Options{Hash: true}, "", "g$xeK"},
		{"CONFIG is refused", []string{`rename-command CONFIG ""`}, redis.Options{}, "not permitted to read notify-keyspace-events", "-"},
		{"CONFIG is refused, and the caller knows", append([]string{`rename-command CONFIG ""`}, notifying...), redis.Options{TrustNotify: true}, "", "-"},
		{"off, to be switched on", nil, redis.Options{SetNotify: true}, "", "g$xeK"},
		{"of lists, to be switched on", []string{"notify-keyspace-events El"}, redis.Options{SetNotify: true}, "", "g$lxeKE"},
		{"to be switched on where CONFIG is refused", []string{`rename-command CONFIG ""`}, redis.Options{SetNotify: true}, "not permitted to read notify-keyspace-events", "-"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := server(t, tt.config...)
			c := dial(t, s.Addr())
			write := func(v string) { set(t, c, "app/a", v) }
			if tt.opts.Hash {
				write = func(v string) { c.HSet(t.Context(), "app", "a", v) }
			}
			write("1")
			opts := unprobed(tt.opts)
			if tt.note != "" {
				opts = quick(tt.opts)
			}
			w := watch(t, redis.New(c, "app", opts))
			first := w.untilTree(t, `{a:"1"}`)
			write("2")
			w.untilTree(t, `{a:"2"}`)
			if tt.note == "" && first.Note != "" || !strings.Contains(first.Note, tt.note) {
				t.Errorf("note = %q, want it to hold %q", first.Note, tt.note)
			}
			if tt.note != "" && !strings.HasPrefix(first.Note, "following by CLIENT TRACKING: ") {
				t.Errorf("note = %q, want it to say how changes are heard of", first.Note)
			}
			if tt.setting != "-" {
				got := strings.TrimPrefix(s.CLI("CONFIG", "GET", "notify-keyspace-events"), "notify-keyspace-events")
				if got = strings.TrimSpace(got); got != tt.setting {
					t.Errorf("the server's setting = %q, want %q", got, tt.setting)
				}
			}
		})
	}
}

// Row R2: the subscription is acknowledged before anything is read.
func TestR2SubscribedBeforeReading(t *testing.T) {
	tests := []struct {
		name             string
		config           []string
		asked, confirmed string
	}{
		{"notified", notifying, "PSUBSCRIBE", "psubscribe"},
		{"tracked", nil, "BCAST", "+OK"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := server(t, tt.config...)
			set(t, dial(t, s.Addr()), "app/a", "1")
			line := &recorded{}
			c := closing(t, goredis.NewClient(&goredis.Options{
				Dialer: func(ctx context.Context, _, _ string) (conn net.Conn, err error) {
					line.Conn, err = new(net.Dialer).DialContext(ctx, "tcp", s.Addr())
					return line, err
				},
			}))
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if err := redis.New(c, "app", nil).Watch(ctx, func(source.Snapshot) { cancel() }); err != context.Canceled {
				t.Errorf("Watch returned %v, want %v", err, context.Canceled)
			}
			asked := line.first(0, "> ", tt.asked)
			confirmed := line.first(asked+1, "< ", tt.confirmed)
			if read := line.first(0, "> ", "SCAN"); asked < 0 || confirmed < 0 || read < confirmed {
				t.Errorf("asked at %d, confirmed at %d, read at %d; want that order in %q", asked, confirmed, read, line.passed)
			}
		})
	}
}

// recorded is a connection that keeps what has passed, in the order in which it did.
type recorded struct {
	net.Conn
	mu     sync.Mutex
	passed []string
}

func (r *recorded) keep(way string, data []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.passed = append(r.passed, way+string(data))
}

func (r *recorded) Read(b []byte) (int, error) {
	n, err := r.Conn.Read(b)
	r.keep("< ", b[:n])
	return n, err
}

func (r *recorded) Write(b []byte) (int, error) {
	r.keep("> ", b)
	return r.Conn.Write(b)
}

// first returns the number of the first part, from one on, that went one way and has a
// text in it, or -1.
func (r *recorded) first(from int, way, text string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := max(0, from); i < len(r.passed); i++ {
		if strings.HasPrefix(r.passed[i], way) && strings.Contains(r.passed[i], text) {
			return i
		}
	}
	return -1
}

// Row R1: the setting changes under a Watch.
func TestR1NotificationsGoOffAndOn(t *testing.T) {
	s := server(t, notifying...)
	c := dial(t, s.Addr())
	set(t, c, "app/a", "1")
	w := watch(t, redis.New(c, "app", quick(redis.Options{})))
	w.until(t, 0, "a snapshot without a note", notNoted)

	s.CLI("CONFIG", "SET", "notify-keyspace-events", "")
	set(t, c, "app/a", "2") // told to nobody
	w.untilTree(t, `{a:"2"}`)
	w.until(t, 0, "a note", noted("notifications are off"))
	set(t, c, "app/a", "3", "app/b", "3")
	w.untilTree(t, `{a:"3" b:"3"}`)

	s.CLI("CONFIG", "SET", "notify-keyspace-events", "KA")
	from := w.count()
	w.until(t, from, "a snapshot without a note", notNoted)
	set(t, c, "app/a", "4")
	w.untilTree(t, `{a:"4" b:"3"}`)
}

// Row R1: what was told of before the setting changed is read after it, beside
// what nobody was told of.
func TestR1NotificationsGoOffBeforeAReading(t *testing.T) {
	s := server(t, notifying...)
	c := dial(t, s.Addr())
	set(t, c, "app/a", "1", "app/b", "1")
	w := watch(t, redis.New(c, "app", unprobed(redis.Options{Gather: time.Second})))
	w.untilTree(t, `{a:"1" b:"1"}`)
	set(t, c, "app/a", "2", "app/b", "2")
	w.untilTree(t, `{a:"2" b:"2"}`)
	from := w.count()
	set(t, c, "app/a", "3") // gathered for half a second, and more
	s.CLI("CONFIG", "SET", "notify-keyspace-events", "")
	set(t, c, "app/a", "4", "app/b", "4")
	w.until(t, from, "what was written last", func(s source.Snapshot) bool {
		got := s.Tree.Root().String()
		if got != `{a:"2" b:"2"}` && got != `{a:"3" b:"2"}` && got != `{a:"4" b:"4"}` {
			t.Errorf("a snapshot holds %s, which there never was", got)
		}
		return got == `{a:"4" b:"4"}`
	})
}

// Row R1: a setting made with CONFIG SET is lost when the server restarts.
func TestR1NotificationsAreLostOnRestart(t *testing.T) {
	s := testserver.Redis(t, testserver.RedisConfig{Persistent: true})
	s.CLI("CONFIG", "SET", "notify-keyspace-events", "KA")
	c := dial(t, s.Addr())
	set(t, c, "app/a", "1")
	src := redis.New(c, "app", quick(redis.Options{}))
	w := watch(t, src)
	w.until(t, 0, "a snapshot without a note", notNoted)
	s.Kill()
	if err := w.ended(t); err == nil || strings.Contains(err.Error(), "redis app") {
		t.Errorf("Watch returned %v, want an error that doesn't name the source", err)
	}
	s.Start()
	w = watch(t, src)
	w.until(t, 0, "a note", noted("notifications are off"))
	set(t, c, "app/a", "2")
	w.untilTree(t, `{a:"2"}`)
}

// Row R6: FLUSHALL and FLUSHDB, which notify nobody, are told of by tracking, in
// which nothing is tracked.
func TestR6FlushIsNotified(t *testing.T) {
	for mode, config := range map[string][]string{"notified": notifying, "tracked": nil} {
		for _, command := range []string{"FLUSHALL", "FLUSHDB"} {
			t.Run(command+" "+mode, func(t *testing.T) {
				s := server(t, config...)
				c := dial(t, s.Addr())
				set(t, c, "app/a", "1", "app/b", "2")
				w := watch(t, redis.New(c, "app", unprobed(redis.Options{})))
				w.untilTree(t, `{a:"1" b:"2"}`)
				s.CLI(command)
				w.untilTree(t, "nothing")
				set(t, c, "app/b", "3")
				w.untilTree(t, `{b:"3"}`)
			})
		}
	}
}

// Row R6: what nobody is told of is found by a probe or a resync.
func TestR6SilentCommands(t *testing.T) {
	tests := []struct {
		name    string
		deny    string // to the user
		command []string
		want    string
	}{
		{"FLUSHALL", "-client|tracking", []string{"FLUSHALL"}, "nothing"},
		{"FLUSHDB", "-client|tracking", []string{"FLUSHDB"}, "nothing"},
		{"SWAPDB", "+config|get", []string{"SWAPDB", "0", "1"}, `{a:"other"}`},
	}
	finds := map[string]redis.Options{
		"probe":  {Probe: 200 * time.Millisecond, Resync: -1, Poll: time.Hour},
		"resync": {Probe: time.Hour, Resync: 200 * time.Millisecond, Poll: time.Hour},
	}
	for _, tt := range tests {
		for by, opts := range finds {
			t.Run(tt.name+" by "+by, func(t *testing.T) {
				s := server(t, notifying...)
				c := dial(t, s.Addr())
				set(t, c, "app/a", "1", "app/b", "2")
				s.CLI("-n", "1", "SET", "app/a", "other")
				user(t, s, "~app/*", "&__keyspace@0__:app/*", "+config|get", tt.deny)
				w := watch(t, redis.New(asUser(t, s), "app", &opts))
				w.untilTree(t, `{a:"1" b:"2"}`)
				s.CLI(tt.command...)
				last := w.untilTree(t, tt.want)
				if last.Note != "" {
					t.Errorf("note = %q: it was found by polling", last.Note)
				}
			})
		}
	}
}

// Row R6: SWAPDB is told to nobody indeed, so that the test before shows something.
func TestR6SwapIsSilent(t *testing.T) {
	s := server(t, notifying...)
	c := dial(t, s.Addr())
	set(t, c, "app/a", "1")
	w := watch(t, redis.New(c, "app", unprobed(redis.Options{})))
	w.untilTree(t, `{a:"1"}`)
	s.CLI("SWAPDB", "0", "1")
	set(t, c, "app/b", "2")
	// The key that was notified is read, and nothing else.
	w.untilTree(t, `{a:"1" b:"2"}`)
}

// Row R7: one node of a Cluster tells of its own keys only.
func TestR7EveryPrimary(t *testing.T) {
	cluster := testserver.RedisCluster(t, 3, testserver.RedisConfig{Config: notifying})
	c := closing(t, goredis.NewClusterClient(&goredis.ClusterOptions{Addrs: cluster.Addrs()}))
	nodes := map[string]bool{}
	key := func(i int) string { return fmt.Sprintf("app/k%02d", i) }
	for i := range 30 {
		if err := c.Set(t.Context(), key(i), "1", 0).Err(); err != nil {
			t.Fatal(err)
		}
		node, err := c.MasterForKey(t.Context(), key(i))
		if err != nil {
			t.Fatal(err)
		}
		nodes[node.Options().Addr] = true
	}
	if len(nodes) != 3 {
		t.Fatalf("the keys are on %d nodes, want 3", len(nodes))
	}
	w := watch(t, redis.New(c, "app", unprobed(redis.Options{})))
	first := w.until(t, 0, "30 keys", func(s source.Snapshot) bool { return s.Tree.Root().Len() == 30 })
	if first.Note != "" {
		t.Fatalf("note = %q, want none", first.Note)
	}
	for i := range 30 {
		c.Set(t.Context(), key(i), "2", 0)
	}
	w.until(t, 0, "30 new values", func(s source.Snapshot) bool {
		for i := range 30 {
			if s.Tree.Root().Child(key(i)[len("app/"):]).Text() != "2" {
				return false
			}
		}
		return true
	})
	for i := range 30 {
		c.Del(t.Context(), key(i))
	}
	w.untilTree(t, "nothing")
	if n := subscribers(t, cluster.Servers[0]); n != 1 {
		t.Errorf("%d subscribed connections to a node, want 1", n)
	}
}

// Row R9: whatever happens to a key, it is read again.
func TestR9AnyEvent(t *testing.T) {
	ctx := t.Context()
	tests := []struct {
		name string
		do   func(*goredis.Client) error
		want string
	}{
		{"SET", func(c *goredis.Client) error { return c.Set(ctx, "app/a", "2", 0).Err() }, `{a:"2" n:"1"}`},
		{"DEL", func(c *goredis.Client) error { return c.Del(ctx, "app/a").Err() }, `{n:"1"}`},
		{"UNLINK", func(c *goredis.Client) error { return c.Unlink(ctx, "app/a").Err() }, `{n:"1"}`},
		{"GETDEL", func(c *goredis.Client) error { return c.GetDel(ctx, "app/a").Err() }, `{n:"1"}`},
		{"APPEND", func(c *goredis.Client) error { return c.Append(ctx, "app/a", "x").Err() }, `{a:"1x" n:"1"}`},
		{"INCR", func(c *goredis.Client) error { return c.Incr(ctx, "app/n").Err() }, `{a:"1" n:"2"}`},
		{"RENAME within", func(c *goredis.Client) error { return c.Rename(ctx, "app/a", "app/z").Err() }, `{n:"1" z:"1"}`},
		{"RENAME out", func(c *goredis.Client) error { return c.Rename(ctx, "app/a", "z").Err() }, `{n:"1"}`},
		{"RENAME in", func(c *goredis.Client) error { return c.Rename(ctx, "other", "app/z").Err() }, `{a:"1" n:"1" z:"o"}`},
		{"COPY", func(c *goredis.Client) error { return c.Copy(ctx, "other", "app/z", 0, false).Err() }, `{a:"1" n:"1" z:"o"}`},
		{"MOVE", func(c *goredis.Client) error { return c.Move(ctx, "app/a", 5).Err() }, `{n:"1"}`},
		{"expiry", func(c *goredis.Client) error { return c.PExpire(ctx, "app/a", 20*time.Millisecond).Err() }, `{n:"1"}`},
		{"PSETEX", func(c *goredis.Client) error { return c.Set(ctx, "app/z", "1", 50*time.Millisecond).Err() }, `{a:"1" n:"1" z:"1"}`},
		{"MSET", func(c *goredis.Client) error { return c.MSet(ctx, "app/a", "3", "app/n", "3").Err() }, `{a:"3" n:"3"}`},
		{"a script", func(c *goredis.Client) error {
			return c.Eval(ctx, "redis.call('SET', KEYS[1], 's'); return redis.call('DEL', KEYS[2])", []string{"app/a", "app/n"}).Err()
		}, `{a:"s"}`},
		{"eviction", func(c *goredis.Client) error {
			if err := c.ConfigSet(ctx, "maxmemory-policy", "allkeys-random").Err(); err != nil {
				return err
			}
			return c.ConfigSet(ctx, "maxmemory", "1").Err()
		}, `nothing`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := server(t, notifying...)
			c := dial(t, s.Addr())
			set(t, c, "app/a", "1", "app/n", "1", "other", "o")
			w := watch(t, redis.New(c, "app", unprobed(redis.Options{})))
			w.untilTree(t, `{a:"1" n:"1"}`)
			if err := tt.do(c); err != nil {
				t.Fatal(err)
			}
			if tt.name == "eviction" {
				s.TryCLI("SET", "more", "than there is room for")
			}
			w.untilTree(t, tt.want)
		})
	}
}
