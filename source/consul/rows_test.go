package consul_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/internal/heap"
	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/consul"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

// Deleting a prefix that ends before the source's own leaves one tombstone
// there, and wakes no query below it if a key was deleted before.
func TestC11DeletedWithoutTheSlash(t *testing.T) {
	server := testserver.Consul(t, testserver.ConsulConfig{})
	client, _ := connect(t, server.Addr(), "")
	for _, tt := range []struct {
		name, root, above string
		keys              int
		doc               document.Format
	}{
		{"the root itself", "one", "one", 3, 0},
		{"a shorter prefix", "twoandmore", "two", 3, 0},
		{"many keys", "many", "many", 1200, 0},
		{"a document", "doc/config.json", "doc", 0, document.JSON},
		{"everything", "", "", 3, 0}, // last, for it deletes all
	} {
		t.Run(tt.name, func(t *testing.T) {
			prefix := strings.TrimPrefix(tt.root+"/", "/")
			for i := range tt.keys {
				put(t, client, fmt.Sprintf("%skey%d", prefix, i), "1")
			}
			gone := prefix + "gone"
			if tt.doc != 0 {
				gone = "doc/other"
				put(t, client, tt.root, `{"a":1}`)
			}
			put(t, client, gone, "1")
			if _, err := client.KV().Delete(gone, nil); err != nil {
				t.Fatal(err)
			}
			s := await.Supervise(t, consul.New(client, tt.root, &consul.Options{Probe: time.Second, Document: tt.doc}))
			await.Until(t, "the keys", func() bool { snap, _, _ := s.Latest(); return snap.Tree.Root() != nil })
			time.Sleep(time.Second) // so that the query waits
			if _, err := client.KV().DeleteTree(tt.above, nil); err != nil {
				t.Fatal(err)
			}
			if tt.doc != 0 {
				await.Until(t, "absent", func() bool { return errors.Is(s.Status().Err, source.ErrAbsent) })
				return
			}
			await.Live(t, s, "nothing")
		})
	}
}

// A token that is deleted at rest is reported by the next probe, not after Wait.
func TestC12TokenDeletedAtRest(t *testing.T) {
	server := testserver.Consul(t, testserver.ConsulConfig{Token: rootToken})
	root, _ := connect(t, server.Addr(), rootToken)
	put(t, root, "app/a", "1")
	put(t, root, "app.json", `{"a":1}`)
	id := policy(t, root, "", `key_prefix "app" { policy = "read" }`)
	for name, opts := range map[string]consul.Options{
		"app": {}, "app.json": {Document: document.JSON},
	} {
		t.Run(name, func(t *testing.T) {
			token, _, err := root.ACL().TokenCreate(&api.ACLToken{Policies: []*api.ACLLink{{ID: id}}}, nil)
			if err != nil {
				t.Fatal(err)
			}
			client, _ := connect(t, server.Addr(), token.SecretID)
			opts.Probe = time.Second
			s := await.Supervise(t, consul.New(client, name, &opts))
			await.Until(t, "live", func() bool { return s.Status().State == source.Live })
			if _, err := root.ACL().TokenDelete(token.AccessorID, nil); err != nil {
				t.Fatal(err)
			}
			await.Until(t, "a status that says 403", func() bool {
				var status api.StatusError
				return errors.As(s.Status().Err, &status) && status.Code == http.StatusForbidden
			})
			if snap, _, _ := s.Latest(); snap.Tree.Root() == nil {
				t.Error("the last good state is gone")
			}
		})
	}
}

// To who asks without a token, keys that are hidden look as if they were deleted.
func TestC12Anonymous(t *testing.T) {
	server := testserver.Consul(t, testserver.ConsulConfig{Token: rootToken})
	root, _ := connect(t, server.Addr(), rootToken)
	const anonymous = "00000000-0000-0000-0000-000000000002"
	id := policy(t, root, "", `key_prefix "app/" { policy = "read" }`)
	rights := func(policies ...*api.ACLLink) {
		t.Helper()
		if _, _, err := root.ACL().TokenUpdate(&api.ACLToken{AccessorID: anonymous, Policies: policies}, nil); err != nil {
			t.Fatal(err)
		}
	}
	rights(&api.ACLLink{ID: id})
	put(t, root, "app/a", "1")
	client, _ := connect(t, server.Addr(), "")
	wary := await.Supervise(t, consul.New(client, "app", &consul.Options{Wait: time.Second, Probe: time.Second}))
	trusting := await.Supervise(t, consul.New(client, "app", &consul.Options{Wait: time.Second, Probe: time.Second, BelieveEmpty: true}))
	await.Live(t, wary, `{a:"1"}`)
	await.Live(t, trusting, `{a:"1"}`)
	rights()
	await.Until(t, "a status that says why", func() bool {
		st := wary.Status()
		return st.State == source.Degraded && strings.Contains(st.Err.Error(), "no token") && strings.Contains(st.Note, "Options.Token")
	})
	if snap, _, _ := wary.Latest(); snap.Tree.Root().String() != `{a:"1"}` {
		t.Errorf("while keys are hidden: %v, want the last good state", snap.Tree.Root())
	}
	await.Live(t, trusting, "nothing")
	rights(&api.ACLLink{ID: id})
	await.Live(t, wary, `{a:"1"}`)
	await.Live(t, trusting, `{a:"1"}`)
	if st := wary.Status(); st.Note != "" {
		t.Errorf("when all is well: the note %q", st.Note)
	}
}

