package testserver

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// RedisConfig says how a Redis server runs. Its zero value is a server without a password or TLS that
// keeps everything in memory, so that each start is a new store, and with Redis's own defaults
// otherwise: keyspace notifications are off.
type RedisConfig struct {
	// Persistent keeps every write in the data directory, across Kill and Start, until Wipe.
	Persistent bool
	// Password is the default user's. Empty: none is asked for.
	Password string
	// TLS serves TLS only, to clients with a certificate only.
	TLS *Certs
	// Config are further lines of the configuration file.
	Config []string
}

// Redis starts a standalone Redis server.
func Redis(t testing.TB, cfg RedisConfig) *Server {
	t.Helper()
	return boot(t, func() []*Server { return []*Server{newRedis(t, "redis", cfg)} })[0]
}

// The ports of a Redis server.
const (
	redisClient = iota
	redisBus    // for the members of a cluster
	redisPorts
)

func newRedis(t testing.TB, name string, cfg RedisConfig, more ...string) *Server {
	t.Helper()
	redis := program(t, "redis-server")
	s := newServer(t, name, redisPorts)
	config := append(redisFile(s, cfg), more...)
	config = append(config, cfg.Config...)
	s.argv = []string{redis, s.writeFile("redis.conf", strings.Join(config, "\n")+"\n")}
	redisCLI(s, cfg)
	s.check = func(ctx context.Context) error { return s.redisSays(ctx, "PONG", "PING") }
	s.leads = func(ctx context.Context) bool { return s.redisSays(ctx, "role:master", "INFO", "replication") == nil }
	return s
}

// redisFile returns a server's configuration, a line each.
func redisFile(s *Server, cfg RedisConfig) []string {
	config := []string{"bind 127.0.0.1", "dir " + s.DataDir(), `save ""`, "repl-diskless-sync-delay 0"}
	if cfg.Persistent {
		config = append(config, "appendonly yes")
	}
	if cfg.Password != "" {
		config = append(config, "requirepass "+cfg.Password, "masterauth "+cfg.Password)
	}
	port := strconv.Itoa(s.ports[redisClient])
	if cfg.TLS == nil {
		return append(config, "port "+port)
	}
	return append(config, "port 0", "tls-port "+port, "tls-auth-clients yes",
		"tls-replication yes", "tls-cluster yes", "tls-ca-cert-file "+cfg.TLS.CA,
		"tls-cert-file "+cfg.TLS.ServerCert, "tls-key-file "+cfg.TLS.ServerKey,
		"tls-client-cert-file "+cfg.TLS.ClientCert, "tls-client-key-file "+cfg.TLS.ClientKey)
}

// redisCLI sets the server's client up: an error reply is a failure.
func redisCLI(s *Server, cfg RedisConfig) {
	s.t.Helper()
	s.client = []string{program(s.t, "redis-cli"), "-e", "-h", "127.0.0.1", "-p", strconv.Itoa(s.ports[redisClient])}
	if cfg.TLS != nil {
		s.client = append(s.client, "--tls", "--cacert", cfg.TLS.CA, "--cert", cfg.TLS.ClientCert, "--key", cfg.TLS.ClientKey)
	}
	if cfg.Password != "" {
		s.env = []string{"REDISCLI_AUTH=" + cfg.Password}
	}
}

// redisSays returns nil if the reply to a command holds want.
func (s *Server) redisSays(ctx context.Context, want string, command ...string) error {
	reply, err := s.run(ctx, s.client, command...)
	if err == nil && !strings.Contains(reply, want) {
		err = fmt.Errorf("%s: no %q in the reply", strings.Join(command, " "), want)
	}
	return err
}
