package redis_test

import (
	"context"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/source/redis"
)

// stable makes a client of one address behind which servers change: what is
// connected stays where it is.
func stable(t testing.TB, first string) (*goredis.Client, *atomic.Value) {
	var at atomic.Value
	at.Store(first)
	return closing(t, goredis.NewClient(&goredis.Options{
		Addr: "redis.example:6379", PoolSize: 2, ConnMaxIdleTime: -1,
		Dialer: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, at.Load().(string))
		},
	})), &at
}

// Row R12: a planned switchover behind a stable address. The old primary lives on
// as a replica, and so do the connections to it in the client's pool.
func TestR12SwitchoverBehindAStableAddress(t *testing.T) {
	for mode, config := range modes() {
		t.Run(mode, func(t *testing.T) {
			old := server(t, config...)
			host, port, _ := strings.Cut(old.Addr(), ":")
			next := server(t, append(config, "replicaof "+host+" "+port)...)
			c, at := stable(t, old.Addr())
			set(t, c, "app/a", "1")
			sup := supervised(t, redis.New(c, "app", quick(redis.Options{})))
			converges(t, sup, `{a:"1"}`)
			eventually(t, "the replica has the key", func() bool { return next.CLI("GET", "app/a") == "1" })
			old.CLI("FAILOVER")
			eventually(t, "the replica is the primary", func() bool { return strings.Contains(next.CLI("ROLE"), "master") })
			at.Store(next.Addr())
			next.CLI("SET", "app/a", "2")
			converges(t, sup, `{a:"2"}`)
			if role := old.CLI("ROLE"); !strings.HasPrefix(role, "slave") {
				t.Errorf("the old primary is %q, want a replica that lives on", role)
			}
		})
	}
}

// Row R13: Sentinel has promoted the replica, and the primary that it has lost
// sight of lives on, with nobody else to say so.
func TestR13OldPrimaryLivesOn(t *testing.T) {
	layouts := []struct {
		name, key string
		opts      redis.Options
		put       func(s *testserver.Server, value string)
	}{
		{"keys", "app", redis.Options{}, func(s *testserver.Server, value string) { s.CLI("SET", "app/a", value) }},
		{"hash", "hash", redis.Options{Hash: true}, func(s *testserver.Server, value string) { s.CLI("HSET", "hash", "a", value) }},
		{"document", "doc", redis.Options{Document: document.JSON}, func(s *testserver.Server, value string) { s.CLI("SET", "doc", `{"a":"`+value+`"}`) }},
	}
	f := testserver.RedisFailover(t, testserver.RedisConfig{Config: notifying})
	old := f.Servers[0]
	c := throughSentinel(t, f)
	for _, l := range layouts {
		l.put(old, "1")
	}
	follow := map[string]func(want string){}
	for _, l := range layouts {
		sup := supervised(t, redis.New(c, l.key, quick(l.opts)))
		follow[l.name] = func(want string) { t.Helper(); converges(t, sup, want) }
		follow[l.name](`{a:"1"}`)
	}
	eventually(t, "the replica has the keys", func() bool { return f.Servers[1].CLI("DBSIZE") == "3" })
	cutOff(t, c, old)
	eventually(t, "the replica is promoted", func() bool {
		role, _ := f.Servers[1].TryCLI("ROLE") // Sentinel closes connections when it promotes
		return strings.Contains(role, "master")
	})
	for _, l := range layouts {
		l.put(f.Servers[1], "2")
	}
	for _, l := range layouts {
		follow[l.name](`{a:"2"}`)
	}
	// The password that was set is asked of new connections only.
	if role, err := old.TryCLI("--no-auth-warning", "-a", "cut-off", "ROLE"); !strings.Contains(role, "master") {
		t.Errorf("the old primary says %q (error %v), want that it is one still", role, err)
	}
}

