package testserver

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/confsync/confsync/internal/await"
)

func TestRedisInMemoryForgets(t *testing.T) {
	s := Redis(t, RedisConfig{})
	s.CLI("SET", "k", "v")
	s.Kill()
	s.Start()
	if got := s.CLI("GET", "k"); got != "" {
		t.Errorf("after a restart: value %q, want none", got)
	}
}

func TestRedisRefuses(t *testing.T) {
	s := Redis(t, RedisConfig{Password: "pw", Config: []string{"user app on >app ~app/* +get"}})
	s.CLI("SET", "app/k", "v")
	s.env = nil
	app := []string{"--user", "app", "--pass", "app", "--no-auth-warning"}
	if got := s.CLI(append(app, "GET", "app/k")...); got != "v" {
		t.Errorf("as app: value %q, want v", got)
	}
	for _, tc := range []struct {
		name, want string
		args       []string
	}{
		{"no password", "NOAUTH", []string{"GET", "app/k"}},
		{"wrong password", "WRONGPASS", []string{"--user", "app", "--pass", "no", "--no-auth-warning", "GET", "app/k"}},
		{"another key", "NOPERM", append(app, "GET", "other")},
	} {
		if out, err := s.TryCLI(tc.args...); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %q, %v; want %s", tc.name, out, err, tc.want)
		}
	}
}

func TestRedisFailover(t *testing.T) {
	for _, tc := range []struct {
		name string
		cfg  RedisConfig
	}{
		{"plain", RedisConfig{Persistent: true}},
		{"TLS and password", RedisConfig{Persistent: true, TLS: NewCerts(t), Password: "pw"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := RedisFailover(t, tc.cfg)
			old := f.Leader()
			if old != f.Servers[0] {
				t.Fatalf("leader is %s, want the first server", old.Addr())
			}
			old.CLI("SET", "k", "v")
			await.Until(t, "the replica has the value", func() bool { return f.Servers[1].CLI("GET", "k") == "v" })
			old.Kill()
			leader := f.Leader()
			if leader != f.Servers[1] {
				t.Fatalf("leader is %s, want the replica", leader.Addr())
			}
			if got := leader.CLI("GET", "k"); got != "v" {
				t.Errorf("new primary: value %q, want v", got)
			}
			_, port, _ := strings.Cut(leader.Addr(), ":")
			await.Until(t, "the sentinel names the new primary", func() bool {
				return strings.HasSuffix(f.Sentinel.CLI("SENTINEL", "get-master-addr-by-name", f.Name), port)
			})
			old.Start()
			await.Until(t, "the old primary follows the new one", func() bool {
				return old.redisSays(t.Context(), "master_link_status:up", "INFO", "replication") == nil
			})
		})
	}
}

func TestRedisCluster(t *testing.T) {
	for _, tc := range []struct {
		name string
		cfg  RedisConfig
	}{
		{"plain", RedisConfig{Persistent: true}},
		{"TLS and password", RedisConfig{Persistent: true, TLS: NewCerts(t), Password: "pw"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := RedisCluster(t, 3, tc.cfg)
			const keys = 30
			for i := range keys {
				c.Servers[0].CLI("SET", fmt.Sprintf("k%d", i), "v")
			}
			for _, s := range c.Servers {
				if got := s.CLI("DBSIZE"); got == "0" || got == fmt.Sprint(keys) {
					t.Errorf("%s holds %s of %d keys, want some", s.Addr(), got, keys)
				}
			}
			c.Servers[1].Kill()
			await.Until(t, "the others miss the killed member", func() bool {
				return c.Servers[0].redisSays(t.Context(), "cluster_state:fail", "CLUSTER", "INFO") == nil
			})
			c.Start()
			if got := c.Servers[0].CLI("GET", "k1"); got != "v" {
				t.Errorf("after a restart: value %q, want v", got)
			}
		})
	}
}

func TestRedisTLS(t *testing.T) {
	certs := NewCerts(t)
	s := Redis(t, RedisConfig{TLS: certs})
	if got := s.CLI("PING"); got != "PONG" {
		t.Errorf("with a certificate: %q, want PONG", got)
	}
	plain := Redis(t, RedisConfig{})
	for _, tc := range tlsIntruders(t, certs) {
		if err := tc.handshake(s.Addr()); err == nil {
			t.Errorf("%s: the handshake succeeded", tc.name)
		}
	}
	if out, err := s.run(context.Background(), plain.client, "-p", s.Addr()[len("127.0.0.1:"):], "PING"); err == nil {
		t.Errorf("without TLS: got %q, want a failure", out)
	}
}
