package etcd

import (
	"context"
	"fmt"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// patient reads once, where the client would try a hundred times: it waits for
// a connection for as long as there is time, and says why there was none.
type patient struct {
	etcdserverpb.KVClient
	within time.Duration
}

func (p patient) Range(ctx context.Context, in *etcdserverpb.RangeRequest, opts ...grpc.CallOption) (*etcdserverpb.RangeResponse, error) {
	waiting, cancel := context.WithTimeout(ctx, p.within)
	defer cancel()
	resp, err := p.KVClient.Range(waiting, in, append(opts, grpc.WaitForReady(true))...)
	if status.Code(err) == codes.DeadlineExceeded && ctx.Err() == nil {
		return nil, fmt.Errorf("no answer within %v: %s", p.within, status.Convert(err).Message())
	}
	return resp, err
}
