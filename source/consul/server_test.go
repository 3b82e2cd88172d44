package consul_test

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/source"
)

// connect returns a client of a real server, with connections of its own.
func connect(t testing.TB, addr, token string) (*api.Client, *counter) {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	count := &counter{next: transport}
	client, err := api.NewClient(&api.Config{Address: addr, Token: token, HttpClient: &http.Client{Transport: count}})
	if err != nil {
		t.Fatal(err)
	}
	return client, count
}

// counter counts requests on their way.
type counter struct {
	next http.RoundTripper
	n    atomic.Int64
}

func (c *counter) RoundTrip(r *http.Request) (*http.Response, error) {
	c.n.Add(1)
	return c.next.RoundTrip(r)
}

// watch is a Watch that runs, and what it has emitted.
type watch struct {
	t     testing.TB
	ended chan error // takes one, when Watch returns
	next  int        // the first snapshot that until has not looked at

	mu    sync.Mutex
	snaps []source.Snapshot
	moved chan struct{} // one slot
}

// follow runs Watch until it fails or the test is over.
func follow(t testing.TB, src source.Source) *watch {
	t.Helper()
	w := &watch{t: t, ended: make(chan error, 1), moved: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	t.Cleanup(func() {
		cancel()
		select {
		case <-done:
		case <-time.After(await.Limit):
			t.Errorf("Watch has not returned %v after its context ended", await.Limit)
		}
	})
	go func() {
		defer close(done)
		w.ended <- src.Watch(ctx, w.emit)
	}()
	return w
}

func (w *watch) emit(s source.Snapshot) {
	w.mu.Lock()
	w.snaps = append(w.snaps, s)
	w.mu.Unlock()
	select {
	case w.moved <- struct{}{}:
	default:
	}
}

// all returns what has been emitted so far.
func (w *watch) all() []source.Snapshot {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.snaps[:len(w.snaps):len(w.snaps)]
}

// until waits for a snapshot that is as wanted, after the one it found last, and returns it.
func (w *watch) until(what string, wanted func(source.Snapshot) bool) source.Snapshot {
	w.t.Helper()
	deadline := time.After(await.Limit)
	for {
		for all := w.all(); w.next < len(all); {
			w.next++
			if s := all[w.next-1]; wanted(s) {
				return s
			}
		}
		select {
		case <-w.moved:
		case err := <-w.ended:
			w.t.Fatalf("Watch = %v before there was %s", err, what)
		case <-deadline:
			w.t.Fatalf("no snapshot with %s after %v; emitted %q", what, await.Limit, drawn(w.all()))
		}
	}
}

// tree waits for a snapshot that draws as want.
func (w *watch) tree(want string) source.Snapshot {
	w.t.Helper()
	return w.until(want, func(s source.Snapshot) bool { return s.Err == nil && s.Tree.Root().String() == want })
}

// end waits for Watch to return.
func (w *watch) end() error {
	w.t.Helper()
	return await.Receive(w.t, "the end of Watch", w.ended)
}

func put(t testing.TB, client *api.Client, key, value string) {
	t.Helper()
	if _, err := client.KV().Put(&api.KVPair{Key: key, Value: []byte(value)}, nil); err != nil {
		t.Fatal(err)
	}
}

// index returns the revision of a snapshot as a number.
func index(t testing.TB, s source.Snapshot) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(s.Revision, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
