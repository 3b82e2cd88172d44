package consul_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/consul"
)

func TestC1SnapshotRestored(t *testing.T) {
	server := testserver.Consul(t, testserver.ConsulConfig{Persistent: true})
	client, _ := connect(t, server.Addr(), "")
	put(t, client, "app/a", "saved")
	w := follow(t, consul.New(client, "app", nil))
	w.tree(`{a:"saved"}`)
	file := filepath.Join(t.TempDir(), "snapshot")
	server.CLI("snapshot", "save", file)

	for i := range 20 {
		put(t, client, "app/a", fmt.Sprint(i))
	}
	put(t, client, "app/b", "later")
	ahead := w.tree(`{a:"19" b:"later"}`)
	server.CLI("snapshot", "restore", file)
	after := w.tree(`{a:"saved"}`)
	if index(t, after) >= index(t, ahead) {
		t.Errorf("restored to %s, ahead at %s: the index didn't go back", after.Revision, ahead.Revision)
	}
	put(t, client, "app/c", "goes on")
	w.tree(`{a:"saved" c:"goes on"}`)
}

func TestC2WipedAndRestarted(t *testing.T) {
	server := testserver.Consul(t, testserver.ConsulConfig{Persistent: true})
	client, _ := connect(t, server.Addr(), "")
	for i := range 50 {
		put(t, client, "app/a", fmt.Sprint(i))
	}
	s := await.Supervise(t, consul.New(client, "app", nil))
	await.Live(t, s, `{a:"49"}`)
	server.Kill()
	await.Until(t, "the outage is noticed", func() bool { return s.Status().State == source.Stale })
	if snap, _, _ := s.Latest(); snap.Tree.Root().String() != `{a:"49"}` {
		t.Errorf("in the outage: %v, want the last good state", snap.Tree.Root())
	}
	old, _, _ := s.Latest()
	server.Wipe()
	server.Start()
	put(t, client, "app/a", "rebuilt")
	await.Live(t, s, `{a:"rebuilt"}`)
	if snap, _, _ := s.Latest(); index(t, snap) >= index(t, old) {
		t.Errorf("the rebuilt server is at %s, the old one was at %s: its index didn't go back", snap.Revision, old.Revision)
	}
}

// gateway is an HTTP proxy that can be told to answer 404 by itself.
func gateway(t *testing.T, addr string) (proxy string, lost *atomic.Bool) {
	t.Helper()
	lost = new(atomic.Bool)
	pass := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: addr})
	pass.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if lost.Load() && strings.HasPrefix(r.URL.Path, "/v1/kv/") {
			http.NotFound(w, r)
			return
		}
		pass.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String(), lost
}

func TestC3GatewayAnswers404(t *testing.T) {
	server := testserver.Consul(t, testserver.ConsulConfig{})
	direct, _ := connect(t, server.Addr(), "")
	put(t, direct, "app/a", "1")
	addr, lost := gateway(t, server.Addr())
	client, count := connect(t, addr, "")
	s := await.Supervise(t, consul.New(client, "app", nil))
	await.Live(t, s, `{a:"1"}`)

	lost.Store(true)
	put(t, direct, "app/a", "2") // wakes the query that was passed on before
	await.Until(t, "the 404 is an error", func() bool {
		err := s.Status().Err
		return err != nil && strings.Contains(err.Error(), "no index")
	})
	before := count.n.Load()
	await.Until(t, "further attempts", func() bool { return count.n.Load() > before+2 })
	if snap, _, _ := s.Latest(); snap.Tree.Root().Len() != 1 {
		t.Errorf("during the 404s: %v, want the last good state", snap.Tree.Root())
	}
	lost.Store(false)
	await.Live(t, s, `{a:"2"}`)
}

