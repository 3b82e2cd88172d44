package redis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	goredis "github.com/redis/go-redis/v9"
)

var errMoved = errors.New("the cluster has other primaries now")

// servers are the primaries that hold the keys, as they were when a Watch
// began, one connection to each: one, or on a Cluster several.
type servers struct {
	opts    Options
	client  *goredis.Client        // the caller's, nil on a Cluster
	cluster *goredis.ClusterClient // our own, which knows where keys are; nil unless on a Cluster
	conns   []*conn                // sorted by address
	wake    chan struct{}          // capacity 1; the connections send, Watch receives; never closed
	flags   string                 // that notifications need
}

// connect connects to the primaries. Of the keys that they tell of, only those
// that are wanted count.
func (s *store) connect(ctx context.Context, wanted func(key string) bool) (*servers, error) {
	to := &servers{opts: s.opts, wake: make(chan struct{}, 1)}
	var nodes []*goredis.Options
	switch client := s.client.(type) {
	case *goredis.Client:
		to.client = client
		nodes = append(nodes, client.Options())
	case *goredis.ClusterClient:
		to.cluster = s.clusterClient(client)
		var err error
		if nodes, err = to.lookUp(ctx); err != nil {
			to.close()
			return nil, err
		}
	default:
		return nil, fmt.Errorf("a client of type %T is not supported", s.client)
	}
	for _, node := range nodes {
		c, err := connect(ctx, node, s.opts.Timeout)
		if err != nil {
			to.close()
			return nil, err
		}
		c.wanted, c.wake = wanted, to.wake
		c.open(s.limits())
		to.conns = append(to.conns, c)
	}
	return to, nil
}

// limits bound a reply. They leave room for one that is not part of the configuration.
func (s *store) limits() limits {
	bounds := limits{bytes: s.opts.MaxBytes, items: s.opts.MaxKeys}
	if bounds.bytes >= 0 {
		bounds.bytes += 64 << 10
	}
	if bounds.items >= 0 {
		bounds.items = 2*bounds.items + 10_000
	}
	return bounds
}

// clusterClient makes a client like the caller's that heeds contexts.
func (s *store) clusterClient(like *goredis.ClusterClient) *goredis.ClusterClient {
	opts := *like.Options()
	opts.ContextTimeoutEnabled = true
	opts.DialTimeout, opts.ReadTimeout, opts.WriteTimeout = s.opts.Timeout, s.opts.Timeout, s.opts.Timeout
	opts.PoolTimeout = s.opts.Timeout
	opts.PoolSize, opts.MinIdleConns = 1, 0
	return goredis.NewClusterClient(&opts)
}

func (s *servers) close() {
	for _, c := range s.conns {
		c.close()
	}
	if s.cluster != nil {
		s.cluster.Close()
	}
}

// lookUp asks a Cluster for its primaries.
func (s *servers) lookUp(ctx context.Context) ([]*goredis.Options, error) {
	ctx, cancel := context.WithTimeout(ctx, s.opts.Timeout)
	defer cancel()
	var mu sync.Mutex
	var nodes []*goredis.Options
	err := s.cluster.ForEachMaster(ctx, func(_ context.Context, node *goredis.Client) error {
		mu.Lock()
		defer mu.Unlock()
		nodes = append(nodes, node.Options())
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("find the primaries: %w", err)
	}
	slices.SortFunc(nodes, func(a, b *goredis.Options) int { return cmp.Compare(a.Addr, b.Addr) })
	return nodes, nil
}

// sentinel is the address of every client that finds its server through Sentinel.
const sentinel = "FailoverClient"

// unmoved returns an error once there are other primaries than those that are
// connected to: on a Cluster, or because Sentinel has promoted another server,
// which a new connection tells. A primary that was replaced may live on, and
// its connection stand.
func (s *servers) unmoved(ctx context.Context) error {
	switch {
	case s.cluster != nil:
		nodes, err := s.lookUp(ctx)
		if err != nil {
			return err
		}
		if !slices.EqualFunc(s.conns, nodes, func(c *conn, node *goredis.Options) bool { return c.addr == node.Addr }) {
			return errMoved
		}
	case s.client.Options().Addr == sentinel:
		line, err := dial(ctx, s.client.Options(), s.opts.Timeout)
		if err != nil {
			return err
		}
		defer line.Close()
		if now, was := line.RemoteAddr().String(), s.conns[0].net.RemoteAddr().String(); now != was {
			return fmt.Errorf("the primary is %s now, no longer %s", now, was)
		}
	}
	return nil
}

// all sends the same commands to each server, and returns the replies of each.
func (s *servers) all(ctx context.Context, commands ...command) ([][]any, error) {
	calls := make([]*call, len(s.conns))
	for i, c := range s.conns {
		calls[i] = c.send(false, commands...)
	}
	replies := make([][]any, len(calls))
	for i, c := range s.conns {
		var err error
		if replies[i], err = c.wait(ctx, calls[i]); err != nil {
			return nil, err
		}
	}
	return replies, nil
}

// of returns the connection to the server that has a key.
func (s *servers) of(ctx context.Context, key string) (*conn, error) {
	if s.cluster == nil {
		return s.conns[0], nil
	}
	node, err := s.cluster.MasterForKey(ctx, key)
	if err != nil {
		return nil, err
	}
	return s.at(node.Options().Addr)
}

func (s *servers) at(addr string) (*conn, error) {
	for _, c := range s.conns {
		if c.addr == addr {
			return c, nil
		}
	}
	return nil, errMoved
}

// ask sends a command that concerns a key to the server that has it. A refusal
// is an error.
func (s *servers) ask(ctx context.Context, key string, args ...string) (any, error) {
	c, err := s.of(ctx, key)
	if err != nil {
		return nil, err
	}
	reply, err := c.ask(ctx, args...)
	return s.followed(ctx, reply, err, args)
}

// followed asks again where a key was moved to, on a Cluster that moves its slots.
func (s *servers) followed(ctx context.Context, reply any, err error, args command) (any, error) {
	const maxMoves = 3
	for range maxMoves {
		to, asking := movedTo(err)
		if to == "" {
			break
		}
		c, e := s.at(to)
		if e != nil {
			return nil, e
		}
		if asking {
			c.send(false, command{"ASKING"}) // for the next command
		}
		reply, err = c.ask(ctx, args...)
	}
	return reply, err
}

// movedTo returns the address of the server that a refusal names, if it does,
// and whether that one must be asked to make an exception.
func movedTo(err error) (addr string, asking bool) {
	words := strings.Fields(refused(err))
	if len(words) != 3 || words[0] != "MOVED" && words[0] != "ASK" {
		return "", false
	}
	return words[2], words[0] == "ASK"
}

// refused returns the words of a refusal, "" for another error or none.
func refused(err error) string {
	words, _ := err.(refusal)
	return string(words)
}

// heard takes what the servers have told.
func (s *servers) heard() notices {
	var heard notices
	for _, c := range s.conns {
		heard.merge(c.heard())
	}
	return heard
}

// pending reports whether something was told that nobody has taken, or else
// returns why a connection has broken.
func (s *servers) pending() (any bool, err error) {
	for _, c := range s.conns {
		if err := c.broken(); err != nil {
			return false, err
		}
		any = any || c.pending()
	}
	return any, nil
}

// received returns how many bytes have come since it was last called.
func (s *servers) received() (bytes int64) {
	for _, c := range s.conns {
		c.mu.Lock()
		bytes += c.received
		c.received = 0
		c.mu.Unlock()
	}
	return bytes
}
