package etcd

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/status"
)

const (
	maxPage = 2 << 20  // bytes that a page of several keys may have
	maxKey  = 16 << 20 // and a page of one, beyond MaxBytes
)

var (
	errNoAnswer = errors.New("no answer")
	errPage     = errors.New("page is too long") // than maxPage; no more of it was read
)

// calls reads once, where the client would try a hundred times: it waits for a
// connection for as long as there is time, and says why there was none.
type calls struct {
	etcdserverpb.KVClient
	store *store
}

// Range reads keys. It fails once the server is silent: it answers neither that,
// which may take long on a slow link, nor a small question beside it.
func (c *calls) Range(ctx context.Context, in *etcdserverpb.RangeRequest, opts ...grpc.CallOption) (*etcdserverpb.RangeResponse, error) {
	if in.KeysOnly && in.Limit <= latest {
		return small(ctx, c.KVClient.Range, in, c.store.opts.ProbeTimeout, opts)
	}
	most := maxPage
	if in.Limit == 1 || len(in.RangeEnd) == 0 {
		most = maxKey + max(0, c.store.opts.MaxBytes)
	}
	reading, stop := context.WithCancelCause(ctx)
	var listener sync.WaitGroup
	listener.Go(func() { stop(c.silence(reading)) })
	resp, err := c.KVClient.Range(reading, in, append(opts, grpc.WaitForReady(true), grpc.MaxCallRecvMsgSize(most))...)
	cause := context.Cause(reading)
	stop(nil)
	listener.Wait()
	var known rpctypes.EtcdError
	switch {
	case err == nil || ctx.Err() != nil:
	case cause != nil:
		err = fmt.Errorf("%w: %s", cause, status.Convert(err).Message())
	case status.Code(err) == codes.ResourceExhausted && !errors.As(rpctypes.Error(err), &known):
		err = errPage
	}
	return resp, err
}

// Txn makes a probe.
func (c *calls) Txn(ctx context.Context, in *etcdserverpb.TxnRequest, opts ...grpc.CallOption) (*etcdserverpb.TxnResponse, error) {
	return small(ctx, c.KVClient.Txn, in, c.store.opts.ProbeTimeout, opts)
}

// small makes a call whose answer is small, and so is there in time or not at all.
func small[I, O any](
	ctx context.Context, call func(context.Context, I, ...grpc.CallOption) (O, error), in I, within time.Duration, opts []grpc.CallOption,
) (O, error) {
	waiting, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	resp, err := call(waiting, in, append(opts, grpc.WaitForReady(true))...)
	if status.Code(err) == codes.DeadlineExceeded && ctx.Err() == nil {
		err = fmt.Errorf("%w within %v: %s", errNoAnswer, within, status.Convert(err).Message())
	}
	return resp, err
}

// silence returns once the server is silent, with an error that says so, or once
// ctx ends. For its first word it has twice ProbeTimeout, if it is connected
// at all. When it has answered once, a large answer is on its way before the
// smaller ones, and more time is given.
func (c *calls) silence(ctx context.Context) error {
	timeout := c.store.opts.ProbeTimeout
	question := &etcdserverpb.RangeRequest{Key: []byte(c.store.start), KeysOnly: true, Limit: 1, Serializable: true}
	for wait, within := timeout/2, timeout*3/2; ; wait, within = timeout, timeout*4 {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		if c.store.conn.GetState() != connectivity.Ready {
			within = timeout - wait
		}
		if _, err := small(ctx, c.KVClient.Range, question, within, nil); errors.Is(err, errNoAnswer) {
			return fmt.Errorf("%w within %v", errNoAnswer, timeout)
		}
	}
}
