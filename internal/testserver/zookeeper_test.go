package testserver

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
)

func TestZooKeeperTLS(t *testing.T) {
	certs := NewCerts(t)
	s := ZooKeeper(t, ZooKeeperConfig{TLS: certs})
	s.CLI("create", "/k", "v")
	for _, tc := range tlsIntruders(t, certs) {
		if err := tc.handshake(s.Addr()); err == nil {
			t.Errorf("%s: the handshake succeeded", tc.name)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), attemptLimit)
	defer cancel()
	if err := zookeeperServes(ctx, s.Addr(), nil); err == nil {
		t.Error("without TLS: served")
	}
}

func TestZooKeeperRefuses(t *testing.T) {
	s := ZooKeeper(t, ZooKeeperConfig{Config: []string{"enforce.auth.enabled=true", "enforce.auth.schemes=digest"}})
	if out, err := s.TryCLI("ls", "/"); err == nil || !strings.Contains(err.Error(), "failed to authenticate") {
		t.Errorf("without credentials: %q, %v; want a failure to authenticate", out, err)
	}
	owner, other := zkConn(t, s, "owner"), zkConn(t, s, "other")
	if _, err := owner.Create("/k", []byte("v"), 0, zk.DigestACL(zk.PermAll, "owner", "pw")); err != nil {
		t.Fatal(err)
	}
	if value, _, err := owner.Get("/k"); string(value) != "v" || err != nil {
		t.Errorf("owner: %q, %v; want v", value, err)
	}
	if value, _, err := other.Get("/k"); !errors.Is(err, zk.ErrNoAuth) {
		t.Errorf("other: %q, %v; want %v", value, err, zk.ErrNoAuth)
	}
}

func zkConn(t *testing.T, s *Server, user string) *zk.Conn {
	t.Helper()
	conn, _, err := zk.Connect([]string{s.Addr()}, 5*time.Second, zk.WithLogInfo(false))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	if err := conn.AddAuth("digest", []byte(user+":pw")); err != nil {
		t.Fatal(err)
	}
	return conn
}
