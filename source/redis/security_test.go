package redis_test

import (
	"crypto/tls"
	"slices"
	"strings"
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source/redis"
)

// rights are what the package says that a user needs.
var rights = []string{"+@read", "+@connection", "+subscribe", "+psubscribe"}

func user(t testing.TB, s *testserver.Server, more ...string) {
	t.Helper()
	s.CLI(append(append([]string{"ACL", "SETUSER", "app", "on", ">pw", "resetkeys", "resetchannels"}, rights...), more...)...)
}

func asUser(t testing.TB, s *testserver.Server) *goredis.Client {
	return closing(t, goredis.NewClient(&goredis.Options{Addr: s.Addr(), Username: "app", Password: "pw"}))
}

// A user with no more rights than the package says, over mutual TLS.
func TestTLSAndUser(t *testing.T) {
	certs := testserver.NewCerts(t)
	s := testserver.Redis(t, testserver.RedisConfig{TLS: certs, Password: "admin", Config: notifying})
	user(t, s, "~app/*", "&__keyspace@0__:app/*", "+config|get")
	s.CLI("SET", "app/a", "1")
	// With TLS 1.3 a client writes before it hears that its certificate is missed, and may be told
	// of a broken connection instead.
	anonymous := certs.Anonymous()
	anonymous.MaxVersion = tls.VersionTLS12
	tests := []struct {
		name       string
		tls        *tls.Config
		user, pass string
		err        string // "": it works
	}{
		{"all is well", certs.Client(), "app", "pw", ""},
		{"wrong password", certs.Client(), "app", "wrong", "WRONGPASS"},
		{"no password", certs.Client(), "", "", "NOAUTH"},
		{"no certificate", anonymous, "app", "pw", "tls: handshake failure"},
		{"a server that another authority has signed", testserver.NewCerts(t).Client(), "app", "pw", "x509"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := closing(t, goredis.NewClient(&goredis.Options{
				Addr: s.Addr(), Username: tt.user, Password: tt.pass, TLSConfig: tt.tls, MaxRetries: -1,
			}))
			w := watch(t, redis.New(c, "app", unprobed(redis.Options{})))
			if tt.err != "" {
				if err := w.ended(t); err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("Watch returned %v, want %q in it", err, tt.err)
				}
				if n := w.count(); n != 0 {
					t.Errorf("%d snapshots, want none", n)
				}
				return
			}
			if snap := w.untilTree(t, `{a:"1"}`); snap.Note != "" {
				t.Errorf("note = %q, want none", snap.Note)
			}
			s.CLI("SET", "app/a", "2")
			w.untilTree(t, `{a:"2"}`)
			s.CLI("SET", "app/a", "1")
		})
	}
}

// The rights that the package says are needed are enough for each form.
func TestRightsAreEnough(t *testing.T) {
	for _, way := range ways() {
		t.Run(way.name, func(t *testing.T) {
			s := server(t, way.config...)
			admin := dial(t, s.Addr())
			put := func(v string) {
				if _, err := admin.TxPipelined(t.Context(), func(pipe goredis.Pipeliner) error {
					way.write(t.Context(), pipe, v, []string{"a"})
					return nil
				}); err != nil {
					t.Fatal(err)
				}
			}
			put("1")
			give := []string{"~app/*", "&__keyspace@0__:app/*"}
			if way.opts.Hash {
				give = []string{"~app", "&__keyspace@0__:app"}
			}
			if way.opts.VersionKey != "" {
				give = append(give, "&__keyspace@0__:"+way.opts.VersionKey)
			}
			if slices.Equal(way.config, notifying) {
				give = append(give, "+config|get")
			}
			user(t, s, give...)
			w := watch(t, redis.New(asUser(t, s), way.prefix, quick(way.opts)))
			snap := w.untilTree(t, `{a:"1"}`)
			if want := ""; slices.Equal(way.config, notifying) && snap.Note != want {
				t.Errorf("note = %q, want %q", snap.Note, want)
			}
			if want := "not permitted to read notify-keyspace-events"; !slices.Equal(way.config, notifying) && snap.Note != "" && !strings.Contains(snap.Note, want) {
				t.Errorf("note = %q, want %q in it", snap.Note, want)
			}
			put("2")
			w.untilTree(t, `{a:"2"}`)
		})
	}
}

// On a Cluster they are enough with two more.
func TestRightsAreEnoughOnCluster(t *testing.T) {
	cluster := testserver.RedisCluster(t, 3, testserver.RedisConfig{Config: notifying})
	admin := closing(t, goredis.NewClusterClient(&goredis.ClusterOptions{Addrs: cluster.Addrs()}))
	for _, s := range cluster.Servers {
		user(t, s, "~app/*", "&__keyspace@0__:app/*", "+config|get", "+cluster|slots", "+cluster|info")
	}
	for _, key := range []string{"app/a", "app/b", "app/c"} {
		if err := admin.Set(t.Context(), key, "1", 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	c := closing(t, goredis.NewClusterClient(&goredis.ClusterOptions{Addrs: cluster.Addrs(), Username: "app", Password: "pw"}))
	w := watch(t, redis.New(c, "app", quick(redis.Options{})))
	if snap := w.untilTree(t, `{a:"1" b:"1" c:"1"}`); snap.Note != "" {
		t.Errorf("note = %q, want none", snap.Note)
	}
	admin.Del(t.Context(), "app/b")
	w.untilTree(t, `{a:"1" c:"1"}`)
}

// Rights that are narrowed during a Watch end it, and are no deletion. Row U2.
func TestU2RightsNarrowed(t *testing.T) {
	tests := []struct {
		name   string
		narrow []string
	}{
		{"keys", []string{"ACL", "SETUSER", "app", "resetkeys", "~other/*"}},
		{"some keys", []string{"ACL", "SETUSER", "app", "resetkeys", "~app/b"}},
		{"commands", []string{"ACL", "SETUSER", "app", "-@read"}},
		{"the user", []string{"ACL", "DELUSER", "app"}},
	}
	for mode, config := range modes() {
		for _, tt := range tests {
			t.Run(tt.name+" "+mode, func(t *testing.T) {
				s := server(t, config...)
				admin := dial(t, s.Addr())
				set(t, admin, "app/a", "1", "app/b", "1")
				user(t, s, "~app/*", "&__keyspace@0__:app/*", "+config|get")
				src := redis.New(asUser(t, s), "app", quick(redis.Options{}))
				w := watch(t, src)
				w.untilTree(t, `{a:"1" b:"1"}`)
				s.CLI(tt.narrow...)
				set(t, admin, "app/b", "2")
				if err := w.ended(t); err == nil {
					t.Error("Watch returned nil")
				} else {
					t.Log(err)
				}
				again := watch(t, src)
				err := again.ended(t)
				if err == nil || !strings.Contains(err.Error(), "NOPERM") && !strings.Contains(err.Error(), "WRONGPASS") {
					t.Errorf("Watch returned %v, want NOPERM or WRONGPASS", err)
				}
				for _, snap := range append(w.all(), again.all()...) {
					if root := snap.Tree.Root(); snap.Err != nil || root.Child("a").Text() != "1" || root.Len() != 2 {
						t.Errorf("a snapshot holds %v (error %v)", root, snap.Err)
					}
				}
			})
		}
	}
}
