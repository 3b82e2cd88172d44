package testserver

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// RedisCluster starts size Redis servers, primaries all of them, that share the slots of a Redis Cluster
// evenly and in order: the first has those from 0. A member that is wiped doesn't find its way back.
func RedisCluster(t testing.TB, size int, cfg RedisConfig) *Cluster {
	t.Helper()
	servers := boot(t, func() []*Server {
		servers := make([]*Server, size)
		for i := range servers {
			servers[i] = newClusterMember(t, cfg)
		}
		return servers
	})
	const slots = 16384
	for i, s := range servers {
		s.CLI("CLUSTER", "ADDSLOTSRANGE", strconv.Itoa(slots*i/size), strconv.Itoa(slots*(i+1)/size-1))
		if i > 0 {
			s.CLI("CLUSTER", "MEET", "127.0.0.1",
				strconv.Itoa(servers[0].ports[redisClient]), strconv.Itoa(servers[0].ports[redisBus]))
		}
	}
	for _, s := range servers {
		s.check = func(ctx context.Context) error {
			return errors.Join(s.redisSays(ctx, "cluster_state:ok", "CLUSTER", "INFO"),
				s.redisSays(ctx, fmt.Sprintf("cluster_known_nodes:%d", size), "CLUSTER", "INFO"))
		}
		if err := s.await(); err != nil {
			t.Fatal(err)
		}
		s.client = append(s.client, "-c") // goes to the member that has the key
	}
	return &Cluster{t, servers}
}

func newClusterMember(t testing.TB, cfg RedisConfig) *Server {
	t.Helper()
	s := newRedis(t, "redis-cluster", cfg)
	s.argv = append(s.argv, strings.Fields(fmt.Sprintf(
		"--cluster-enabled yes --cluster-port %d --cluster-node-timeout 1500", s.ports[redisBus]))...)
	return s
}
