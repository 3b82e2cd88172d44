package zookeeper_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"go.uber.org/goleak"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/zookeeper"
)

func TestZ2SessionExpiresWhileCutOff(t *testing.T) {
	server := testserver.ZooKeeper(t, testserver.ZooKeeperConfig{})
	proxy := testserver.NewProxy(t, server.Addr())
	writer := connect(t, server.Addr(), 10*time.Second)
	conn := connect(t, proxy.Addr(), time.Second)
	session := conn.SessionID()
	put(t, writer, "/app/a", "1")
	put(t, writer, "/app/b", "1")
	// A node that lives as long as the session shows when that has expired.
	if _, err := conn.Create("/alive", nil, zk.FlagEphemeral, anyone); err != nil {
		t.Fatal(err)
	}
	sup := await.Supervise(t, zookeeper.New(conn, "/app", nil))
	await.Live(t, sup, `{a:"1" b:"1"}`)

	proxy.Cut()
	await.Until(t, "state but Live", func() bool { return sup.Status().State != source.Live })
	put(t, writer, "/app/a", "2")
	del(t, writer, "/app/b")
	await.Until(t, "expiry", func() bool { found, _, err := writer.Exists("/alive"); return err == nil && !found })
	if got, _, _ := sup.Latest(); got.Tree.Root().String() != `{a:"1" b:"1"}` {
		t.Errorf("while cut off: %v, want the last good state", got.Tree.Root())
	}
	proxy.Heal()
	await.Live(t, sup, `{a:"2"}`)
	if conn.SessionID() == session {
		t.Error("the session is the old one: it never expired")
	}
	put(t, writer, "/app/c", "3")
	await.Live(t, sup, `{a:"2" c:"3"}`)
}

func TestZ2SameSessionNewConnection(t *testing.T) {
	server := testserver.ZooKeeper(t, testserver.ZooKeeperConfig{})
	proxy := testserver.NewProxy(t, server.Addr())
	writer := connect(t, server.Addr(), 10*time.Second)
	conn := connect(t, proxy.Addr(), 10*time.Second)
	session := conn.SessionID()
	put(t, writer, "/app/a", "0")
	sup := await.Supervise(t, zookeeper.New(conn, "/app", nil))
	await.Live(t, sup, `{a:"0"}`)
	for i := range 3 {
		accepted := proxy.Accepted()
		proxy.Cut()
		put(t, writer, "/app/a", fmt.Sprint("x", i)) // and back, so that a zxid alone tells
		put(t, writer, "/app/n", fmt.Sprint(i))
		proxy.Heal()
		await.Live(t, sup, fmt.Sprintf(`{a:"x%d" n:"%d"}`, i, i))
		if conn.SessionID() != session || proxy.Accepted() == accepted {
			t.Errorf("session %x and %d connections, want %x and more than %d", conn.SessionID(), proxy.Accepted(), session, accepted)
		}
	}
}

func TestU3ZooKeeperPausedBeyondTheSession(t *testing.T) {
	server := testserver.ZooKeeper(t, testserver.ZooKeeperConfig{})
	conn := connect(t, server.Addr(), 2*time.Second)
	writer := connect(t, server.Addr(), 10*time.Second)
	session := conn.SessionID()
	put(t, writer, "/app/a", "1")
	sup := await.Supervise(t, zookeeper.New(conn, "/app", &zookeeper.Options{Probe: time.Second, ProbeTimeout: 500 * time.Millisecond}))
	await.Live(t, sup, `{a:"1"}`)

	server.Pause()
	if st := await.Stale(t, sup); st.Err == nil {
		t.Error("stale without an error")
	}
	time.Sleep(4 * time.Second) // twice the session's time
	server.Resume()
	put(t, writer, "/app/a", "2")
	await.Live(t, sup, `{a:"2"}`)

	// A client that is quick enough keeps its session even so.
	await.Until(t, "another session", func() bool {
		if conn.SessionID() != session {
			return true
		}
		server.Pause()
		time.Sleep(4 * time.Second)
		server.Resume()
		await.Live(t, sup, `{a:"2"}`)
		return false
	})
	put(t, writer, "/app/a", "3")
	await.Live(t, sup, `{a:"3"}`)
}

