package place

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/zookeeper"
)

// openZooKeeper takes "user:password" of digest authentication from the file
// that an option names, or from CONFSYNC_ZK_AUTH.
func openZooKeeper(a *address) (*Place, error) {
	dial := zk.Dialer(net.DialTimeout)
	if config := a.tls(); config != nil {
		dial = func(network, addr string, timeout time.Duration) (net.Conn, error) {
			return tls.DialWithDialer(&net.Dialer{Timeout: timeout}, network, addr, config)
		}
	}
	auth := a.secret("auth-file", "CONFSYNC_ZK_AUTH")
	conn, err := connectZooKeeper(a.hostsOr("127.0.0.1:2181"), dial)
	if err != nil {
		return nil, err
	}
	if auth != "" {
		if err := conn.AddAuth("digest", []byte(auth)); err != nil {
			conn.Close()
			return nil, err
		}
	}
	root := "/" + strings.Trim(a.path, "/")
	format := a.format("document")
	return &Place{
		Source: zookeeper.New(conn, root, &zookeeper.Options{Document: format}),
		Store:  &zkStore{conn, Layout{format, source.Keys{Root: root}}},
		closer: conn.Close,
	}, nil
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}

// connectZooKeeper returns a connection whose events need not be read.
func connectZooKeeper(hosts []string, dial zk.Dialer) (*zk.Conn, error) {
	conn, events, err := zk.Connect(hosts, 10*time.Second, zk.WithDialer(dial), zk.WithLogger(quiet{}), zk.WithLogInfo(false))
	if err != nil {
		return nil, err
	}
	go func() {
		for range events { // until the connection is closed
		}
	}()
	return conn, nil
}

type zkStore struct {
	conn   *zk.Conn
	layout Layout
}

func (s *zkStore) Layout() Layout { return s.layout }
func (s *zkStore) Batch() int     { return 0 }

func (s *zkStore) Read(ctx context.Context) (map[string]Entry, error) {
	entries := map[string]Entry{}
	err := s.read(ctx, entries, s.layout.Keys.Root)
	if s.layout.Document == 0 {
		delete(entries, s.layout.Keys.Root)
	}
	return entries, err
}

func (s *zkStore) read(ctx context.Context, entries map[string]Entry, node string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	data, stat, err := s.conn.Get(node)
	if errors.Is(err, zk.ErrNoNode) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", node, err)
	}
	if len(data) > 0 || stat.NumChildren == 0 {
		entries[node] = Entry{string(data), int64(stat.Version)}
	}
	if s.layout.Document != 0 {
		return nil
	}
	kids, _, err := s.conn.Children(node)
	if err != nil && !errors.Is(err, zk.ErrNoNode) {
		return fmt.Errorf("%s: %w", node, err)
	}
	for _, kid := range kids {
		if err := s.read(ctx, entries, path.Join(node, kid)); err != nil {
			return err
		}
	}
	return nil
}

// Apply makes the nodes above those that come, and takes away, with those that
// go, the ones above them that hold nothing and have nothing else below.
func (s *zkStore) Apply(ctx context.Context, changes []Change) error {
	changes = slices.Clone(changes)
	slices.SortFunc(changes, func(a, b Change) int { return cmp.Compare(a.Key, b.Key) })
	plan := zkPlan{conn: s.conn, root: s.layout.Keys.Root, made: map[string]bool{}, gone: map[string]bool{}}
	for _, c := range changes {
		if c.New != nil {
			if err := plan.put(c); err != nil {
				return err
			}
		}
	}
	for _, c := range slices.Backward(changes) {
		if c.New == nil {
			plan.delete(c.Key, int32(c.Old.Revision))
			if err := plan.deleteAbove(path.Dir(c.Key)); err != nil {
				return err
			}
		}
	}
	_, err := s.conn.Multi(plan.requests...)
	for _, moved := range []error{zk.ErrBadVersion, zk.ErrNodeExists, zk.ErrNoNode, zk.ErrNotEmpty} {
		if errors.Is(err, moved) {
			return ErrMoved
		}
	}
	return err
}

// zkPlan gathers the requests of one transaction.
type zkPlan struct {
	conn       *zk.Conn
	root       string
	made, gone map[string]bool
	requests   []any
}

func (p *zkPlan) put(c Change) error {
	if c.Old != nil {
		p.requests = append(p.requests, &zk.SetDataRequest{Path: c.Key, Data: []byte(*c.New), Version: int32(c.Old.Revision)})
		return nil
	}
	if err := p.makeAbove(path.Dir(c.Key)); err != nil {
		return err
	}
	data, stat, err := p.conn.Get(c.Key)
	switch {
	case errors.Is(err, zk.ErrNoNode):
		p.create(c.Key, *c.New)
	case err != nil:
		return err
	case len(data) > 0 || stat.NumChildren == 0:
		return ErrMoved
	default: // there for the nodes below it, and no key of its own
		p.requests = append(p.requests, &zk.SetDataRequest{Path: c.Key, Data: []byte(*c.New), Version: stat.Version})
	}
	return nil
}

func (p *zkPlan) create(node, data string) {
	p.made[node] = true
	p.requests = append(p.requests, &zk.CreateRequest{Path: node, Data: []byte(data), Acl: zk.WorldACL(zk.PermAll)})
}

// makeAbove makes a node and those above it, where they aren't there.
func (p *zkPlan) makeAbove(node string) error {
	if node == "/" || p.made[node] {
		return nil
	}
	there, _, err := p.conn.Exists(node)
	if there || err != nil {
		return err
	}
	if err := p.makeAbove(path.Dir(node)); err != nil {
		return err
	}
	p.create(node, "")
	return nil
}

func (p *zkPlan) delete(node string, version int32) {
	p.gone[node] = true
	p.requests = append(p.requests, &zk.DeleteRequest{Path: node, Version: version})
}

// deleteAbove deletes a node that would be left with nothing, and those above it.
func (p *zkPlan) deleteAbove(node string) error {
	if node == p.root || node == "/" || p.gone[node] {
		return nil
	}
	data, stat, err := p.conn.Get(node)
	if err != nil || len(data) > 0 {
		return err
	}
	kids, _, err := p.conn.Children(node)
	if err != nil {
		return err
	}
	for _, kid := range kids {
		if !p.gone[path.Join(node, kid)] {
			return nil
		}
	}
	for made := range p.made {
		if strings.HasPrefix(made, node+"/") {
			return nil
		}
	}
	p.delete(node, stat.Version)
	return p.deleteAbove(path.Dir(node))
}
