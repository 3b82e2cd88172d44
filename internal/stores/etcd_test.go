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

func etcdStore() backend {
	return backend{
		name: "etcd",
		ways: []way{keys, page},
		serve: func(t testing.TB) *testserver.Server {
			return testserver.Etcd(t, testserver.EtcdConfig{})
		},
		connect: func(t testing.TB, addr string, dials *dials) client {
			t.Helper()
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
			if err != nil {
				t.Fatal(err)
			}
			return &etcdClient{c}
		},
		faults: (*bout).etcdFaults,
	}
}

type etcdClient struct{ *clientv3.Client }

func (c *etcdClient) source(w way, root string, o options) source.Source {
	opts := &etcd.Options{Probe: o.probe, ProbeTimeout: o.probe, Separator: o.separator}
	if w == page {
		root, opts.Document = docKey(root), cmp.Or(o.format, document.JSON)
	}
	return etcd.New(c.Client, root, opts)
}

func (c *etcdClient) commit(ctx context.Context, tx txn) error {
	var ops []clientv3.Op
	for k, v := range tx.put {
		ops = append(ops, clientv3.OpPut(tx.key(k), v))
	}
	for _, k := range tx.del {
		ops = append(ops, clientv3.OpDelete(tx.key(k)))
	}
	if tx.doc != "" {
		ops = append(ops, clientv3.OpPut(docKey(tx.root), tx.doc))
	}
	var guard []clientv3.Cmp
	if tx.guard != "" {
		guard = append(guard, clientv3.Compare(clientv3.Value(tx.key(tx.guard)), "=", tx.was))
		if tx.was == "" {
			guard[0] = clientv3.Compare(clientv3.CreateRevision(tx.key(tx.guard)), "=", 0)
		}
	}
	resp, err := c.Txn(ctx).If(guard...).Then(ops...).Commit()
	c.hurry(err)
	if err == nil && !resp.Succeeded {
		err = errConflict
	}
	return err
}

func (c *etcdClient) get(ctx context.Context, key string) (string, error) {
	resp, err := c.Get(ctx, key)
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

func (c *etcdClient) read(ctx context.Context, root string) (state, error) {
	resp, err := c.Get(ctx, root+"/", clientv3.WithPrefix())
	if err != nil {
		return nil, err
	}
	all := state{}
	for _, kv := range resp.Kvs {
		all[strings.TrimPrefix(string(kv.Key), root+"/")] = string(kv.Value)
	}
	return all, nil
}

func (c *etcdClient) close() { c.Client.Close() }
