package place

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/consul/api"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/consul"
)

// openConsul takes what isn't in the address from Consul's own variables:
// CONSUL_HTTP_ADDR, CONSUL_HTTP_TOKEN, CONSUL_CACERT and the like.
func openConsul(a *address) (*Place, error) {
	config := api.DefaultConfig()
	host, err := a.host(config.Address)
	if err != nil {
		return nil, err
	}
	config.Address = host
	if a.get("token-file") != "" {
		config.Token = a.secret("token-file", "")
	}
	if a.has("tls") || a.get("ca-file") != "" || a.get("cert-file") != "" {
		config.Scheme = "https"
		config.TLSConfig = api.TLSConfig{CAFile: a.get("ca-file"), CertFile: a.get("cert-file"), KeyFile: a.get("key-file")}
	}
	client, err := api.NewClient(config)
	if err != nil {
		return nil, err
	}
	opts := &consul.Options{
		Datacenter: a.get("dc"), Namespace: a.get("namespace"), Partition: a.get("partition"),
		Separator: a.get("separator"), Document: a.format("document"),
	}
	keys := source.Keys{Root: strings.TrimPrefix(a.path, "/"), Separator: opts.Separator}
	return &Place{
		Source: consul.New(client, a.path, opts),
		Store:  &consulStore{client: client, opts: opts, layout: Layout{opts.Document, keys}},
	}, nil
}

type consulStore struct {
	client *api.Client
	opts   *consul.Options
	layout Layout
}

func (s *consulStore) Layout() Layout { return s.layout }

// Batch returns what Consul takes: "Transaction contains too many operations (N
// > 128)".
func (s *consulStore) Batch() int { return 128 }

func (s *consulStore) Read(ctx context.Context) (map[string]Entry, error) {
	query := (&api.QueryOptions{
		Datacenter: s.opts.Datacenter, Namespace: s.opts.Namespace, Partition: s.opts.Partition, RequireConsistent: true,
	}).WithContext(ctx)
	entries := map[string]Entry{}
	if s.layout.Document != 0 {
		pair, _, err := s.client.KV().Get(s.layout.Keys.Root, query)
		if pair != nil {
			entries[pair.Key] = Entry{string(pair.Value), int64(pair.ModifyIndex)}
		}
		return entries, err
	}
	pairs, _, err := s.client.KV().List(s.layout.Keys.Prefix(), query)
	for _, pair := range pairs {
		entries[pair.Key] = Entry{string(pair.Value), int64(pair.ModifyIndex)}
	}
	return entries, err
}

func (s *consulStore) Apply(ctx context.Context, changes []Change) error {
	ops := make(api.TxnOps, len(changes))
	for i, c := range changes {
		op := &api.KVTxnOp{Verb: api.KVCAS, Key: c.Key, Namespace: s.opts.Namespace, Partition: s.opts.Partition}
		if c.Old != nil {
			op.Index = uint64(c.Old.Revision)
		}
		if c.New == nil {
			op.Verb = api.KVDeleteCAS
		} else {
			op.Value = []byte(*c.New)
		}
		ops[i] = &api.TxnOp{KV: op}
	}
	query := (&api.QueryOptions{Datacenter: s.opts.Datacenter}).WithContext(ctx)
	ok, answer, _, err := s.client.Txn().Txn(ops, query)
	if err != nil || ok {
		return err
	}
	for _, e := range answer.Errors {
		if !strings.Contains(e.What, "index is stale") {
			return fmt.Errorf("%s: %s", changes[e.OpIndex].Key, e.What)
		}
	}
	return ErrMoved
}
