package stores

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/source/zookeeper"
)

const session = 4 * time.Second // of a client

func zookeeperStore() backend {
	return backend{
		name: "zookeeper",
		ways: []way{keys, page},
		serve: func(t testing.TB) *testserver.Server {
			return testserver.ZooKeeper(t, testserver.ZooKeeperConfig{})
		},
		connect: func(t testing.TB, addr string, dials *dials) client {
			t.Helper()
			connect := testserver.ZooKeeperDialer()
			dial := func(network, addr string, timeout time.Duration) (net.Conn, error) {
				dials.note()
				return connect(network, addr, timeout)
			}
			conn, events, err := zk.Connect([]string{addr}, session, zk.WithLogger(silent{}), zk.WithDialer(dial))
			if err != nil {
				t.Fatal(err)
			}
			return &zkClient{Conn: conn, events: events, known: map[string]bool{}}
		},
		faults: (*bout).zookeeperFaults,
	}
}

type silent struct{}

func (silent) Printf(string, ...any) {}

type zkClient struct {
	*zk.Conn
	events <-chan zk.Event

	mu    sync.Mutex
	known map[string]bool // nodes that are there
}

func node(key string) string { return "/" + key }

func (c *zkClient) source(w way, root string, o options) source.Source {
	opts := &zookeeper.Options{Probe: o.probe, ProbeTimeout: o.probe}
	if w == page {
		root, opts.Document = docKey(root), cmp.Or(o.format, document.JSON)
	}
	return zookeeper.New(c.Conn, root, opts)
}

// commit is one multi, which makes the nodes above those that it puts as well.
// Afterwards it takes away the nodes above those that it deleted that are left
// with nothing.
func (c *zkClient) commit(_ context.Context, tx txn) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var ops []any
	if tx.guard != "" {
		data, stat, err := c.Get(node(tx.key(tx.guard)))
		switch {
		case errors.Is(err, zk.ErrNoNode) && tx.was == "": // and making it fails if it is there by then
		case err != nil:
			return err
		case string(data) != tx.was:
			return errConflict
		default:
			ops = append(ops, &zk.CheckVersionRequest{Path: node(tx.key(tx.guard)), Version: stat.Version})
		}
	}
	made := map[string]bool{}
	put := func(p, value string) error {
		for i := 1; i < len(p); i++ {
			if p[i] != '/' || made[p[:i]] {
				continue
			}
			if there, err := c.there(p[:i]); err != nil {
				return err
			} else if !there {
				ops = append(ops, &zk.CreateRequest{Path: p[:i], Acl: zk.WorldACL(zk.PermAll)})
			}
			made[p[:i]] = true
		}
		there, err := c.there(p)
		if there {
			ops = append(ops, &zk.SetDataRequest{Path: p, Data: []byte(value), Version: -1})
		} else {
			ops = append(ops, &zk.CreateRequest{Path: p, Data: []byte(value), Acl: zk.WorldACL(zk.PermAll)})
		}
		made[p] = true
		return err
	}
	for _, k := range slices.Sorted(maps.Keys(tx.put)) { // what stands above comes first
		if err := put(node(tx.key(k)), tx.put[k]); err != nil {
			return err
		}
	}
	if tx.doc != "" {
		if err := put(node(docKey(tx.root)), tx.doc); err != nil {
			return err
		}
	}
	for _, k := range tx.del {
		ops = append(ops, &zk.DeleteRequest{Path: node(tx.key(k)), Version: -1})
	}
	if _, err := c.Multi(ops...); err != nil {
		clear(c.known)
		if errors.Is(err, zk.ErrBadVersion) || errors.Is(err, zk.ErrNodeExists) || errors.Is(err, zk.ErrNoNode) {
			return errConflict
		}
		return err
	}
	maps.Copy(c.known, made)
	for _, k := range tx.del {
		delete(c.known, node(tx.key(k)))
		c.prune(path.Dir(node(tx.key(k))))
	}
	return nil
}

func (c *zkClient) there(p string) (bool, error) {
	if c.known[p] {
		return true, nil
	}
	there, _, err := c.Exists(p)
	return there, err
}

// prune deletes a node and those above it while they have neither children nor data.
func (c *zkClient) prune(p string) {
	for ; p != "/"; p = path.Dir(p) {
		data, stat, err := c.Get(p)
		if err != nil || stat.NumChildren > 0 || data != nil {
			return
		}
		delete(c.known, p)
		if c.Delete(p, stat.Version) != nil {
			return
		}
	}
}

func (c *zkClient) get(_ context.Context, key string) (string, error) {
	if _, err := c.Sync("/"); err != nil {
		return "", err
	}
	data, _, err := c.Get(node(key))
	if errors.Is(err, zk.ErrNoNode) {
		err = nil
	}
	return string(data), err
}

func (c *zkClient) read(_ context.Context, root string) (state, error) {
	all := state{}
	var walk func(p string) error
	walk = func(p string) error {
		data, _, err := c.Get(p)
		if errors.Is(err, zk.ErrNoNode) && p == node(root) {
			return nil
		}
		if err != nil {
			return err
		}
		if data != nil {
			all[strings.TrimPrefix(p, node(root)+"/")] = string(data)
		}
		kids, _, err := c.Children(p)
		for _, kid := range kids {
			if err == nil {
				err = walk(path.Join(p, kid))
			}
		}
		return err
	}
	_, err := c.Sync("/")
	if err == nil {
		err = walk(node(root))
	}
	return all, err
}

// close returns when the client's goroutines are at their end.
func (c *zkClient) close() {
	c.Close()
	for range c.events {
	}
}
