package consul_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/consul/api"

	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source/consul"
)

// TLS and tokens are the client's: the source needs to know of neither.
func TestTLSAndToken(t *testing.T) {
	certs := testserver.NewCerts(t)
	server := testserver.Consul(t, testserver.ConsulConfig{TLS: certs, Token: rootToken})
	dial := func(token string, tls api.TLSConfig) *api.Client {
		transport := &http.Transport{}
		t.Cleanup(transport.CloseIdleConnections)
		client, err := api.NewClient(&api.Config{Address: server.Addr(), Scheme: "https", Token: token, Transport: transport, TLSConfig: tls})
		if err != nil {
			t.Fatal(err)
		}
		return client
	}
	mutual := api.TLSConfig{CAFile: certs.CA, CertFile: certs.ClientCert, KeyFile: certs.ClientKey}
	root := dial(rootToken, mutual)
	put(t, root, "app/a", "1")
	id := policy(t, root, "", `key_prefix "app/" { policy = "read" }`)
	token, _, err := root.ACL().TokenCreate(&api.ACLToken{Policies: []*api.ACLLink{{ID: id}}}, nil)
	if err != nil {
		t.Fatal(err)
	}

	w := follow(t, consul.New(dial(token.SecretID, mutual), "app", nil))
	w.tree(`{a:"1"}`)
	put(t, root, "app/a", "2")
	w.tree(`{a:"2"}`)

	refused := []struct {
		name   string
		client *api.Client
		says   string
	}{
		{"no client certificate", dial(token.SecretID, api.TLSConfig{CAFile: certs.CA}), "certificate required"},
		{"an authority we don't know", dial(token.SecretID, api.TLSConfig{CertFile: certs.ClientCert, KeyFile: certs.ClientKey}), "unknown authority"},
		{"a token that isn't one", dial("22222222-2222-3333-4444-555555555555", mutual), "403"},
	}
	for _, tt := range refused {
		t.Run(tt.name, func(t *testing.T) {
			snaps, err := watchOnce(t.Context(), consul.New(tt.client, "app", nil))
			if len(snaps) > 0 || err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("emitted %q, Watch = %v, want an error that says %q", drawn(snaps), err, tt.says)
			}
		})
	}
}
