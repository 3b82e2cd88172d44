package stores

import (
	"cmp"
	"context"
	"net"
	"strings"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"

	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/source/etcd"
)

func etcdStore() Store {
	return Store{
		Name: "etcd", Title: "etcd",
		Layouts: []Layout{Keys, Document}, Batch: 128, Rest: 10 * time.Millisecond,
		Serve: func(t testing.TB) *testserver.Server {
			return testserver.Etcd(t, testserver.EtcdConfig{})
		},
		Open: func(addr string, dials *Dials) (Client, error) {
			dialer := func(ctx context.Context, addr string) (net.Conn, error) {
				return dials.dial(ctx, "tcp", addr[strings.LastIndex(addr, "/")+1:])
			}
			c, err := clientv3.New(clientv3.Config{
				Endpoints:            []string{addr},
				DialKeepAliveTime:    10 * time.Second,
				DialKeepAliveTimeout: 3 * time.Second,
				DialOptions:          []grpc.DialOption{grpc.WithContextDialer(dialer)},
				Logger:               zap.NewNop(),
			})
			return &etcdClient{c}, err
		},
	}
}

type etcdClient struct{ *clientv3.Client }

func (c *etcdClient) Source(l Layout, root string, o Options) source.Source {
	opts := &etcd.Options{Probe: o.Probe, ProbeTimeout: o.Probe, Separator: o.Separator}
	if l == Document {
		root, opts.Document = DocumentKey(root), cmp.Or(o.Format, document.JSON)
	}
	return etcd.New(c.Client, root, opts)
}

func (c *etcdClient) Commit(ctx context.Context, tx Transaction) error {
	var ops []clientv3.Op
	for k, v := range tx.Put {
		ops = append(ops, clientv3.OpPut(tx.key(k), v))
	}
	for _, k := range tx.Delete {
		ops = append(ops, clientv3.OpDelete(tx.key(k)))
	}
	if tx.Document != "" {
		ops = append(ops, clientv3.OpPut(DocumentKey(tx.Root), tx.Document))
	}
	var guard []clientv3.Cmp
	if tx.Guard != "" {
		guard = append(guard, clientv3.Compare(clientv3.Value(tx.key(tx.Guard)), "=", tx.Was))
		if tx.Was == "" {
			guard[0] = clientv3.Compare(clientv3.CreateRevision(tx.key(tx.Guard)), "=", 0)
		}
	}
	resp, err := c.Txn(ctx).If(guard...).Then(ops...).Commit()
	c.hurry(err)
	if err == nil && !resp.Succeeded {
		err = ErrConflict
	}
	return err
}

func (c *etcdClient) Put(ctx context.Context, key, value string) error {
	_, err := c.Client.Put(ctx, key, value)
	return err
}

func (c *etcdClient) Get(ctx context.Context, key string) (string, error) {
	resp, err := c.Client.Get(ctx, key)
	c.hurry(err)
	if err != nil || len(resp.Kvs) == 0 {
		return "", err
	}
	return string(resp.Kvs[0].Value), nil
}

// hurry has a connection that has failed made anew without a wait.
func (c *etcdClient) hurry(err error) {
	if err != nil {
		c.ActiveConnection().ResetConnectBackoff()
	}
}

func (c *etcdClient) Read(ctx context.Context, root string) (State, error) {
	resp, err := c.Client.Get(ctx, root+"/", clientv3.WithPrefix())
	if err != nil {
		return nil, err
	}
	all := State{}
	for _, kv := range resp.Kvs {
		all[strings.TrimPrefix(string(kv.Key), root+"/")] = string(kv.Value)
	}
	return all, nil
}

// Follow returns a watch of the root.
func (c *etcdClient) Follow(ctx context.Context, root, key string, began func(), seen func(string)) error {
	for resp := range c.Watch(ctx, root+"/", clientv3.WithPrefix(), clientv3.WithCreatedNotify()) {
		if err := resp.Err(); err != nil {
			return err
		}
		if resp.Created {
			began()
		}
		for _, e := range resp.Events {
			if string(e.Kv.Key) == key {
				seen(string(e.Kv.Value))
			}
		}
	}
	return ctx.Err()
}

func (c *etcdClient) Close() { c.Client.Close() }
