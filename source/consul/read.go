package consul

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/hashicorp/consul/api"

	"github.com/confsync/confsync/source"
)

// grace is how long an answer may take beyond the time that the server holds
// it back, and how long it may stop while it arrives.
const grace = 30 * time.Second

var (
	errNoIndex  = errors.New("the answer has no index, so it isn't Consul's")
	errNoLeader = errors.New("the cluster has no leader")
	errFiltered = errors.New("some keys are hidden from this token")
	errStale    = errors.New("the server was last in touch with the leader longer ago than Options.Stale")
)

// answer is what the store held at an index.
type answer struct {
	rows     []source.Row
	tooLarge error  // the problem of more rows than are within bounds, of which there are none then
	some     string // a key of those that there are
	bytes    int    // of keys and values
	index    uint64 // never 0
}

func (a *answer) none() bool { return len(a.rows) == 0 && a.tooLarge == nil }

// read asks for what is newer than index, and waits for it. Index 0 asks for
// what there is.
func (w *watch) read(ctx context.Context, index uint64) (answer, error) {
	q := w.query()
	q.AllowStale = w.opts.Stale > 0
	if index == 0 {
		return w.list(ctx, q, grace)
	}
	q.WaitIndex, q.WaitTime = index, w.wait()
	return w.list(ctx, q, grace+q.WaitTime+q.WaitTime/16) // which the server adds to spread its clients
}

// confirm asks the leader for what there is, after it has made sure that it
// still leads.
func (w *watch) confirm(ctx context.Context) (answer, error) {
	q := w.query()
	q.RequireConsistent = true
	return w.list(ctx, q, grace)
}

func (s *store) query() *api.QueryOptions {
	return &api.QueryOptions{
		Datacenter: s.opts.Datacenter, Namespace: s.opts.Namespace, Partition: s.opts.Partition,
		Token: s.opts.Token,
	}
}

// list makes a query whose answer begins to arrive within a time, and then
// doesn't stop for longer than grace, or that fails.
func (w *watch) list(ctx context.Context, q *api.QueryOptions, within time.Duration) (answer, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silent := time.AfterFunc(within, func() { cancel(fmt.Errorf("no answer within %v", within)) })
	defer silent.Stop()
	var got answer
	heard := func() {
		w.heard.Store(time.Now().UnixNano())
		silent.Reset(grace)
	}
	streamed := withBody(ctx, taker{heard, func(body io.Reader) (err error) {
		got, err = w.decode(body, w.held.Rows())
		return err
	}})
	pairs, meta, err := w.fetch(q.WithContext(streamed))
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	} else if err == nil {
		err = w.believable(meta)
	}
	if err != nil {
		return answer{}, fmt.Errorf("read: %w", err)
	}
	if len(pairs) > 0 {
		got = w.answer(pairs)
	}
	got.index = meta.LastIndex
	return got, nil
}

// fetch gets the keys below the prefix, or the one key that is a document. Both
// are empty without an error for whatever is answered with a 404.
func (w *watch) fetch(q *api.QueryOptions) (api.KVPairs, *api.QueryMeta, error) {
	if !w.isDocument() {
		return w.client.KV().List(w.keys.Prefix(), q)
	}
	pair, meta, err := w.client.KV().Get(w.keys.Root, q)
	if pair == nil {
		return nil, meta, err
	}
	return api.KVPairs{pair}, meta, err
}

// believable returns why an answer can't be believed, or nil.
func (s *store) believable(meta *api.QueryMeta) error {
	switch {
	case meta.LastIndex == 0:
		return errNoIndex
	case !meta.KnownLeader:
		return errNoLeader
	case meta.ResultsFilteredByACLs:
		return errFiltered
	case s.opts.Stale > 0 && meta.LastContact > s.opts.Stale:
		return errStale
	}
	return nil
}
