package testserver

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/confsync/confsync/internal/await"
)

const consulToken = "6a1253d2-1785-24fd-91c2-f8e78c745511"

func TestConsulInMemoryForgets(t *testing.T) {
	s := Consul(t, ConsulConfig{})
	s.CLI("kv", "put", "k", "v")
	s.Kill()
	s.Start()
	if out, err := s.TryCLI("kv", "get", "k"); err == nil {
		t.Errorf("after a restart: value %q, want none", out)
	}
}

func TestConsulRefuses(t *testing.T) {
	for _, persistent := range []bool{false, true} {
		s := Consul(t, ConsulConfig{Persistent: persistent, Token: consulToken})
		s.CLI("kv", "put", "k", "v")
		s.env = append(s.env, "CONSUL_HTTP_TOKEN=")
		if out, err := s.TryCLI("kv", "put", "k", "w"); err == nil || !strings.Contains(err.Error(), "403") {
			t.Errorf("without a token: %q, %v; want 403", out, err)
		}
		if out, err := s.TryCLI("kv", "get", "-token=00000000-0000-0000-0000-000000000000", "k"); err == nil || !strings.Contains(err.Error(), "403") {
			t.Errorf("with a wrong token: %q, %v; want 403", out, err)
		}
	}
}

func TestConsulTLS(t *testing.T) {
	certs := NewCerts(t)
	s := Consul(t, ConsulConfig{TLS: certs})
	s.CLI("kv", "put", "k", "v")
	wantPrinted(t, s, []string{"kv", "get", "k"}, "v")
	for _, tc := range tlsIntruders(t, certs) {
		if err := tc.handshake(s.Addr()); err == nil {
			t.Errorf("%s: the handshake succeeded", tc.name)
		}
	}
	if resp, err := http.Get("http://" + s.Addr() + "/v1/status/leader"); err == nil {
		resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			t.Error("without TLS: served")
		}
	}
}

func TestConsulConfig(t *testing.T) {
	s := Consul(t, ConsulConfig{
		Config: map[string]any{"limits": map[string]any{"http_max_conns_per_client": 2}},
		Flags:  []string{"-node=other"},
	})
	out := s.CLI("members")
	if !strings.Contains(out, "other") {
		t.Errorf("members: %q, want a node called other", out)
	}
	for range 2 { // the server takes these, and says nothing yet
		talk(t, s.Addr())
	}
	if answer, err := talk(t, s.Addr()).receive(await.Limit); !strings.Contains(answer, "429") {
		t.Errorf("the third connection got %q, %v; want 429", answer, err)
	}
}

func TestConsulSnapshot(t *testing.T) {
	s := Consul(t, ConsulConfig{})
	file := filepath.Join(t.TempDir(), "snapshot")
	s.CLI("kv", "put", "k", "old")
	s.CLI("snapshot", "save", file)
	s.CLI("kv", "put", "k", "new")
	s.CLI("snapshot", "restore", file)
	wantPrinted(t, s, []string{"kv", "get", "k"}, "old")
}