// Queries that are cut off at one age, by a proxy or by the client itself, are
// made shorter than that, and a note says so.
func TestC13QueriesCutOff(t *testing.T) {
	server := testserver.Consul(t, testserver.ConsulConfig{})
	direct, _ := connect(t, server.Addr(), "")
	put(t, direct, "app/a", "1")
	const limit = time.Second
	proxy := httptest.NewServer(http.TimeoutHandler(
		httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: server.Addr()}), limit, "gateway timeout"))
	t.Cleanup(proxy.Close)
	for name, config := range map[string]*api.Config{
		"by a proxy":    {Address: proxy.Listener.Addr().String()},
		"by the client": {Address: server.Addr(), HttpClient: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: limit}},
	} {
		t.Run(name, func(t *testing.T) {
			client, err := api.NewClient(config)
			if err != nil {
				t.Fatal(err)
			}
			s := await.Supervise(t, consul.New(client, "app", nil))
			await.Until(t, "a note", func() bool { return strings.Contains(s.Status().Note, "Options.Wait") })
			note := s.Status().Note
			t.Log(note)
			put(t, direct, "app/a", name)
			await.Live(t, s, fmt.Sprintf("{a:%q}", name))
			put(t, direct, "app/a", "1")
			await.Live(t, s, `{a:"1"}`)
			if got := s.Status().Note; !strings.Contains(got, "Options.Wait") {
				t.Errorf("later the note is %q", got)
			}
		})
	}
}

// With Stale a follower answers; one that has lost the leader is not believed for
// longer than that.
func TestC14Stale(t *testing.T) {
	cluster := testserver.ConsulCluster(t, 3, testserver.ConsulConfig{})
	follower := cluster.Servers[0]
	leader := cluster.Leader()
	for _, s := range cluster.Servers {
		if s != leader {
			follower = s
		}
	}
	writer, _ := connect(t, leader.Addr(), "")
	put(t, writer, "app/a", "1")
	client, _ := connect(t, follower.Addr(), "")
	s := await.Supervise(t, consul.New(client, "app", &consul.Options{Stale: 2 * time.Second, Probe: time.Second}))
	await.Live(t, s, `{a:"1"}`)
	put(t, writer, "app/a", "2")
	await.Live(t, s, `{a:"2"}`)
	for _, other := range cluster.Servers {
		if other != follower {
			other.Pause()
		}
	}
	st := await.Stale(t, s)
	if st.Err == nil {
		t.Error("stale without an error")
	}
	for _, other := range cluster.Servers {
		if other != follower {
			other.Resume()
		}
	}
	await.Live(t, s, `{a:"2"}`)
	put(t, writer, "app/a", "3")
	await.Live(t, s, `{a:"3"}`)
}

// Only what needs the leader asks it.
func TestC14StaleQueries(t *testing.T) {
	f := &fake{kv: script(
		reply{index: 20, pairs: []api.KVPair{pair("app/a", "x", 20)}},
		reply{index: 21, pairs: []api.KVPair{pair("app/a", "y", 21)}},
		reply{index: 22, pairs: []api.KVPair{pair("app/a", "old", 22)}, header: lagging(22)},
		reply{index: 23, pairs: []api.KVPair{pair("app/a", "z", 23)}},
		reply{status: 500, body: "over"},
	)}
	snaps, _ := watchOnce(t.Context(), consul.New(f.client(t), "app", &consul.Options{Stale: 5 * time.Second}))
	wantTrees(t, snaps, `{a:"x"}`, `{a:"y"}`, `{a:"z"}`)
	var how []string
	for _, r := range f.queries {
		q := r.URL.Query()
		how = append(how, map[bool]string{true: "consistent"}[q.Has("consistent")]+map[bool]string{true: "stale"}[q.Has("stale")])
	}
	if got, want := fmt.Sprint(how), "[consistent stale stale consistent stale]"; got != want {
		t.Errorf("asked %s, want %s", got, want)
	}
}

