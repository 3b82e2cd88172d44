package stores

import (
	"fmt"
	"os"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

// connect makes a client, which is closed when the test ends.
func connect(t testing.TB, s Store, addr string, dials *Dials) Client {
	t.Helper()
	c, err := s.Open(addr, dials)
	must(t, err)
	t.Cleanup(c.Close)
	return c
}

// sideBySide runs a test for every store, all at a time, whatever -parallel says:
// most of the time they wait.
func sideBySide(t *testing.T, test func(*testing.T, Store)) {
	t.Helper()
	var running sync.WaitGroup
	for _, b := range All() {
		running.Go(func() { t.Run(b.Name, func(t *testing.T) { test(t, b) }) })
	}
	running.Wait()
}

// ofOthers returns the goroutines that clients and proxies leave for a moment.
func ofOthers() []string {
	return []string{
		"net/http.(*persistConn).readLoop", "net/http.(*persistConn).writeLoop", "net/http.(*Transport).dialConnFor",
		"github.com/go-zookeeper/zk.Connect.func1",
		"github.com/go-zookeeper/zk.(*Conn).loop.func1", "github.com/go-zookeeper/zk.(*Conn).loop.func2",
		"github.com/go-zookeeper/zk.(*Conn).sendSetWatches.func1",
		"google.golang.org/grpc/internal/transport.(*http2Client).reader",
		"google.golang.org/grpc/internal/transport.(*controlBuffer).get",
		"google.golang.org/grpc/internal/transport.(*http2Client).keepalive",
		"google.golang.org/grpc.(*addrConn).resetTransport", "google.golang.org/grpc.(*addrConn).connect",
		"github.com/confsync/confsync/internal/testserver.(*Proxy).listenLocked.func1",
		"github.com/confsync/confsync/internal/testserver.(*Proxy).serve",
		"github.com/confsync/confsync/internal/testserver.(*link).pipe",
		"github.com/confsync/confsync/internal/testserver.(*link).pipe.func1",
	}
}

// TestMain runs the tests, or a program of a fleet. Redis's client has a clock that
// runs for good.
func TestMain(m *testing.M) {
	if what := os.Getenv(follows); what != "" {
		if err := follow(what, os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/redis/go-redis/v9/internal/pool.startGlobalTimeCache.func1"))
}
