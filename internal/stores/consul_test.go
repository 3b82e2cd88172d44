package stores

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/consul/api"

	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/consul"
	"github.com/confsync/confsync/source/document"
)

func consulStore() backend {
	return backend{
		name: "consul",
		ways: []way{keys, page},
		serve: func(t testing.TB) *testserver.Server {
			return testserver.Consul(t, testserver.ConsulConfig{
				Persistent: true,
				Config:     map[string]any{"limits": map[string]any{"http_max_conns_per_client": 10_000}},
			})
		},
		connect: func(t testing.TB, addr string, dials *dials) client {
			t.Helper()
			transport := &http.Transport{DialContext: dials.dial, MaxIdleConnsPerHost: 200}
			c, err := api.NewClient(&api.Config{Address: addr, HttpClient: &http.Client{Transport: transport}})
			if err != nil {
				t.Fatal(err)
			}
			return &consulClient{api: c, transport: transport}
		},
		faults: (*bout).consulFaults,
	}
}

type consulClient struct {
	api       *api.Client
	transport *http.Transport
}

func (c *consulClient) source(w way, root string, o options) source.Source {
	opts := &consul.Options{Probe: o.probe, Separator: o.separator}
	if w == page {
		root, opts.Document = docKey(root), cmp.Or(o.format, document.JSON)
	}
	return consul.New(c.api, root, opts)
}

func (c *consulClient) commit(ctx context.Context, tx txn) error {
	var ops api.TxnOps
	add := func(op api.KVTxnOp) { ops = append(ops, &api.TxnOp{KV: &op}) }
	if tx.guard != "" {
		pair, _, err := c.api.KV().Get(tx.key(tx.guard), consistent(ctx))
		switch {
		case err != nil:
			return err
		case pair == nil && tx.was == "":
			add(api.KVTxnOp{Verb: api.KVCheckNotExists, Key: tx.key(tx.guard)})
		case pair != nil && string(pair.Value) == tx.was:
			add(api.KVTxnOp{Verb: api.KVCheckIndex, Key: tx.key(tx.guard), Index: pair.ModifyIndex})
		default:
			return errConflict
		}
	}
	for k, v := range tx.put {
		add(api.KVTxnOp{Verb: api.KVSet, Key: tx.key(k), Value: []byte(v)})
	}
	for _, k := range tx.del {
		add(api.KVTxnOp{Verb: api.KVDelete, Key: tx.key(k)})
	}
	if tx.doc != "" {
		add(api.KVTxnOp{Verb: api.KVSet, Key: docKey(tx.root), Value: []byte(tx.doc)})
	}
	ok, resp, _, err := c.api.Txn().Txn(ops, (&api.QueryOptions{}).WithContext(ctx))
	switch {
	case err != nil:
		return err
	case !ok && tx.guard != "":
		return errConflict
	case !ok:
		return fmt.Errorf("rolled back: %v", resp.Errors)
	}
	return nil
}

func (c *consulClient) get(ctx context.Context, key string) (string, error) {
	pair, _, err := c.api.KV().Get(key, consistent(ctx))
	if pair == nil {
		return "", err
	}
	return string(pair.Value), err
}

func (c *consulClient) read(ctx context.Context, root string) (state, error) {
	pairs, meta, err := c.api.KV().List(root+"/", consistent(ctx))
	if err == nil && meta.LastIndex == 0 {
		err = errors.New("no index")
	}
	all := state{}
	for _, p := range pairs {
		all[strings.TrimPrefix(p.Key, root+"/")] = string(p.Value)
	}
	return all, err
}

func (c *consulClient) close() { c.transport.CloseIdleConnections() }

func consistent(ctx context.Context) *api.QueryOptions {
	return (&api.QueryOptions{RequireConsistent: true}).WithContext(ctx)
}
