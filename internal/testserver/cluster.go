package testserver

import (
	"context"
	"errors"
	"testing"
)

// Cluster is several servers that hold one store.
type Cluster struct {
	t testing.TB

	// Servers are the members, in a fixed order; each may be stopped, paused and started by itself.
	Servers []*Server
}

// Addrs returns the members' addresses for clients, in their order.
func (c *Cluster) Addrs() []string {
	addrs := make([]string, len(c.Servers))
	for i, s := range c.Servers {
		addrs[i] = s.Addr()
	}
	return addrs
}

// Leader returns a running member that says that it leads. It waits while there is none, as there is
// none during an election, and fails the test when there is none for long.
func (c *Cluster) Leader() *Server {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	var leader *Server
	err := poll(ctx, func(ctx context.Context) error {
		for _, s := range c.Servers {
			if s.cmd != nil && !s.paused && s.leads(ctx) {
				leader = s
				return nil
			}
		}
		return errors.New("no running member says that it leads")
	})
	if err != nil {
		c.t.Fatalf("cluster of %s: %v", c.Servers[0].name, err)
	}
	return leader
}

// Start starts the members that are not running and returns once all of them serve.
func (c *Cluster) Start() {
	c.t.Helper()
	if err := startAll(c.Servers); err != nil {
		c.t.Fatal(err)
	}
}
