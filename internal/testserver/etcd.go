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

// EtcdConfig says how an etcd server runs. Its zero value has neither TLS nor users. State is kept in the
// data directory, across Kill and Start, until Wipe.
type EtcdConfig struct {
	// TLS serves TLS only, to clients with a certificate only. Members talk to one another in the clear.
	TLS *Certs
	// Password is that of the user root, as whom CLI then runs; without one nobody gets in. A Wipe takes
	// users and passwords away with the rest.
	Password string
	// Flags are further arguments of etcd, such as --auth-token-ttl=10.
	Flags []string
}

// Etcd starts a single etcd server.
func Etcd(t testing.TB, cfg EtcdConfig) *Server {
	t.Helper()
	return EtcdCluster(t, 1, cfg).Servers[0]
}

// EtcdCluster starts etcd servers that replicate to one another.
func EtcdCluster(t testing.TB, size int, cfg EtcdConfig) *Cluster {
	t.Helper()
	c := &Cluster{t, boot(t, func() []*Server { return newEtcd(t, size, cfg) })}
	if cfg.Password != "" {
		c.Servers[0].CLI("user", "add", "root:"+cfg.Password)
		c.Servers[0].CLI("user", "grant-role", "root", "root")
		c.Servers[0].CLI("auth", "enable")
		for _, s := range c.Servers {
			s.env = append(s.env, "ETCDCTL_USER=root:"+cfg.Password)
		}
	}
	return c
}

// EtcdRestore puts a snapshot, written by `etcdctl snapshot save`, in the place of the data of a stopped
// server that is no member of a cluster. As a restore does, it makes the server's ids new and sets the
// revision back.
func EtcdRestore(s *Server, snapshot string) {
	s.t.Helper()
	s.Wipe()
	args := append([]string{"snapshot", "restore", snapshot, "--data-dir=" + s.DataDir()}, etcdMembers([]*Server{s}, 0)...)
	if _, err := s.run(s.t.Context(), []string{program(s.t, "etcdutl")}, args...); err != nil {
		s.t.Fatal(err)
	}
}

// The ports of an etcd server.
const (
	etcdClientPort = iota
	etcdPeerPort
	etcdPorts
)

func newEtcd(t testing.TB, size int, cfg EtcdConfig) []*Server {
	t.Helper()
	etcd, etcdctl := program(t, "etcd"), program(t, "etcdctl")
	servers := make([]*Server, size)
	for i := range servers {
		servers[i] = newServer(t, "etcd", etcdPorts)
	}
	for i, s := range servers {
		client := &etcdClient{base: "http://" + s.Addr(), http: newHTTPClient(cfg.TLS)}
		s.argv = append([]string{etcd, "--data-dir=" + s.DataDir(), "--log-level=warn",
			"--unsafe-no-fsync"}, // what a killed process wrote is still the kernel's
			etcdMembers(servers, i)...)
		if cfg.TLS != nil {
			client.base = "https://" + s.Addr()
			s.argv = append(s.argv, "--client-cert-auth", "--trusted-ca-file="+cfg.TLS.CA,
				"--cert-file="+cfg.TLS.ServerCert, "--key-file="+cfg.TLS.ServerKey)
			s.env = append(s.env, "ETCDCTL_CACERT="+cfg.TLS.CA,
				"ETCDCTL_CERT="+cfg.TLS.ClientCert, "ETCDCTL_KEY="+cfg.TLS.ClientKey)
		}
		s.argv = append(s.argv, "--listen-client-urls="+client.base, "--advertise-client-urls="+client.base,
			"--listen-peer-urls=http://"+s.addr(etcdPeerPort))
		s.argv = append(s.argv, cfg.Flags...)
		s.client = []string{etcdctl}
		s.env = append(s.env, "ETCDCTL_ENDPOINTS="+client.base)
		s.check, s.leads = client.serves, client.leads
	}
	return servers
}

// etcdMembers returns the arguments that say who is in a cluster, and which of them is meant.
func etcdMembers(servers []*Server, me int) []string {
	members := make([]string, len(servers))
	for i, s := range servers {
		members[i] = fmt.Sprintf("n%d=http://%s", i+1, s.addr(etcdPeerPort))
	}
	return []string{
		fmt.Sprintf("--name=n%d", me+1),
		"--initial-cluster=" + strings.Join(members, ","),
		"--initial-advertise-peer-urls=http://" + servers[me].addr(etcdPeerPort),
	}
}

// etcdClient asks a server about itself, through its JSON gateway.
type etcdClient struct {
	base string
	http *http.Client
}

// serves returns nil if the server has a leader that confirms a read.
func (c *etcdClient) serves(ctx context.Context) error {
	_, err := c.do(ctx, http.MethodGet, "/health")
	return err
}

func (c *etcdClient) leads(ctx context.Context) bool {
	body, err := c.do(ctx, http.MethodPost, "/v3/maintenance/status")
	if err != nil {
		return false
	}
	var status struct {
		Leader string
		Header struct {
			Member string `json:"member_id"`
		}
	}
	return json.Unmarshal(body, &status) == nil && status.Leader != "" && status.Leader == status.Header.Member
}

func (c *etcdClient) do(ctx context.Context, method, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, strings.NewReader("{}"))
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", resp.Status, strings.TrimSpace(string(body)))
	}
	return body, nil
}
