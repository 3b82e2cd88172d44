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

func zookeeperStore() Store {
	return Store{
		Name: "zookeeper", Title: "ZooKeeper",
		Layouts: []Layout{Keys, Document}, Batch: 1000, Rest: 10 * time.Millisecond,
		Serve: func(t testing.TB) *testserver.Server {
			return testserver.ZooKeeper(t, testserver.ZooKeeperConfig{})
		},
		Open: func(addr string, dials *Dials) (Client, error) {
			connect := testserver.ZooKeeperDialer()
			dial := func(network, addr string, timeout time.Duration) (net.Conn, error) {
				dials.Note()
				return connect(network, addr, timeout)
			}
			conn, events, err := zk.Connect([]string{addr}, session, zk.WithLogger(silent{}), zk.WithDialer(dial))
			return &zkClient{Conn: conn, events: events, known: map[string]bool{}}, err
		},
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

func (c *zkClient) Source(l Layout, root string, o Options) source.Source {
	opts := &zookeeper.Options{Probe: o.Probe, ProbeTimeout: o.Probe, MaxKeys: o.MaxKeys}
	if l == Document {
		root, opts.Document = DocumentKey(root), cmp.Or(o.Format, document.JSON)
	}
	return zookeeper.New(c.Conn, root, opts)
}

// Commit returns one multi, which makes the nodes above those that it puts as
// well. Afterwards it takes away the nodes above those that it deleted that are
// left with nothing.
func (c *zkClient) Commit(_ context.Context, tx Transaction) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var ops []any
	if tx.Guard != "" {
		data, stat, err := c.Conn.Get(node(tx.key(tx.Guard)))
		switch {
		case errors.Is(err, zk.ErrNoNode) && tx.Was == "": // and making it fails if it is there by then
		case err != nil:
			return err
		case string(data) != tx.Was:
			return ErrConflict
		default:
			ops = append(ops, &zk.CheckVersionRequest{Path: node(tx.key(tx.Guard)), Version: stat.Version})
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
		there, err := false, error(nil)
		if !tx.New {
			there, err = c.there(p)
		}
		if there {
			ops = append(ops, &zk.SetDataRequest{Path: p, Data: []byte(value), Version: -1})
		} else {
			ops = append(ops, &zk.CreateRequest{Path: p, Data: []byte(value), Acl: zk.WorldACL(zk.PermAll)})
		}
		made[p] = true
		return err
	}
	for _, k := range slices.Sorted(maps.Keys(tx.Put)) { // what stands above comes first
		if err := put(node(tx.key(k)), tx.Put[k]); err != nil {
			return err
		}
	}
	if tx.Document != "" {
		if err := put(node(DocumentKey(tx.Root)), tx.Document); err != nil {
			return err
		}
	}
	for _, k := range tx.Delete {
		ops = append(ops, &zk.DeleteRequest{Path: node(tx.key(k)), Version: -1})
	}
	if _, err := c.Multi(ops...); err != nil {
		clear(c.known)
		if errors.Is(err, zk.ErrBadVersion) || errors.Is(err, zk.ErrNodeExists) || errors.Is(err, zk.ErrNoNode) {
			return ErrConflict
		}
		return err
	}
	maps.Copy(c.known, made)
	for _, k := range tx.Delete {
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
		data, stat, err := c.Conn.Get(p)
		if err != nil || stat.NumChildren > 0 || data != nil {
			return
		}
		delete(c.known, p)
		if c.Delete(p, stat.Version) != nil {
			return
		}
	}
}

func (c *zkClient) Put(_ context.Context, key, value string) error {
	_, err := c.Set(node(key), []byte(value), -1)
	return err
}

func (c *zkClient) Get(_ context.Context, key string) (string, error) {
	if _, err := c.Sync("/"); err != nil {
		return "", err
	}
	data, _, err := c.Conn.Get(node(key))
	if errors.Is(err, zk.ErrNoNode) {
		err = nil
	}
	return string(data), err
}

func (c *zkClient) Read(_ context.Context, root string) (State, error) {
	all := State{}
	var walk func(p string) error
	walk = func(p string) error {
		data, _, err := c.Conn.Get(p)
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

// Follow reads the key with a watch, and again whenever the watch has fired. One
// key is the least one can watch; a root needs a watch for each of its keys.
func (c *zkClient) Follow(ctx context.Context, _, key string, began func(), seen func(string)) error {
	for first := true; ; first = false {
		data, _, changed, err := c.GetW(node(key))
		if err != nil {
			return err
		}
		if first {
			began()
		} else {
			seen(string(data))
		}
		select {
		case e := <-changed:
			if e.Err != nil {
				return e.Err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Close returns when the client's goroutines are at their end.
func (c *zkClient) Close() {
	c.Conn.Close()
	for range c.events {
	}
}