// Row R13: a probe compares what a hash and a document hold, not only how much.
func TestR13ProbeComparesValues(t *testing.T) {
	s := server(t)
	for db, value := range map[int]string{0: "1", 1: "2"} {
		c := closing(t, goredis.NewClient(&goredis.Options{Addr: s.Addr(), DB: db}))
		c.HSet(t.Context(), "hash", "a", value, "b", "b")
		set(t, c, "doc", `{"a":"`+value+`","b":"b"}`)
	}
	c := dial(t, s.Addr())
	hash := watch(t, redis.New(c, "hash", quick(redis.Options{Hash: true})))
	doc := watch(t, redis.New(c, "doc", quick(redis.Options{Document: document.JSON})))
	hash.untilTree(t, `{a:"1" b:"b"}`)
	doc.untilTree(t, `{a:"1" b:"b"}`)
	s.CLI("SWAPDB", "0", "1") // told to nobody
	hash.untilTree(t, `{a:"2" b:"b"}`)
	doc.untilTree(t, `{a:"2" b:"b"}`)
}

// cutOff has a primary refuse its sentinel, and nobody who is connected.
func cutOff(t testing.TB, c *goredis.Client, s *testserver.Server) {
	t.Helper()
	s.CLI("CONFIG", "SET", "requirepass", "cut-off")
	direct := closing(t, goredis.NewClient(&goredis.Options{Addr: s.Addr(), Password: "cut-off"}))
	list, err := direct.ClientList(t.Context()).Result()
	if err != nil {
		t.Fatal(err)
	}
	killed := 0
	for line := range strings.Lines(list) {
		if strings.Contains(line, "name=sentinel-") {
			id, _, _ := strings.Cut(strings.TrimPrefix(line, "id="), " ")
			direct.ClientKillByFilter(t.Context(), "ID", id)
			killed++
		}
	}
	if killed == 0 {
		t.Fatal("no sentinel is connected")
	}
}

// Row R14: whatever the caller's client is set to, a server that falls silent is
// told of, and a Watch of it can be ended.
func TestR14SilentServerWhateverTheClient(t *testing.T) {
	for name, timeout := range map[string]time.Duration{"none": -1, "long": 10 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			s := server(t, notifying...)
			proxy := testserver.NewProxy(t, s.Addr())
			set(t, dial(t, s.Addr()), "app/a", "1")
			c := closing(t, goredis.NewClient(&goredis.Options{
				Addr: proxy.Addr(), ReadTimeout: timeout, WriteTimeout: timeout, PoolTimeout: 10 * time.Minute,
			}))
			idle := watch(t, redis.New(c, "app", quick(redis.Options{})))
			resting := watch(t, redis.New(c, "app", unprobed(redis.Options{})))
			reading := watch(t, redis.New(c, "app", &redis.Options{Timeout: time.Hour, Resync: time.Millisecond}))
			for _, w := range []*watcher{idle, resting, reading} {
				w.untilTree(t, `{a:"1"}`)
			}
			proxy.Blackhole()
			if err := idle.ended(t); err == nil || !strings.HasSuffix(err.Error(), "no answer within 2s") {
				t.Errorf("Watch returned %v, want that there was no answer", err)
			}
			dialing := watch(t, redis.New(c, "app", nil))
			for name, w := range map[string]*watcher{"at rest": resting, "reading": reading, "dialing": dialing} {
				w.stop()
				if err := w.ended(t); err != context.Canceled {
					t.Errorf("%s: Watch returned %v, want %v", name, err, context.Canceled)
				}
			}
			proxy.Heal()
		})
	}
}

// Row R14: a connection that can't be given up is not used.
func TestR14ConnectionWithoutDeadlines(t *testing.T) {
	s := server(t, notifying...)
	c := closing(t, goredis.NewClient(&goredis.Options{
		Dialer: func(ctx context.Context, _, _ string) (net.Conn, error) {
			line, err := new(net.Dialer).DialContext(ctx, "tcp", s.Addr())
			return deaf{line}, err
		},
	}))
	w := watch(t, redis.New(c, "app", &redis.Options{Timeout: time.Second}))
	if err := w.ended(t); err == nil || !strings.Contains(err.Error(), "heeds no deadline") {
		t.Errorf("Watch returned %v, want that the connection heeds no deadline", err)
	}
}

// deaf is a connection that heeds no deadline, as one through a tunnel may not.
type deaf struct{ net.Conn }

func (deaf) SetDeadline(time.Time) error      { return nil }
func (deaf) SetReadDeadline(time.Time) error  { return nil }
func (deaf) SetWriteDeadline(time.Time) error { return nil }
