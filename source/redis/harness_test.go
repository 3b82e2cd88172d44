package redis_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/redis"
	"github.com/confsync/confsync/tree"
)

// patience is how long a test waits for what must come.
const patience = 30 * time.Second

// What makes a server notify, and what leaves nothing but to poll. One with
// neither is followed by CLIENT TRACKING.
var (
	notifying = []string{"notify-keyspace-events KA"}
	polling   = []string{`rename-command CLIENT ""`}
)

// modes returns the settings of servers for each way to hear of changes.
func modes() map[string][]string {
	return map[string][]string{"notified": notifying, "tracked": nil, "polled": polling}
}

func server(t testing.TB, config ...string) *testserver.Server {
	t.Helper()
	return testserver.Redis(t, testserver.RedisConfig{Config: config})
}

// dial makes a client that a test's writer and its source can share.
func dial(t testing.TB, addr string) *goredis.Client {
	t.Helper()
	return closing(t, goredis.NewClient(&goredis.Options{Addr: addr}))
}

func closing[C goredis.UniversalClient](t testing.TB, client C) C {
	t.Cleanup(func() { client.Close() })
	return client
}

// set writes keys and values in turn, in a transaction.
func set(t testing.TB, client goredis.UniversalClient, pairs ...string) {
	t.Helper()
	_, err := client.TxPipelined(t.Context(), func(pipe goredis.Pipeliner) error {
		for i := 0; i < len(pairs); i += 2 {
			pipe.Set(t.Context(), pairs[i], pairs[i+1], 0)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// quick are options under which nothing takes long.
func quick(o redis.Options) *redis.Options {
	o.Poll, o.Probe, o.Timeout = 200*time.Millisecond, 200*time.Millisecond, 2*time.Second
	if o.Resync == 0 {
		o.Resync = -1
	}
	return &o
}

// unprobed are options under which only notifications bring anything within a test.
func unprobed(o redis.Options) *redis.Options {
	o.Poll, o.Probe, o.Resync = time.Hour, time.Hour, -1
	return &o
}

// watcher is a Watch that runs.
type watcher struct {
	stop context.CancelFunc
	done chan struct{} // closed when Watch has returned

	mu    sync.Mutex
	snaps []source.Snapshot
	at    []time.Time // when each came
	err   error
}

// watch runs one Watch until the test ends. It then must return soon, and leave
// no goroutine of its own.
func watch(t testing.TB, src source.Source) *watcher {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	w := &watcher{stop: stop, done: make(chan struct{})}
	go func() {
		defer close(w.done)
		err := src.Watch(ctx, func(snap source.Snapshot) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.snaps, w.at = append(w.snaps, snap), append(w.at, time.Now())
		})
		w.mu.Lock()
		defer w.mu.Unlock()
		w.err = err
	}()
	t.Cleanup(func() {
		stop()
		if err := w.ended(t); err == nil {
			t.Error("Watch returned nil")
		}
	})
	return w
}

// ended waits until Watch has returned and returns its error.
func (w *watcher) ended(t testing.TB) error {
	t.Helper()
	select {
	case <-w.done:
	case <-time.After(patience):
		t.Fatalf("Watch has not returned after %v", patience)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// count returns the number of snapshots so far.
func (w *watcher) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.snaps)
}

// all returns the snapshots so far.
func (w *watcher) all() []source.Snapshot {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]source.Snapshot(nil), w.snaps...)
}

// until waits for a snapshot, from the one with that number on, that fits, and
// returns it.
func (w *watcher) until(t testing.TB, from int, what string, fits func(source.Snapshot) bool) source.Snapshot {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		snaps := w.all()
		for ; from < len(snaps); from++ {
			if fits(snaps[from]) {
				return snaps[from]
			}
		}
		select {
		case <-w.done:
			t.Fatalf("Watch returned %v; want %s first", w.ended(t), what)
		default:
		}
		if time.Now().After(deadline) {
			last := source.Snapshot{Err: errors.New("no snapshot")}
			if len(snaps) > 0 {
				last = snaps[len(snaps)-1]
			}
			t.Fatalf("no %s after %v; last: %v, note %q, error %v", what, patience, last.Tree.Root(), last.Note, last.Err)
		}
		time.Sleep(time.Millisecond)
	}
}

// untilTree waits for a tree, as Node.String has it.
func (w *watcher) untilTree(t testing.TB, want string) source.Snapshot {
	t.Helper()
	return w.until(t, 0, want, func(s source.Snapshot) bool { return s.Err == nil && s.Tree.Root().String() == want })
}

// eventually waits until something holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not after %v: %s", patience, what)
		}
	}
}

// subscribers returns the number of a server's subscribed connections.
func subscribers(t testing.TB, s *testserver.Server) int {
	t.Helper()
	return strings.Count(s.CLI("CLIENT", "LIST", "TYPE", "pubsub"), "id=")
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// checkProblem checks that an error is a problem of a kind with a native key.
func checkProblem(t testing.TB, err error, kind tree.ProblemKind, key, words string) {
	t.Helper()
	var p tree.Problem
	switch {
	case !errors.As(err, &p):
		t.Errorf("error %v (%T) is no problem", err, err)
	case p.Kind != kind || p.Origin.Kind != "redis" || p.Origin.Key != key || !strings.Contains(p.Err.Error(), words):
		t.Errorf("problem %v of %v: %v; want %v of %q: %s", p.Kind, p.Origin, p.Err, kind, key, words)
	}
}
