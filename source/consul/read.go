package consul

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/consul/api"
)

// grace is how long an answer may take beyond the time that the server holds
// it back.
const grace = 30 * time.Second

var (
	errNoIndex  = errors.New("the answer has no index, so it isn't Consul's")
	errNoLeader = errors.New("the cluster has no leader")
	errFiltered = errors.New("some keys are hidden from this token")
)

// answer is what the store held at an index.
type answer struct {
	pairs api.KVPairs
	index uint64 // never 0
}

// read asks for what is newer than index, and waits for it. Index 0 asks for
// what there is.
func (s *store) read(ctx context.Context, index uint64) (answer, error) {
	within := grace
	if index > 0 {
		within += s.opts.Wait + s.opts.Wait/16 // which the server adds to spread its clients
	}
	q := s.query()
	q.WaitIndex, q.WaitTime = index, s.opts.Wait
	return s.list(ctx, q, within)
}

// confirm asks the leader for what there is, after it has made sure that it
// still leads.
func (s *store) confirm(ctx context.Context) (answer, error) {
	q := s.query()
	q.RequireConsistent = true
	return s.list(ctx, q, grace)
}

func (s *store) query() *api.QueryOptions {
	return &api.QueryOptions{
		Datacenter: s.opts.Datacenter, Namespace: s.opts.Namespace, Partition: s.opts.Partition,
		Token: s.opts.Token,
	}
}

// list makes a query that is answered within a time or fails.
func (s *store) list(ctx context.Context, q *api.QueryOptions, within time.Duration) (answer, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, within, fmt.Errorf("no answer within %v", within))
	defer cancel()
	pairs, meta, err := s.fetch(q.WithContext(ctx))
	switch {
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	case err != nil:
	case meta.LastIndex == 0:
		err = errNoIndex
	case !meta.KnownLeader:
		err = errNoLeader
	case meta.ResultsFilteredByACLs:
		err = errFiltered
	default:
		return answer{pairs, meta.LastIndex}, nil
	}
	return answer{}, fmt.Errorf("read: %w", err)
}

// fetch gets the keys below the prefix, or the one key that is a document. Both
// are empty without an error for whatever is answered with a 404.
func (s *store) fetch(q *api.QueryOptions) (api.KVPairs, *api.QueryMeta, error) {
	if s.opts.Document == 0 {
		return s.client.KV().List(s.keys.Prefix(), q)
	}
	pair, meta, err := s.client.KV().Get(s.keys.Root, q)
	if pair == nil {
		return nil, meta, err
	}
	return api.KVPairs{pair}, meta, err
}
