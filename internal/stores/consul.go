package stores

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"

	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/consul"
	"github.com/confsync/confsync/source/document"
)

func consulStore() Store {
	return Store{
		Name: "consul", Title: "Consul",
		Layouts: []Layout{Keys, Document}, Batch: 128, Rest: 20 * time.Millisecond,
		Serve: func(t testing.TB) *testserver.Server {
			return testserver.Consul(t, testserver.ConsulConfig{
				Persistent: true,
				Config:     map[string]any{"limits": map[string]any{"http_max_conns_per_client": 10_000}},
			})
		},
		Open: func(addr string, dials *Dials) (Client, error) {
			transport := &http.Transport{DialContext: dials.dial, MaxIdleConnsPerHost: 200}
			c, err := api.NewClient(&api.Config{Address: addr, HttpClient: &http.Client{Transport: transport}})
			return &consulClient{api: c, transport: transport}, err
		},
	}
}

type consulClient struct {
	api       *api.Client
	transport *http.Transport
}

func (c *consulClient) Source(l Layout, root string, o Options) source.Source {
	opts := &consul.Options{Probe: o.Probe, Separator: o.Separator}
	if l == Document {
		root, opts.Document = DocumentKey(root), cmp.Or(o.Format, document.JSON)
	}
	return consul.New(c.api, root, opts)
}

func (c *consulClient) Commit(ctx context.Context, tx Transaction) error {
	var ops api.TxnOps
	add := func(op api.KVTxnOp) { ops = append(ops, &api.TxnOp{KV: &op}) }
	if tx.Guard != "" {
		pair, _, err := c.api.KV().Get(tx.key(tx.Guard), consistent(ctx))
		switch {
		case err != nil:
			return err
		case pair == nil && tx.Was == "":
			add(api.KVTxnOp{Verb: api.KVCheckNotExists, Key: tx.key(tx.Guard)})
		case pair != nil && string(pair.Value) == tx.Was:
			add(api.KVTxnOp{Verb: api.KVCheckIndex, Key: tx.key(tx.Guard), Index: pair.ModifyIndex})
		default:
			return ErrConflict
		}
	}
	for k, v := range tx.Put {
		add(api.KVTxnOp{Verb: api.KVSet, Key: tx.key(k), Value: []byte(v)})
	}
	for _, k := range tx.Delete {
		add(api.KVTxnOp{Verb: api.KVDelete, Key: tx.key(k)})
	}
	if tx.Document != "" {
		add(api.KVTxnOp{Verb: api.KVSet, Key: DocumentKey(tx.Root), Value: []byte(tx.Document)})
	}
	ok, resp, _, err := c.api.Txn().Txn(ops, (&api.QueryOptions{}).WithContext(ctx))
	switch {
	case err != nil:
		return err
	case !ok && tx.Guard != "":
		return ErrConflict
	case !ok:
		return fmt.Errorf("rolled back: %v", resp.Errors)
	}
	return nil
}

func (c *consulClient) Put(ctx context.Context, key, value string) error {
	_, err := c.api.KV().Put(&api.KVPair{Key: key, Value: []byte(value)}, (&api.WriteOptions{}).WithContext(ctx))
	return err
}

func (c *consulClient) Get(ctx context.Context, key string) (string, error) {
	pair, _, err := c.api.KV().Get(key, consistent(ctx))
	if pair == nil {
		return "", err
	}
	return string(pair.Value), err
}

func (c *consulClient) Read(ctx context.Context, root string) (State, error) {
	pairs, meta, err := c.api.KV().List(root+"/", consistent(ctx))
	if err == nil && meta.LastIndex == 0 {
		err = errors.New("no index")
	}
	all := State{}
	for _, p := range pairs {
		all[strings.TrimPrefix(p.Key, root+"/")] = string(p.Value)
	}
	return all, err
}

// Follow returns a blocking query in a loop: of the whole root, as Consul has nothing finer
// for it.
func (c *consulClient) Follow(ctx context.Context, root, key string, began func(), seen func(string)) error {
	q := (&api.QueryOptions{}).WithContext(ctx)
	for {
		pairs, meta, err := c.api.KV().List(root+"/", q)
		if err != nil {
			return err
		}
		for _, p := range pairs {
			if p.Key == key {
				seen(string(p.Value))
			}
		}
		if q.WaitIndex == 0 {
			began()
		}
		q.WaitIndex = meta.LastIndex
	}
}

func (c *consulClient) Close() { c.transport.CloseIdleConnections() }

func consistent(ctx context.Context) *api.QueryOptions {
	return (&api.QueryOptions{RequireConsistent: true}).WithContext(ctx)
}