// lagging returns the headers of a server that has lost touch with the leader.
func lagging(index uint64) http.Header {
	h := trusted(index)
	h.Set("X-Consul-LastContact", "5001")
	return h
}

// Many sources that load at once over a link that is full for much longer than
// an answer may be silent: all load, and little is sent twice.
func TestU9ConsulFullLink(t *testing.T) {
	const sources, rate, keys, size = 12, 18 << 10, 100, 500
	server := testserver.Consul(t, testserver.ConsulConfig{})
	direct, _ := connect(t, server.Addr(), "")
	for i := range keys {
		put(t, direct, fmt.Sprintf("app/key%04d", i), noise(size, i))
	}
	proxy := testserver.NewProxy(t, server.Addr())
	client, _ := connect(t, proxy.Addr(), "")
	once := await.Supervise(t, consul.New(client, "app", &consul.Options{Probe: -1}))
	await.Until(t, "one source has loaded", func() bool { return once.Status().Revision != "" })
	_, one := proxy.Bytes()
	proxy.Bandwidth(rate)
	all := make([]*source.Supervisor, sources)
	for i := range all {
		all[i] = await.Supervise(t, consul.New(client, "app", &consul.Options{Probe: 4 * time.Second}))
	}
	for i, sup := range all {
		await.Until(t, fmt.Sprint("source ", i, " has loaded"), func() bool { return sup.Status().Revision != "" })
	}
	_, after := proxy.Bytes()
	t.Logf("%d bytes for %d of %d each", after-one, sources, one)
	if after-one > sources*one*3/2 {
		t.Errorf("%d bytes were sent for %d sources of %d", after-one, sources, one)
	}
}

// noise returns text that can't be compressed much.
func noise(size, seed int) string {
	text := make([]byte, size)
	x := uint64(seed)*2654435761 + 88172645463325252
	for i := range text {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		text[i] = byte('!' + x%90)
	}
	return string(text)
}

// However much there is below the prefix, no more than twice MaxBytes is held.
func TestU10ConsulMemory(t *testing.T) {
	const most, value = 8 << 20, 256 << 10
	server := testserver.Consul(t, testserver.ConsulConfig{})
	client, _ := connect(t, server.Addr(), "")
	for i := range 12 * most / value {
		put(t, client, fmt.Sprintf("app/key%04d", i), strings.Repeat("v", value))
	}
	peak := heap.Peak(t, 10)
	s := await.Supervise(t, consul.New(client, "app", &consul.Options{MaxBytes: most}))
	await.Until(t, "too large", func() bool {
		found := tree.Problems(s.Status().Err)
		return len(found) == 1 && found[0].Kind == tree.TooLarge
	})
	if got := peak(); got > 2*most {
		t.Errorf("%d bytes were held, more than twice the %d of MaxBytes", got, most)
	}
}

// One key that is larger than all may be isn't read either.
func TestU10OneLargeKey(t *testing.T) {
	const most = 1 << 20
	f := &fake{kv: func(int, *http.Request) reply {
		return reply{index: 20, body: `[{"Key":"app/a","Value":"` + strings.Repeat("AAAA", 16<<20/4) + `"}]`}
	}}
	peak := heap.Peak(t, 10)
	s := await.Supervise(t, consul.New(f.client(t), "app", &consul.Options{MaxBytes: most, Rate: 1}))
	await.Until(t, "too large", func() bool {
		found := tree.Problems(s.Status().Err)
		return len(found) == 1 && found[0].Kind == tree.TooLarge
	})
	peak()
}

// The second Watch at the same time is an error that says so.
func TestU11Consul(t *testing.T) {
	server := testserver.Consul(t, testserver.ConsulConfig{})
	client, _ := connect(t, server.Addr(), "")
	src := consul.New(client, "app", nil)
	follow(t, src).tree("nothing")
	if err := src.Watch(t.Context(), func(source.Snapshot) {}); !errors.Is(err, source.ErrWatched) {
		t.Errorf("got %v, want %v", err, source.ErrWatched)
	}
	if err := consul.New(nil, "app", nil).Watch(t.Context(), func(source.Snapshot) {}); err == nil || !strings.Contains(err.Error(), "api.NewClient") {
		t.Errorf("without a client: got %v, want an error that says what to pass", err)
	}
}
