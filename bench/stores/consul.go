package stores

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/hashicorp/consul/api"

	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/consul"
)

// A server of Consul's own limits a client to 200 requests a second by default
// in some set-ups, and the txn endpoint to 128 operations.
const consulBatch = 64

func startConsul(t testing.TB) *testserver.Server {
	return testserver.Consul(t, testserver.ConsulConfig{Config: map[string]any{
		"limits": map[string]any{"http_max_conns_per_client": 5000},
	}})
}

func openConsul(addr string) (Client, error) {
	c, err := api.NewClient(&api.Config{Address: addr})
	return consulClient{c}, err
}

type consulClient struct{ *api.Client }

func (c consulClient) Put(ctx context.Context, key, value string) error {
	_, err := c.KV().Put(&api.KVPair{Key: key, Value: []byte(value)}, (&api.WriteOptions{}).WithContext(ctx))
	return err
}

func (c consulClient) Fill(ctx context.Context, pairs []Pair) error {
	for batch := range slices.Chunk(pairs, consulBatch) {
		var ops api.TxnOps
		for _, p := range batch {
			ops = append(ops, &api.TxnOp{KV: &api.KVTxnOp{Verb: api.KVSet, Key: p.Key, Value: []byte(p.Value)}})
		}
		ok, _, _, err := c.Txn().Txn(ops, (&api.QueryOptions{}).WithContext(ctx))
		if err != nil {
			return err
		}
		if !ok {
			return errors.New("the transaction was rolled back")
		}
	}
	return nil
}

// Follow is a blocking query in a loop: of the prefix, as that is what is to be
// known, and Consul has nothing finer for it.
func (c consulClient) Follow(ctx context.Context, prefix, key string, began func(), seen func(string)) error {
	q := (&api.QueryOptions{}).WithContext(ctx)
	for {
		pairs, meta, err := c.KV().List(prefix+"/", q)
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

func (c consulClient) Source(prefix string) source.Source { return consul.New(c.Client, prefix, nil) }

// Close lets go of what idles; the client has no more to close.
func (c consulClient) Close() {}
