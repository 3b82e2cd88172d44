package zookeeper_test

import (
	"context"
	"errors"
	"fmt"
	"path"
	"sync"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"go.uber.org/goleak"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/zookeeper"
	"github.com/confsync/confsync/tree"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var anyone = zk.WorldACL(zk.PermAll)

type silent struct{}

func (silent) Printf(string, ...any) {}

// connect returns a client with a session. It is closed when the test ends.
func connect(t *testing.T, addr string, session time.Duration) *zk.Conn {
	t.Helper()
	conn, events, err := zk.Connect([]string{addr}, session, zk.WithLogger(silent{}), zk.WithDialer(testserver.ZooKeeperDialer()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		conn.Close()
		for range events { // until the client's goroutines are at their end
		}
	})
	await.Until(t, "a session", func() bool { return conn.State() == zk.StateHasSession })
	return conn
}

// put sets the data of a node, which it makes if it has to, with the nodes above it.
func put(t *testing.T, conn *zk.Conn, p, value string) {
	t.Helper()
	_, err := set(conn, p, value)
	if errors.Is(err, zk.ErrNoNode) {
		for i := 1; i < len(p); i++ {
			if p[i] != '/' {
				continue
			}
			if _, err := conn.Create(p[:i], nil, 0, anyone); err != nil && !errors.Is(err, zk.ErrNodeExists) {
				t.Fatalf("create %s: %v", p[:i], err)
			}
		}
		_, err = conn.Create(p, []byte(value), 0, anyone)
	}
	if err != nil {
		t.Fatalf("put %s: %v", p, err)
	}
}

// set sets the data of a node, again if the connection breaks meanwhile.
func set(conn *zk.Conn, p, value string) (stat *zk.Stat, err error) {
	await.Holds(await.Limit, func() bool {
		stat, err = conn.Set(p, []byte(value), -1)
		return !errors.Is(err, zk.ErrConnectionClosed) && !errors.Is(err, zk.ErrNoServer) && !errors.Is(err, zk.ErrSessionExpired)
	})
	return stat, err
}

func del(t *testing.T, conn *zk.Conn, p string) {
	t.Helper()
	kids, _, err := conn.Children(p)
	if err != nil {
		t.Fatalf("list %s: %v", p, err)
	}
	for _, kid := range kids {
		del(t, conn, path.Join(p, kid))
	}
	if err := conn.Delete(p, -1); err != nil {
		t.Fatalf("delete %s: %v", p, err)
	}
}

// watching is a Watch under way, which ends with the test.
type watching struct {
	t     *testing.T
	stop  context.CancelFunc
	ended chan error

	mu    sync.Mutex
	snaps []source.Snapshot
}

func watch(t *testing.T, src source.Source) *watching {
	ctx, cancel := context.WithCancel(t.Context())
	w := &watching{t: t, stop: cancel, ended: make(chan error, 1)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.ended <- src.Watch(ctx, func(snap source.Snapshot) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.snaps = append(w.snaps, snap)
		})
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return w
}

func (w *watching) all() []source.Snapshot {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.snaps[:len(w.snaps):len(w.snaps)]
}

func (w *watching) last() source.Snapshot {
	if all := w.all(); len(all) > 0 {
		return all[len(all)-1]
	}
	return source.Snapshot{Err: errors.New("nothing emitted")}
}

// holds waits for a snapshot that draws as want.
func (w *watching) holds(want string) {
	w.t.Helper()
	draw := func() string {
		snap := w.last()
		if snap.Err != nil {
			return snap.Err.Error()
		}
		return snap.Tree.Root().String()
	}
	var over error
	if !await.Holds(await.Limit, func() bool {
		select {
		case over = <-w.ended:
		default:
		}
		return over != nil || draw() == want
	}) || over != nil {
		w.t.Fatalf("got %s, want %s; Watch = %v", draw(), want, over)
	}
}

// returned waits for Watch to return.
func (w *watching) returned() error {
	w.t.Helper()
	return await.Receive(w.t, "the end of Watch", w.ended)
}

func TestRealServer(t *testing.T) {
	server := testserver.ZooKeeper(t, testserver.ZooKeeperConfig{})
	conn := connect(t, server.Addr(), 10*time.Second)
	writer := connect(t, server.Addr(), 10*time.Second)

	t.Run("TestZ1WatchesAreSetAgain", func(t *testing.T) {
		put(t, writer, "/z1/a", "0")
		w := watch(t, zookeeper.New(conn, "/z1", nil))
		w.holds(`{a:"0"}`)
		for i := range 20 {
			put(t, writer, "/z1/a", fmt.Sprint(i))
			w.holds(fmt.Sprintf(`{a:"%d"}`, i))
			put(t, writer, "/z1/b/c", "x")
			w.holds(fmt.Sprintf(`{a:"%d" b:{c:"x"}}`, i))
			del(t, writer, "/z1/b")
			w.holds(fmt.Sprintf(`{a:"%d"}`, i))
		}
		before := w.last()
		put(t, writer, "/z1/a", "19") // as it was
		await.Until(t, "snapshot after a write of the same value", func() bool { return w.last().Revision != before.Revision })
		if !w.last().Tree.Same(before.Tree) {
			t.Error("a write of the same value changed the tree")
		}
	})

	t.Run("TestZ3TransactionArrivesWhole", func(t *testing.T) {
		const keys, rounds = 100, 50
		for i := range keys {
			put(t, writer, fmt.Sprintf("/z3/d%d/k%d", i%7, i), "0")
		}
		w := watch(t, zookeeper.New(conn, "/z3", nil))
		for round := range rounds {
			ops := make([]any, keys)
			for i := range ops {
				ops[i] = &zk.SetDataRequest{Path: fmt.Sprintf("/z3/d%d/k%d", i%7, i), Data: fmt.Appendf(nil, "%d", round), Version: -1}
			}
			if _, err := writer.Multi(ops...); err != nil {
				t.Fatal(err)
			}
		}
		await.Until(t, "last transaction", func() bool {
			return w.last().Tree.Lookup(tree.Path{"d0", "k0"}).Text() == fmt.Sprint(rounds-1)
		})
		for i, snap := range w.all() {
			values := map[string]int{}
			for _, n := range snap.Tree.Root().Leaves {
				values[n.Text()]++
			}
			if snap.Err != nil || snap.Note != "" || len(values) != 1 {
				t.Fatalf("snapshot %d has %v of several transactions, %v, %q", i, values, snap.Err, snap.Note)
			}
		}
		t.Logf("%d transactions, %d snapshots", rounds, len(w.all()))
	})

	t.Run("TestZ4ValueAndChildren", func(t *testing.T) {
		put(t, writer, "/z4/a", "own")
		put(t, writer, "/z4/a/b", "child")
		put(t, writer, "/z4/empty", "")
		if _, err := writer.Create("/z4/folder", nil, 0, anyone); err != nil {
			t.Fatal(err)
		}
		w := watch(t, zookeeper.New(conn, "/z4", nil))
		w.holds(`{a:"own"{b:"child"} empty:"" folder:{}}`)
		del(t, writer, "/z4/a/b")
		w.holds(`{a:"own" empty:"" folder:{}}`)
	})

	t.Run("TestU2DeletingTheRootIsBelieved", func(t *testing.T) {
		put(t, writer, "/u2/a", "1")
		w := watch(t, zookeeper.New(conn, "/u2", nil))
		w.holds(`{a:"1"}`)
		del(t, writer, "/u2")
		w.holds(`nothing`)
		put(t, writer, "/u2/b", "2")
		w.holds(`{b:"2"}`)
	})

	t.Run("a closed connection", func(t *testing.T) {
		closed, _, err := zk.Connect([]string{server.Addr()}, time.Second, zk.WithLogger(silent{}))
		if err != nil {
			t.Fatal(err)
		}
		closed.Close()
		if err := zookeeper.New(closed, "/x", nil).Watch(t.Context(), func(source.Snapshot) { t.Error("emitted") }); !errors.Is(err, zk.ErrConnectionClosed) {
			t.Errorf("Watch = %v, want %v", err, zk.ErrConnectionClosed)
		}
	})
}