// A half-open connection is found by the source's own probe, before the client
// does, and no goroutine is left when the client has given up too.
func TestZ5BlackHole(t *testing.T) {
	server := testserver.ZooKeeper(t, testserver.ZooKeeperConfig{})
	proxy := testserver.NewProxy(t, server.Addr())
	conn := connect(t, proxy.Addr(), 10*time.Second)
	writer := connect(t, server.Addr(), 10*time.Second)
	put(t, writer, "/app/a", "1")
	src := zookeeper.New(conn, "/app", &zookeeper.Options{Probe: time.Second, ProbeTimeout: 500 * time.Millisecond})
	before := goleak.IgnoreCurrent()
	w := watch(t, src)
	w.holds(`{a:"1"}`)
	proxy.Blackhole()
	if err := w.returned(); !strings.Contains(err.Error(), "no answer within 500ms: StateHasSession") {
		t.Errorf("Watch = %v, want no answer, with a session", err)
	}
	again := watch(t, src)
	if err := again.returned(); err == nil || len(again.all()) > 0 {
		t.Errorf("Watch = %v in the black hole, with %d snapshots", err, len(again.all()))
	}
	put(t, writer, "/app/a", "2")
	proxy.Heal()
	healed := watch(t, src)
	healed.holds(`{a:"2"}`)
	healed.stop()
	healed.returned()
	ignore := []goleak.Option{before}
	for _, name := range clients {
		ignore = append(ignore, goleak.IgnoreAnyFunction(name))
	}
	if err := goleak.Find(ignore...); err != nil {
		t.Error(err)
	}
}

func TestZ2ServerKilledAndStarted(t *testing.T) {
	server := testserver.ZooKeeper(t, testserver.ZooKeeperConfig{})
	conn := connect(t, server.Addr(), 4*time.Second)
	writer := connect(t, server.Addr(), 4*time.Second)
	put(t, writer, "/app/a", "1")
	sup := await.Supervise(t, zookeeper.New(conn, "/app", nil))
	await.Live(t, sup, `{a:"1"}`)
	server.Kill()
	await.Until(t, "state but Live", func() bool { return sup.Status().State != source.Live })
	server.Start()
	await.Until(t, "session", func() bool { return writer.State() == zk.StateHasSession })
	put(t, writer, "/app/a", "2")
	await.Live(t, sup, `{a:"2"}`)
}

// The store is another one after that. A server of it refuses the client until
// it has written more than the client has seen.
func TestU2ServerWiped(t *testing.T) {
	server := testserver.ZooKeeper(t, testserver.ZooKeeperConfig{})
	conn := connect(t, server.Addr(), 4*time.Second)
	for i := range 50 {
		put(t, conn, "/app/a", fmt.Sprint(i))
	}
	sup := await.Supervise(t, zookeeper.New(conn, "/app", nil))
	await.Live(t, sup, `{a:"49"}`)
	before, _, _ := sup.Latest()
	server.Kill()
	await.Until(t, "state but Live", func() bool { return sup.Status().State != source.Live })
	if got, _, _ := sup.Latest(); !got.Tree.Same(before.Tree) {
		t.Errorf("%v while there was no server", got.Tree.Root())
	}
	server.Wipe()
	server.Start()
	writer := connect(t, server.Addr(), 4*time.Second)
	put(t, writer, "/app/a", "new")
	await.Stale(t, sup)
	if got, _, _ := sup.Latest(); !got.Tree.Same(before.Tree) {
		t.Errorf("%v from a client that is refused", got.Tree.Root())
	}
	another := watch(t, zookeeper.New(writer, "/app", nil))
	another.holds(`{a:"new"}`)
	if got := another.last().Revision; len(got) >= len(before.Revision) && got >= before.Revision {
		t.Errorf("revision %s after %s: it is the same store", got, before.Revision)
	}
	for i := range 60 {
		put(t, writer, "/other", fmt.Sprint(i))
	}
	await.Live(t, sup, `{a:"new"}`)
	put(t, writer, "/app/a", "newer")
	await.Live(t, sup, `{a:"newer"}`)
}

// The client can't unset a watch, so those of one Watch must serve the next.
func TestWatchesDoNotPileUp(t *testing.T) {
	server := testserver.ZooKeeper(t, testserver.ZooKeeperConfig{})
	conn := connect(t, server.Addr(), 10*time.Second)
	for i := range 20 {
		put(t, conn, fmt.Sprintf("/app/k%d", i), "v")
	}
	src := zookeeper.New(conn, "/app", nil)
	for range 10 {
		w := watch(t, src)
		await.Until(t, "snapshot", func() bool { return len(w.all()) == 1 })
		w.stop()
		w.returned()
	}
	if _, err := conn.Sync("/"); err != nil { // orders what follows after the client's own work
		t.Fatal(err)
	}
	set := 0
	for all := reflect.ValueOf(conn).Elem().FieldByName("watchers").MapRange(); all.Next(); {
		set += all.Value().Len()
	}
	if want := 2*20 + 1; set != want {
		t.Errorf("the client keeps %d watches after 10 Watches, want %d", set, want)
	}
}