func TestC4DeletingEverythingIsHonoured(t *testing.T) {
	server := testserver.Consul(t, testserver.ConsulConfig{})
	client, _ := connect(t, server.Addr(), "")
	put(t, client, "app/a", "1")
	put(t, client, "app/b/c", "2")
	put(t, client, "application/x", "a neighbour")
	w := follow(t, consul.New(client, "app", nil))
	w.tree(`{a:"1" b:{c:"2"}}`)
	if _, err := client.KV().DeleteTree("app/", nil); err != nil {
		t.Fatal(err)
	}
	w.tree(`nothing`)
	put(t, client, "app/a", "back")
	w.tree(`{a:"back"}`)
}

const rootToken = "11111111-2222-3333-4444-555555555555"

// policy makes or replaces a policy, and returns its id.
func policy(t *testing.T, root *api.Client, id, rules string) string {
	t.Helper()
	p := &api.ACLPolicy{ID: id, Name: "reader", Rules: rules}
	var err error
	if id == "" {
		p, _, err = root.ACL().PolicyCreate(p, nil)
	} else {
		p, _, err = root.ACL().PolicyUpdate(p, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p.ID
}

func TestC5PolicyNarrowedWhileWatching(t *testing.T) {
	tests := []struct{ name, narrow, says string }{
		{"some keys hidden", `key_prefix "app/" { policy = "read" } key_prefix "app/b" { policy = "deny" }`, "hidden"},
		{"all keys hidden", `key_prefix "other/" { policy = "read" }`, "hidden"},
	}
	server := testserver.Consul(t, testserver.ConsulConfig{Token: rootToken})
	root, _ := connect(t, server.Addr(), rootToken)
	put(t, root, "app/a", "1")
	put(t, root, "app/b", "2")
	const wide = `key_prefix "app/" { policy = "read" }`
	id := policy(t, root, "", wide)
	token, _, err := root.ACL().TokenCreate(&api.ACLToken{Policies: []*api.ACLLink{{ID: id}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	client, _ := connect(t, server.Addr(), "")
	opts := &consul.Options{Token: token.SecretID, Wait: time.Second}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			policy(t, root, id, wide)
			s := await.Supervise(t, consul.New(client, "app", opts))
			await.Live(t, s, `{a:"1" b:"2"}`)
			policy(t, root, id, tt.narrow)
			await.Until(t, "the status says that keys are hidden", func() bool {
				st := s.Status()
				return st.State == source.Stale && st.Err != nil && strings.Contains(st.Err.Error(), tt.says)
			})
			if snap, _, _ := s.Latest(); snap.Tree.Root().String() != `{a:"1" b:"2"}` {
				t.Errorf("while keys are hidden: %v, want the last good state", snap.Tree.Root())
			}
			policy(t, root, id, wide)
			await.Live(t, s, `{a:"1" b:"2"}`)
		})
	}
	t.Run("token deleted", func(t *testing.T) {
		s := await.Supervise(t, consul.New(client, "app", opts))
		await.Live(t, s, `{a:"1" b:"2"}`)
		if _, err := root.ACL().TokenDelete(token.AccessorID, nil); err != nil {
			t.Fatal(err)
		}
		await.Until(t, "the status says 403", func() bool {
			var status api.StatusError
			return errors.As(s.Status().Err, &status) && status.Code == http.StatusForbidden
		})
		if snap, _, _ := s.Latest(); snap.Tree.Root().String() != `{a:"1" b:"2"}` {
			t.Errorf("without a token: %v, want the last good state", snap.Tree.Root())
		}
	})
}

// C6 too: no request hangs on a server that accepts and says nothing.
func TestU3StoppedServerIsReportedInTime(t *testing.T) {
	server := testserver.Consul(t, testserver.ConsulConfig{})
	client, _ := connect(t, server.Addr(), "")
	put(t, client, "app/a", "1")
	const probe = time.Second
	w := follow(t, consul.New(client, "app", &consul.Options{Probe: probe}))
	w.tree(`{a:"1"}`)
	server.Pause()
	err := w.end()
	if err == nil || !strings.Contains(err.Error(), "no answer within 500ms") {
		t.Errorf("Watch = %v, want that there was no answer", err)
	}

	s := await.Supervise(t, consul.New(client, "app", &consul.Options{Probe: probe}))
	await.Until(t, "a first attempt at a stopped server has failed", func() bool { return s.Status().Err != nil })
	server.Resume()
	await.Live(t, s, `{a:"1"}`)
	put(t, client, "app/a", "2")
	await.Live(t, s, `{a:"2"}`)
}

func TestU3BlackHole(t *testing.T) {
	server := testserver.Consul(t, testserver.ConsulConfig{})
	proxy := testserver.NewProxy(t, server.Addr())
	direct, _ := connect(t, server.Addr(), "")
	client, _ := connect(t, proxy.Addr(), "")
	put(t, direct, "app/a", "1")
	s := await.Supervise(t, consul.New(client, "app", &consul.Options{Probe: time.Second}))
	await.Live(t, s, `{a:"1"}`)
	proxy.Blackhole()
	put(t, direct, "app/a", "2")
	await.Until(t, "the silence is noticed", func() bool { return s.Status().State == source.Stale })
	if snap, _, _ := s.Latest(); snap.Tree.Root().String() != `{a:"1"}` {
		t.Errorf("in the hole: %v", snap.Tree.Root())
	}
	proxy.Heal()
	await.Live(t, s, `{a:"2"}`)
	proxy.Cut()
	await.Until(t, "the cut is noticed", func() bool { return s.Status().Err != nil })
	put(t, direct, "app/a", "3")
	proxy.Heal()
	await.Live(t, s, `{a:"3"}`)
}

func TestC8TooManyConnections(t *testing.T) {
	server := testserver.Consul(t, testserver.ConsulConfig{
		Config: map[string]any{"limits": map[string]any{"http_max_conns_per_client": 2}},
	})
	writer, _ := connect(t, server.Addr(), "")
	put(t, writer, "app/a", "1")
	var sources []*source.Supervisor
	var count *counter
	for range 3 {
		var client *api.Client
		client, count = connect(t, server.Addr(), "")
		sources = append(sources, await.Supervise(t, consul.New(client, "app", &consul.Options{Probe: time.Second})))
	}
	// Now and then the connection breaks before the answer was read; that is an error as well.
	await.Until(t, "three watches with two connections, and one is told 429", func() bool {
		for _, s := range sources {
			var status api.StatusError
			if errors.As(s.Status().Err, &status) && status.Code == http.StatusTooManyRequests {
				return true
			}
		}
		return false
	})
	for i, s := range sources {
		if snap, _, ok := s.Latest(); ok && snap.Tree.Root().String() != `{a:"1"}` {
			t.Errorf("source %d holds %v", i, snap.Tree.Root())
		}
	}
	if n := count.n.Load(); n > 100 {
		t.Errorf("%d requests of a source that is refused", n)
	}
}

// Row C6: a query's deadline is beyond the time for which the server holds it, and
// what it adds to that; and a query has the context of the Watch, so that the end of
// that ends one on a server that has stopped.
func TestC6QueriesOfAStoppedServerEnd(t *testing.T) {
	server := testserver.Consul(t, testserver.ConsulConfig{})
	client, count := connect(t, server.Addr(), "")
	put(t, client, "app/a", "1")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	asked := count.n.Load()
	go func() {
		ended <- consul.New(client, "app", &consul.Options{Wait: 500 * time.Millisecond, Probe: -1}).Watch(ctx, func(source.Snapshot) {})
	}()
	await.Until(t, "queries that the server has held to the end", func() bool { return count.n.Load() >= asked+5 })
	select {
	case err := <-ended:
		t.Fatalf("Watch = %v while nothing was wrong", err)
	default:
	}
	server.Pause()
	asked = count.n.Load()
	cancel()
	if err := await.Receive(t, "the end of the Watch", ended); err != context.Canceled {
		t.Errorf("Watch = %v, want %v", err, context.Canceled)
	}
	if n := count.n.Load() - asked; n > 1 {
		t.Errorf("%d queries of a server that has stopped", n)
	}
}
