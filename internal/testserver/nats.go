package testserver

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
)

// NATS starts a NATS server with JetStream. What a bucket with file storage holds is kept across Kill
// and Start, until Wipe. The server has no client to run: CLI is not for it.
func NATS(t testing.TB) *Server {
	t.Helper()
	return boot(t, func() []*Server { return []*Server{newNATS(t, "nats")} })[0]
}

// NATSCluster starts n servers that hold buckets together.
func NATSCluster(t testing.TB, n int) *Cluster {
	t.Helper()
	return &Cluster{t: t, Servers: boot(t, func() []*Server {
		servers := make([]*Server, n)
		var routes []string
		for i := range servers {
			servers[i] = newNATS(t, fmt.Sprintf("n%d", i+1))
			routes = append(routes, "nats://"+servers[i].addr(natsRoutes))
		}
		for _, s := range servers {
			s.argv = append(s.argv, "--cluster_name", "test", "--cluster", "nats://"+s.addr(natsRoutes), "--routes", strings.Join(routes, ","))
		}
		return servers
	})}
}

// The ports of a NATS server.
const (
	natsClient = iota
	natsRoutes // for the members of a cluster
	natsPorts
)

func newNATS(t testing.TB, name string) *Server {
	t.Helper()
	nats := program(t, "nats-server")
	s := newServer(t, name, natsPorts)
	s.argv = []string{nats, "--name", name, "--addr", "127.0.0.1", "--port", strconv.Itoa(s.ports[natsClient]),
		"--jetstream", "--store_dir", s.DataDir()}
	s.check = s.natsServes
	return s
}

// natsServes returns nil if the server greets its clients. It does when JetStream is ready.
func (s *Server) natsServes(ctx context.Context) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.Addr())
	if err != nil {
		return err
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetReadDeadline(deadline); err != nil {
			return err
		}
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err == nil && !strings.Contains(line, `"jetstream":true`) {
		err = fmt.Errorf("greeted with %q", line)
	}
	return err
}
