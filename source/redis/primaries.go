package redis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

var errMoved = errors.New("the cluster has other primaries now")

// primaries are the servers that hold the keys, as they were when a Watch
// began: one, or on a Cluster several.
type primaries struct {
	cluster *goredis.ClusterClient // nil unless it is one
	nodes   []*goredis.Client      // sorted by address
	timeout time.Duration
}

func (s *store) primaries(ctx context.Context) (*primaries, error) {
	p := &primaries{timeout: s.opts.Timeout}
	switch client := s.client.(type) {
	case *goredis.Client:
		p.nodes = []*goredis.Client{client}
		return p, nil
	case *goredis.ClusterClient:
		p.cluster = client
		var err error
		p.nodes, err = p.lookUp(ctx)
		return p, err
	}
	return nil, fmt.Errorf("a client of type %T is not supported", s.client)
}

// lookUp asks a Cluster for its primaries.
func (p *primaries) lookUp(ctx context.Context) ([]*goredis.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	var mu sync.Mutex
	var nodes []*goredis.Client
	err := p.cluster.ForEachMaster(ctx, func(_ context.Context, node *goredis.Client) error {
		mu.Lock()
		defer mu.Unlock()
		nodes = append(nodes, node)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("find the primaries: %w", err)
	}
	slices.SortFunc(nodes, func(a, b *goredis.Client) int { return cmp.Compare(address(a), address(b)) })
	return nodes, nil
}

func address(node *goredis.Client) string { return node.Options().Addr }

// unmoved returns errMoved once a Cluster has other primaries.
func (p *primaries) unmoved(ctx context.Context) error {
	if p.cluster == nil {
		return nil
	}
	nodes, err := p.lookUp(ctx)
	if err != nil {
		return err
	}
	if !slices.EqualFunc(p.nodes, nodes, func(a, b *goredis.Client) bool { return address(a) == address(b) }) {
		return errMoved
	}
	return nil
}

// run runs commands that concern one key, or keys of one slot, on its primary:
// also where the client is set to read from replicas, and past any cache of the
// client's. A key that has been moved is followed. It returns the first error;
// each command has its own too.
func (p *primaries) run(ctx context.Context, key string, queue func(goredis.Pipeliner)) error {
	node := p.nodes[0]
	if p.cluster != nil {
		var err error
		if node, err = p.cluster.MasterForKey(ctx, key); err != nil {
			return err
		}
	}
	err := p.pipeline(ctx, node, queue)
	if p.cluster == nil || !isMoved(err) {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	pipe := p.cluster.TxPipeline() // what goes to the primary only and follows
	queue(pipe)
	_, err = pipe.Exec(ctx)
	return err
}

func isMoved(err error) bool {
	_, moved := goredis.IsMovedError(err)
	_, asked := goredis.IsAskError(err)
	return moved || asked || goredis.IsTryAgainError(err)
}

// pipeline runs commands on a node and returns the first error. Each has its own.
func (p *primaries) pipeline(ctx context.Context, node *goredis.Client, queue func(goredis.Pipeliner)) error {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	pipe := node.Pipeline()
	queue(pipe)
	_, err := pipe.Exec(ctx)
	return err
}
