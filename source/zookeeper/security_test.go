package zookeeper_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/zookeeper"
)

func TestDigest(t *testing.T) {
	server := testserver.ZooKeeper(t, testserver.ZooKeeperConfig{})
	owner := connect(t, server.Addr(), 10*time.Second)
	if err := owner.AddAuth("digest", []byte("app:right")); err != nil {
		t.Fatal(err)
	}
	private := zk.DigestACL(zk.PermAll, "app", "right")
	for _, p := range []string{"/app", "/app/a"} {
		if _, err := owner.Create(p, []byte("1"), 0, private); err != nil {
			t.Fatal(err)
		}
	}
	if err := owner.AddAuth("digest", []byte("other:secret")); err != nil {
		t.Fatal(err)
	}
	give := func(t *testing.T, p string, rights []zk.ACL) {
		t.Helper()
		if _, err := owner.SetACL(p, rights, -1); err != nil {
			t.Fatal(err)
		}
	}

	reader := func(t *testing.T, password string) source.Source {
		conn := connect(t, server.Addr(), 10*time.Second)
		if password != "" {
			if err := conn.AddAuth("digest", []byte("app:"+password)); err != nil {
				t.Fatal(err)
			}
		}
		return zookeeper.New(conn, "/app", nil)
	}
	for _, password := range []string{"", "wrong"} {
		t.Run("refused with password "+password, func(t *testing.T) {
			err := reader(t, password).Watch(t.Context(), func(source.Snapshot) { t.Error("emitted") })
			if !errors.Is(err, zk.ErrNoAuth) || !strings.HasPrefix(err.Error(), "list /app: ") {
				t.Errorf("Watch = %v, want %v", err, zk.ErrNoAuth)
			}
		})
	}
	t.Run("let in", func(t *testing.T) {
		watch(t, reader(t, "right")).holds(`{a:"1"}`)
	})

	// Nobody is told of a change of rights, nor of what changes after that.
	t.Run("TestU2RightsNarrowed", func(t *testing.T) {
		src := reader(t, "right")
		w := watch(t, src)
		w.holds(`{a:"1"}`)
		give(t, "/app/a", zk.DigestACL(zk.PermAll, "other", "secret"))
		put(t, owner, "/app/a", "2")
		// By here a server that tells has told.
		select {
		case <-w.ended:
		default:
			w.stop()
			w.returned()
		}
		again := watch(t, src)
		if err := again.returned(); !errors.Is(err, zk.ErrNoAuth) || !strings.Contains(err.Error(), " /app/a: ") {
			t.Errorf("Watch again = %v, want %v", err, zk.ErrNoAuth)
		}
		for _, snap := range append(w.all(), again.all()...) {
			if got := snap.Tree.Root().String(); got != `{a:"1"}` {
				t.Errorf("emitted %s", got)
			}
		}
		give(t, "/app/a", private)
		healed := watch(t, src)
		healed.holds(`{a:"2"}`)
		put(t, owner, "/app/a", "3")
		healed.holds(`{a:"3"}`)
		put(t, owner, "/app/a", "1")
	})
	t.Run("TestZ6RightTakenAndGivenBack", func(t *testing.T) {
		put(t, owner, "/app/b", "0")
		give(t, "/app/b", private)
		defer del(t, owner, "/app/b")
		conn := connect(t, server.Addr(), 10*time.Second)
		if err := conn.AddAuth("digest", []byte("app:right")); err != nil {
			t.Fatal(err)
		}
		sup := await.Supervise(t, zookeeper.New(conn, "/app", &zookeeper.Options{Probe: 500 * time.Millisecond}))
		await.Live(t, sup, `{a:"1" b:"0"}`)
		for _, value := range []string{"1", "2", "3"} {
			give(t, "/app/b", zk.DigestACL(zk.PermAll, "other", "secret"))
			put(t, owner, "/app/b", value)
			give(t, "/app/b", private)
			await.Live(t, sup, `{a:"1" b:"`+value+`"}`)
		}
	})
	t.Run("TestU2RightsToTheRootNarrowed", func(t *testing.T) {
		w := watch(t, reader(t, "right"))
		w.holds(`{a:"1"}`)
		give(t, "/app", zk.DigestACL(zk.PermAll, "other", "secret"))
		if err := w.returned(); !errors.Is(err, zk.ErrNoAuth) || len(w.all()) != 1 {
			t.Errorf("Watch = %v with %d snapshots, want %v and one", err, len(w.all()), zk.ErrNoAuth)
		}
	})
}

func TestTLS(t *testing.T) {
	certs := testserver.NewCerts(t)
	server := testserver.ZooKeeper(t, testserver.ZooKeeperConfig{TLS: certs})
	dial := func(cfg *tls.Config) zk.Dialer {
		return func(network, addr string, timeout time.Duration) (net.Conn, error) {
			ctx, cancel := context.WithTimeout(context.Background(), timeout)
			defer cancel()
			return (&tls.Dialer{Config: cfg}).DialContext(ctx, network, addr)
		}
	}
	open := func(t *testing.T, cfg *tls.Config) *zk.Conn {
		conn, events, err := zk.Connect([]string{server.Addr()}, 10*time.Second, zk.WithDialer(dial(cfg)), zk.WithLogger(silent{}))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			conn.Close()
			for range events {
			}
		})
		return conn
	}

	conn := open(t, certs.Client())
	await.Until(t, "session", func() bool { return conn.State() == zk.StateHasSession })
	put(t, conn, "/app/a", "1")
	w := watch(t, zookeeper.New(conn, "/app", nil))
	w.holds(`{a:"1"}`)
	put(t, conn, "/app/a", "2")
	w.holds(`{a:"2"}`)

	for name, cfg := range map[string]*tls.Config{
		"no certificate":    certs.Anonymous(),
		"another authority": testserver.NewCerts(t).Client(),
	} {
		t.Run("refused with "+name, func(t *testing.T) {
			src := zookeeper.New(open(t, cfg), "/app", &zookeeper.Options{ProbeTimeout: 3 * time.Second})
			w := watch(t, src)
			if err := w.returned(); err == nil || len(w.all()) > 0 {
				t.Errorf("Watch = %v with %d snapshots, want an error and none", err, len(w.all()))
			} else {
				t.Log(err)
			}
		})
	}
}
