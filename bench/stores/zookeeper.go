package stores

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/zookeeper"
)

const (
	zookeeperBatch   = 500
	zookeeperSession = 5 * time.Second
)

func startZooKeeper(t testing.TB) *testserver.Server {
	return testserver.ZooKeeper(t, testserver.ZooKeeperConfig{})
}

func openZooKeeper(addr string) (Client, error) {
	conn, events, err := zk.Connect([]string{addr}, zookeeperSession, zk.WithLogInfo(false), zk.WithLogger(silent{}))
	if err != nil {
		return nil, err
	}
	go func() { // it ends when the connection is closed
		for range events {
		}
	}()
	return zookeeperClient{conn}, nil
}

type silent struct{}

func (silent) Printf(string, ...any) {}

type zookeeperClient struct{ *zk.Conn }

func (c zookeeperClient) Put(_ context.Context, key, value string) error {
	_, err := c.Set("/"+key, []byte(value), -1)
	return err
}

func (c zookeeperClient) Fill(_ context.Context, pairs []Pair) error {
	made := map[string]bool{}
	for _, p := range pairs {
		if err := c.parents(p.Key, made); err != nil {
			return err
		}
	}
	for batch := range slices.Chunk(pairs, zookeeperBatch) {
		var ops []any
		for _, p := range batch {
			ops = append(ops, &zk.CreateRequest{Path: "/" + p.Key, Data: []byte(p.Value), Acl: zk.WorldACL(zk.PermAll)})
		}
		if _, err := c.Multi(ops...); err != nil {
			return err
		}
	}
	return nil
}

// parents makes the nodes above a key.
func (c zookeeperClient) parents(key string, made map[string]bool) error {
	for i := range key {
		if key[i] != '/' || made[key[:i]] {
			continue
		}
		if _, err := c.Create("/"+key[:i], nil, 0, zk.WorldACL(zk.PermAll)); err != nil && !errors.Is(err, zk.ErrNodeExists) {
			return err
		}
		made[key[:i]] = true
	}
	return nil
}

// Follow reads the key with a watch, and again whenever the watch has fired. One
// key is the least one can watch; a prefix needs a watch for each of its keys.
func (c zookeeperClient) Follow(ctx context.Context, _, key string, began func(), seen func(string)) error {
	for first := true; ; first = false {
		data, _, changed, err := c.GetW("/" + strings.TrimPrefix(key, "/"))
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

func (c zookeeperClient) Source(prefix string) source.Source {
	return zookeeper.New(c.Conn, prefix, &zookeeper.Options{MaxKeys: 20_000})
}

func (c zookeeperClient) Close() { c.Conn.Close() }
