package testserver

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestEtcdRestore(t *testing.T) {
	s := Etcd(t, EtcdConfig{})
	get := []string{"get", "k", "--print-value-only"}
	file := filepath.Join(t.TempDir(), "snapshot")
	s.CLI("put", "k", "old")
	s.CLI("snapshot", "save", file)
	s.CLI("put", "k", "new")
	wantPrinted(t, s, get, "new")
	s.Kill()
	EtcdRestore(s, file)
	s.Start()
	wantPrinted(t, s, get, "old")
}

func TestEtcdRefuses(t *testing.T) {
	s := Etcd(t, EtcdConfig{Password: "pw", Flags: []string{"--auth-token-ttl=10"}})
	s.CLI("put", "k", "v")
	s.CLI("user", "add", "app:app")
	s.Kill()
	s.Start()
	root := s.env
	for _, tc := range []struct{ name, user, want string }{
		{"nobody", "", "user name is empty"},
		{"wrong password", "root:no", "authentication failed"},
		{"no right to the key", "app:app", "permission denied"},
	} {
		s.env = append(root[:len(root):len(root)], "ETCDCTL_USER="+tc.user)
		if out, err := s.TryCLI("get", "k"); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %q, %v; want %q", tc.name, out, err, tc.want)
		}
	}
}

func TestEtcdTLS(t *testing.T) {
	certs := NewCerts(t)
	s := Etcd(t, EtcdConfig{TLS: certs})
	s.CLI("put", "k", "v")
	wantPrinted(t, s, []string{"get", "k", "--print-value-only"}, "v")
	for _, tc := range tlsIntruders(t, certs) {
		if err := tc.handshake(s.Addr()); err == nil {
			t.Errorf("%s: the handshake succeeded", tc.name)
		}
	}
	s.env = append(s.env, "ETCDCTL_ENDPOINTS=http://"+s.Addr())
	if out, err := s.TryCLI("--command-timeout=2s", "get", "k"); err == nil {
		t.Errorf("without TLS: got %q, want a failure", out)
	}
}
