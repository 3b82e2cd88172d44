package stores

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
)

// backend is a kind of store: how its real server is run and talked to.
type backend struct {
	name  string
	ways  []way // in which it holds a configuration
	serve func(testing.TB) *testserver.Server

	// connect makes a client of a server, or of a proxy to it, which the caller
	// closes. It notes its attempts to connect in dials, if that isn't nil.
	connect func(t testing.TB, addr string, dials *dials) client

	faults func(*bout) []fault // beyond those that every store has
}

// way is a way in which a store holds a configuration. A transaction is written
// in all of them, so that sources of each can be compared.
type way string

const (
	keys      way = "keys"
	versioned way = "keys, version key"
	hash      way = "hash"
	page      way = "document"
)

// client talks to a store by the store's own library.
type client interface {
	// source makes a source that reads what a transaction with this root wrote.
	source(w way, root string, o options) source.Source

	// commit makes all changes or none. Its error is errConflict if the guard did
	// not hold; after any other error the changes may have been made, and may
	// still be.
	commit(context.Context, txn) error

	// get is the value of a key, as the leader knows it; "" if it isn't there.
	get(ctx context.Context, key string) (string, error)

	// read is all keys below a root while nobody writes.
	read(ctx context.Context, root string) (state, error)

	close()
}

// options are what the sources of all stores have.
type options struct {
	probe     time.Duration
	separator string
	format    document.Format // zero: JSON
}

// txn is a transaction.
type txn struct {
	root string            // "": put and del have whole keys, and only the way of keys is written
	put  map[string]string // by key, below the root
	del  []string          // the same, of keys that are there
	doc  string            // the document; "": unchanged

	guard string // a key below the root; "": none
	was   string // the value that it must have; "": it must not be there
}

var errConflict = errors.New("the guard holds another value")

// key is a whole key.
func (tx txn) key(k string) string {
	if tx.root == "" {
		return k
	}
	return tx.root + "/" + k
}

// The keys beside a root's that the other ways use.
func docKey(root string) string     { return root + "-document" }
func hashKey(root string) string    { return root + "-hash" }
func versionKey(root string) string { return root + "-version" }

// state is what a store holds below a root: values by key.
type state map[string]string

// dials is when connections were asked for.
type dials struct {
	mu sync.Mutex
	at []time.Time
}

func (d *dials) note() {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at = append(d.at, time.Now())
}

func (d *dials) all() []time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.at[:len(d.at):len(d.at)]
}

func (d *dials) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	d.note()
	return (&net.Dialer{Timeout: time.Second}).DialContext(ctx, network, addr)
}

func backends() []backend {
	return []backend{consulStore(), etcdStore(), redisStore(), zookeeperStore()}
}

// sideBySide runs a test for every store, all at a time, whatever -parallel says:
// most of the time they wait.
func sideBySide(t *testing.T, test func(*testing.T, backend)) {
	t.Helper()
	var running sync.WaitGroup
	for _, b := range backends() {
		running.Go(func() { t.Run(b.name, func(t *testing.T) { test(t, b) }) })
	}
	running.Wait()
}

// ofOthers are the goroutines that clients and proxies leave for a moment.
func ofOthers() []goleak.Option {
	var all []goleak.Option
	for _, name := range []string{
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
	} {
		all = append(all, goleak.IgnoreAnyFunction(name))
	}
	return all
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
