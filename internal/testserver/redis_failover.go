package testserver

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// Failover is a Redis primary with a replica, and the sentinel that promotes the replica about a second
// after it has lost the primary. Leader says which of the two is the primary.
type Failover struct {
	Cluster
	Sentinel *Server
	// Name is what the sentinel calls the primary.
	Name string
}

// RedisFailover starts a primary, Servers[0], a replica of it, Servers[1], and one sentinel. The sentinel
// itself asks for no password; it uses TLS as the others do.
func RedisFailover(t testing.TB, cfg RedisConfig) *Failover {
	t.Helper()
	const name = "confsync"
	servers := boot(t, func() []*Server {
		primary := newRedis(t, "redis-primary", cfg)
		replica := newRedis(t, "redis-replica", cfg, fmt.Sprintf("replicaof 127.0.0.1 %d", primary.ports[redisClient]))
		replica.check = replica.inRole
		return []*Server{primary, replica}
	})
	// A sentinel looks for replicas when it starts and every ten seconds: let there be one when it does.
	sentinel := boot(t, func() []*Server { return []*Server{newSentinel(t, name, servers[0], cfg)} })[0]
	sentinel.CLI("SENTINEL", "DEBUG", "INFO-PERIOD", "500", "PUBLISH-PERIOD", "500")
	return &Failover{Cluster: Cluster{t, servers}, Sentinel: sentinel, Name: name}
}

// inRole returns nil if the server is a primary or a replica in touch with its primary.
func (s *Server) inRole(ctx context.Context) error {
	if s.leads(ctx) {
		return nil
	}
	return s.redisSays(ctx, "master_link_status:up", "INFO", "replication")
}

func newSentinel(t testing.TB, name string, primary *Server, cfg RedisConfig) *Server {
	t.Helper()
	s := newServer(t, "redis-sentinel", redisPorts)
	config := append(redisFile(s, RedisConfig{TLS: cfg.TLS}),
		fmt.Sprintf("sentinel monitor %s 127.0.0.1 %d 1", name, primary.ports[redisClient]),
		"sentinel down-after-milliseconds "+name+" 1000",
		"sentinel failover-timeout "+name+" 5000")
	if cfg.Password != "" {
		config = append(config, "sentinel auth-pass "+name+" "+cfg.Password)
	}
	// The sentinel writes what it learns into this file.
	s.argv = []string{program(t, "redis-server"), s.writeFile("sentinel.conf", strings.Join(config, "\n")+"\n"), "--sentinel"}
	redisCLI(s, RedisConfig{TLS: cfg.TLS})
	s.check = func(ctx context.Context) error {
		return s.redisSays(ctx, ",slaves=1,", "INFO", "sentinel")
	}
	return s
}
