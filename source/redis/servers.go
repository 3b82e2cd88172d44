package redis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

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
	flags   string                 // that notifications need
	late    *time.Timer            // starts to hear, during what takes its time
	hearing sync.WaitGroup         // what late has started
}

// connect connects to the primaries. Of the keys that they tell of, only those
// that are wanted count.
func (s *store) connect(ctx context.Context, wanted func(key string) bool) (*servers, error) {
	to := &servers{opts: s.opts}
	to.late = time.AfterFunc(never, func() {
		defer to.hearing.Done()
		to.await(time.Now().Add(never), true)
	})
	to.late.Stop()
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
		c.wanted = wanted
		c.open(ctx, s.limits())
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

// exchange is commands to one server, and its replies.
type exchange struct {
	conn     *conn
	commands []command
	replies  []any
}

// exchange sends commands, and returns when there is a reply to each. Meanwhile
// it hears what the other servers tell.
func (s *servers) exchange(all ...*exchange) error {
	for _, e := range all {
		e.conn.send(e.commands...)
	}
	errs := make([]error, len(all))
	if len(s.conns) == 1 {
		for i, e := range all {
			errs[i] = e.receive()
		}
		return cmp.Or(errs...)
	}
	var answers, others sync.WaitGroup
	idle := slices.Clone(s.conns)
	for i, e := range all {
		idle = slices.DeleteFunc(idle, func(c *conn) bool { return c == e.conn })
		answers.Go(func() { errs[i] = e.receive() })
	}
	for _, c := range idle {
		others.Go(func() { c.await(time.Now().Add(never), true) })
	}
	answers.Wait()
	s.hush(idle, &others)
	return cmp.Or(errs...)
}

func (e *exchange) receive() (err error) {
	e.replies, err = e.conn.receive(len(e.commands))
	return err
}

// await hears what the servers tell until one has told something that nobody has
// taken, or where all is to be heard for as long as there is time.
func (s *servers) await(until time.Time, all bool) {
	first, rest := s.conns[0], s.conns[1:]
	var others sync.WaitGroup
	for _, c := range rest {
		others.Go(func() {
			c.await(until, all)
			for _, c := range s.conns {
				c.hush()
			}
		})
	}
	first.await(until, all)
	s.hush(rest, &others)
}

// during runs f, and hears what the servers tell if that takes its time: a server
// cuts off who doesn't read. A timer that is the program's first to run out costs
// more than an update: so it isn't an early one.
func (s *servers) during(f func()) {
	s.hearing.Add(1)
	s.late.Reset(time.Second)
	f()
	if s.late.Stop() {
		s.hearing.Done()
		return
	}
	s.hush(s.conns, &s.hearing)
}

// hush ends the await of connections and waits for those who do it.
func (s *servers) hush(conns []*conn, awaiting *sync.WaitGroup) {
	for _, c := range conns {
		c.hush()
	}
	awaiting.Wait()
	for _, c := range s.conns {
		c.hushed.Store(false)
	}
}

const never time.Duration = 1<<63 - 1

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
	reply, err := c.ask(args...)
	return s.followed(reply, err, args)
}

// followed asks again where a key was moved to, on a Cluster that moves its slots.
func (s *servers) followed(reply any, err error, args command) (any, error) {
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
		if asking { // for the next command
			if _, err := c.ask("ASKING"); err != nil {
				return nil, err
			}
		}
		reply, err = c.ask(args...)
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
		if c.err != nil {
			return false, c.err
		}
		any = any || !c.notices.nothing()
	}
	return any, nil
}

// received returns how many bytes have come since it was last called.
func (s *servers) received() (bytes int64) {
	for _, c := range s.conns {
		bytes += c.received
		c.received = 0
	}
	return bytes
}
