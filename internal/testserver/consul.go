package testserver

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// ConsulConfig says how a Consul server runs. Its zero value is a development server: no ACLs, no TLS,
// everything in memory, so that each start is a new store.
type ConsulConfig struct {
	// Persistent keeps state in the data directory, across Kill and Start, until Wipe.
	Persistent bool
	// Token switches ACLs on, denying what isn't allowed, and is the management token that CLI uses.
	// It has the form of a UUID.
	Token string
	// TLS serves HTTPS instead of HTTP, to clients with a certificate only.
	TLS *Certs
	// Config is further configuration, as in a configuration file; its top-level keys replace ours.
	Config map[string]any
	// Flags are further arguments of `consul agent`.
	Flags []string
}

// Consul starts a Consul server with itself as the leader.
func Consul(t testing.TB, cfg ConsulConfig) *Server {
	t.Helper()
	return boot(t, func() []*Server { return newConsul(t, 1, cfg) })[0]
}

// ConsulCluster starts Consul servers that replicate to one another. They are persistent whatever cfg says.
func ConsulCluster(t testing.TB, size int, cfg ConsulConfig) *Cluster {
	t.Helper()
	cfg.Persistent = true
	return &Cluster{t, boot(t, func() []*Server { return newConsul(t, size, cfg) })}
}

// The ports of a Consul server.
const (
	consulHTTP = iota
	consulRPC
	consulSerf
	consulPorts
)

func newConsul(t testing.TB, size int, cfg ConsulConfig) []*Server {
	t.Helper()
	consul := program(t, "consul")
	servers := make([]*Server, size)
	join := make([]string, size)
	for i := range servers {
		servers[i] = newServer(t, "consul", consulPorts)
		join[i] = servers[i].addr(consulSerf)
	}
	for i, s := range servers {
		client := &consulClient{base: "http://" + s.Addr(), token: cfg.Token, http: newHTTPClient(cfg.TLS)}
		if cfg.TLS != nil {
			client.base = "https://" + s.Addr()
		}
		file, err := json.Marshal(consulFile(s, fmt.Sprintf("n%d", i+1), join, cfg))
		if err != nil {
			t.Fatal(err)
		}
		s.argv = append([]string{consul, "agent", "-config-file", s.writeFile("consul.json", string(file))}, cfg.Flags...)
		if cfg.Persistent {
			s.argv = append(s.argv, "-server", fmt.Sprintf("-bootstrap-expect=%d", size), "-data-dir", s.DataDir())
		} else {
			s.argv = append(s.argv, "-dev")
		}
		s.client = []string{consul}
		s.env = []string{"CONSUL_HTTP_ADDR=" + client.base, "CONSUL_HTTP_TOKEN=" + cfg.Token}
		if cfg.TLS != nil {
			s.env = append(s.env, "CONSUL_CACERT="+cfg.TLS.CA,
				"CONSUL_CLIENT_CERT="+cfg.TLS.ClientCert, "CONSUL_CLIENT_KEY="+cfg.TLS.ClientKey)
		}
		s.check, s.leads = client.serves, client.leads
	}
	return servers
}

// consulFile returns a server's configuration. Serf and Raft are set to find out fast about a dead peer.
func consulFile(s *Server, node string, join []string, cfg ConsulConfig) map[string]any {
	ports := map[string]int{
		"http": s.ports[consulHTTP], "server": s.ports[consulRPC], "serf_lan": s.ports[consulSerf],
		"https": -1, "serf_wan": -1, "dns": -1, "grpc": -1, "grpc_tls": -1,
	}
	file := map[string]any{
		"node_name":            node,
		"bind_addr":            "127.0.0.1",
		"client_addr":          "127.0.0.1",
		"ports":                ports,
		"disable_update_check": true,
		"performance":          map[string]any{"raft_multiplier": 1},
	}
	if len(join) > 1 {
		file["retry_join"] = join
		file["retry_interval"] = "1s"
	}
	if cfg.Token != "" {
		file["acl"] = map[string]any{
			"enabled": true, "default_policy": "deny",
			"tokens": map[string]any{"initial_management": cfg.Token, "agent": cfg.Token},
		}
	}
	if cfg.TLS != nil {
		ports["http"], ports["https"] = -1, s.ports[consulHTTP]
		file["tls"] = map[string]any{"https": map[string]any{
			"ca_file": cfg.TLS.CA, "cert_file": cfg.TLS.ServerCert, "key_file": cfg.TLS.ServerKey,
			"verify_incoming": true,
		}}
	}
	for key, value := range cfg.Config {
		file[key] = value
	}
	return file
}

// consulClient asks a server about itself.
type consulClient struct {
	base, token string
	http        *http.Client
}

// serves returns nil if the server has a leader that confirms a read, with our token if there is one.
func (c *consulClient) serves(ctx context.Context) error {
	_, err := c.get(ctx, "/v1/kv/?keys&consistent")
	return err
}

func (c *consulClient) leads(ctx context.Context) bool {
	body, err := c.get(ctx, "/v1/agent/self")
	if err != nil {
		return false
	}
	var self struct {
		Stats struct {
			Consul struct{ Leader string }
		}
	}
	return json.Unmarshal([]byte(body), &self) == nil && self.Stats.Consul.Leader == "true"
}

// get returns the body of an answer of 200, or nothing for a 404 that a leader knows of.
func (c *consulClient) get(ctx context.Context, path string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+path, nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("X-Consul-Token", c.token)
	resp, err := c.http.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err
	}
	if resp.StatusCode == http.StatusNotFound && resp.Header.Get("X-Consul-Knownleader") == "true" {
		return "", nil
	}
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s", resp.Status, strings.TrimSpace(string(body)))
	}
	return string(body), nil
}
