package stores

import (
	"context"
	"slices"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/etcd"
)

const etcdBatch = 100 // of the 128 operations that a transaction may have

func startEtcd(t testing.TB) *testserver.Server { return testserver.Etcd(t, testserver.EtcdConfig{}) }

func openEtcd(addr string) (Client, error) {
	c, err := clientv3.New(clientv3.Config{Endpoints: []string{addr}, Logger: zap.NewNop()})
	return etcdClient{c}, err
}

type etcdClient struct{ *clientv3.Client }

func (c etcdClient) Put(ctx context.Context, key, value string) error {
	_, err := c.Client.Put(ctx, "/"+key, value)
	return err
}

func (c etcdClient) Fill(ctx context.Context, pairs []Pair) error {
	for batch := range slices.Chunk(pairs, etcdBatch) {
		var ops []clientv3.Op
		for _, p := range batch {
			ops = append(ops, clientv3.OpPut("/"+p.Key, p.Value))
		}
		if _, err := c.Txn(ctx).Then(ops...).Commit(); err != nil {
			return err
		}
	}
	return nil
}

// Follow is a watch of the prefix.
func (c etcdClient) Follow(ctx context.Context, prefix, key string, began func(), seen func(string)) error {
	for resp := range c.Watch(ctx, "/"+prefix+"/", clientv3.WithPrefix(), clientv3.WithCreatedNotify()) {
		if err := resp.Err(); err != nil {
			return err
		}
		if resp.Created {
			began()
		}
		for _, e := range resp.Events {
			if string(e.Kv.Key) == "/"+key {
				seen(string(e.Kv.Value))
			}
		}
	}
	return ctx.Err()
}

func (c etcdClient) Source(prefix string) source.Source { return etcd.New(c.Client, "/"+prefix, nil) }

func (c etcdClient) Close() { c.Client.Close() }
