package etcd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/internal/testserver"
)

const rootPassword = "root's"

// guarded starts a server with users: root, and app, whose password is "app"
// and who may read /app/ and write there.
func guarded(t *testing.T, cfg testserver.EtcdConfig) *testserver.Server {
	t.Helper()
	cfg.Password = rootPassword
	s := testserver.Etcd(t, cfg)
	s.CLI("role", "add", "app")
	s.CLI("role", "grant-permission", "--prefix=true", "app", "readwrite", "/app/")
	s.CLI("user", "add", "app:app")
	s.CLI("user", "grant-role", "app", "app")
	return s
}

func as(t *testing.T, s *testserver.Server, user, password string) *clientv3.Client {
	t.Helper()
	return connect(t, clientv3.Config{Endpoints: []string{s.Addr()}, Username: user, Password: password})
}

// fixed has each request made with a token that the client can't renew.
func fixed(token string) grpc.DialOption { return grpc.WithPerRPCCredentials(bearer(token)) }

type bearer string

func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{rpctypes.TokenFieldNameGRPC: string(b)}, nil
}

func (bearer) RequireTransportSecurity() bool { return false }

// A token's end is not the source's: neither that of the watch that runs nor
// that of the ones begun later.
func TestE10TokenExpires(t *testing.T) {
	const ttl = 2 * time.Second
	s := guarded(t, testserver.EtcdConfig{Flags: []string{"--auth-token-ttl=2"}})
	client, root := as(t, s, "app", "app"), as(t, s, "root", rootPassword)
	put(t, root, "/app/a", "1")
	token, err := clientv3.NewAuth(client).Authenticate(t.Context(), "app", "app")
	if err != nil {
		t.Fatal(err)
	}
	static := connect(t, clientv3.Config{Endpoints: []string{s.Addr()}, DialOptions: []grpc.DialOption{fixed(token.Token)}})
	running := record(t, New(client, "/app", &Options{Probe: -1}))
	running.want(t, `{a:"1"}`)
	probed := record(t, New(client, "/app", quick()))
	probed.want(t, `{a:"1"}`)

	await.Until(t, "expiry", func() bool { // looked at so rarely that the token isn't kept alive
		time.Sleep(2 * ttl)
		_, err := static.Get(t.Context(), "/app/a")
		return errors.Is(err, rpctypes.ErrInvalidAuthToken)
	})
	put(t, root, "/app/a", "2")
	running.want(t, `{a:"2"}`)
	probed.want(t, `{a:"2"}`)
	later := record(t, New(client, "/app", quick()))
	later.want(t, `{a:"2"}`)
	put(t, root, "/app/a", "3")
	for _, r := range []*recorder{running, probed, later} {
		r.want(t, `{a:"3"}`)
	}
}

// A token that the client can't renew is an error, and not an empty prefix.
func TestE10TokenThatCannotBeRenewed(t *testing.T) {
	s := guarded(t, testserver.EtcdConfig{})
	client := connect(t, clientv3.Config{Endpoints: []string{s.Addr()}, DialOptions: []grpc.DialOption{fixed("no.1")}})
	r := record(t, New(client, "/app", quick()))
	// Releases of the client differ in whether they ask again until there is no time left.
	if err := r.wantEnd(t); err == nil {
		t.Error("a watch with a token that the server doesn't know has ended without an error")
	}
	if len(r.all()) > 0 {
		t.Errorf("got %v, want nothing", r.drawn())
	}
}

// A permission that is taken away while watching is an error: the last good
// state stays.
func TestE10PermissionNarrowed(t *testing.T) {
	s := guarded(t, testserver.EtcdConfig{})
	client, root := as(t, s, "app", "app"), as(t, s, "root", rootPassword)
	put(t, root, "/app/a", "1")
	r, sup := record(t, New(client, "/app", quick())), await.Supervise(t, New(client, "/app", quick()))
	r.want(t, `{a:"1"}`)
	await.Live(t, sup, `{a:"1"}`)

	s.CLI("role", "revoke-permission", "--prefix=true", "app", "/app/")
	s.CLI("role", "grant-permission", "app", "read", "/app/", "/app/b") // a part of it is left
	if err := r.wantEnd(t); !errors.Is(err, rpctypes.ErrPermissionDenied) {
		t.Errorf("got %v, want %v", err, rpctypes.ErrPermissionDenied)
	}
	if got, want := fmt.Sprint(r.drawn()), `[{a:"1"}]`; got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	status := await.Stale(t, sup)
	if !errors.Is(status.Err, rpctypes.ErrPermissionDenied) {
		t.Errorf("status: got %v, want %v", status.Err, rpctypes.ErrPermissionDenied)
	}
	if snap, _, _ := sup.Latest(); snap.Tree.Root().String() != `{a:"1"}` {
		t.Errorf("got %v, want the last good state", snap.Tree.Root())
	}
	s.CLI("role", "grant-permission", "--prefix=true", "app", "read", "/app/")
	await.Live(t, sup, `{a:"1"}`)
}

// A password that was changed is an error that says so, and all is well once it
// is changed back.
func TestPasswordChanged(t *testing.T) {
	s := guarded(t, testserver.EtcdConfig{})
	client, root := as(t, s, "app", "app"), as(t, s, "root", rootPassword)
	put(t, root, "/app/a", "1")
	sup := await.Supervise(t, New(client, "/app", quick()))
	await.Live(t, sup, `{a:"1"}`)
	change := func(password string) {
		if _, err := root.UserChangePassword(t.Context(), "app", password); err != nil {
			t.Fatal(err)
		}
	}
	change("other")
	status := await.Stale(t, sup)
	if !errors.Is(status.Err, rpctypes.ErrAuthFailed) {
		t.Errorf("status: got %v, want %v", status.Err, rpctypes.ErrAuthFailed)
	}
	change("app")
	await.Live(t, sup, `{a:"1"}`)
}

// TLS, a client's certificate and a password are the client's: the source needs
// to know of none. A server that wants them refuses everybody else, and says so.
func TestMutualTLSAndPassword(t *testing.T) {
	certs, strangers := testserver.NewCerts(t), testserver.NewCerts(t)
	s := guarded(t, testserver.EtcdConfig{TLS: certs})
	dial := func(cfg *tls.Config, user, password string) (*clientv3.Client, error) {
		return clientv3.New(clientv3.Config{
			Endpoints: []string{"https://" + s.Addr()}, TLS: cfg, Username: user, Password: password,
			DialTimeout: 5 * time.Second, Logger: quiet(),
		})
	}
	client, err := dial(certs.Client(), "app", "app")
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	put(t, client, "/app/a", "1")
	r := record(t, New(client, "/app", nil))
	r.want(t, `{a:"1"}`)
	put(t, client, "/app/a", "2")
	r.want(t, `{a:"2"}`)
	defer func() { r.stop(); <-r.ended }()

	tls12 := certs.Anonymous()
	tls12.MaxVersion = tls.VersionTLS12
	for _, tc := range []struct {
		name           string
		cfg            *tls.Config
		user, password string
		prefix, want   string // a regular expression
	}{
		// With TLS 1.3 the client may send on before it reads why it is refused.
		{"no client certificate", certs.Anonymous(), "", "", "/app", "certificate required|broken pipe|connection reset"},
		{"no client certificate, TLS 1.2", tls12, "", "", "/app", "tls: (bad certificate|handshake failure)"},
		{"another authority's certificate", strangers.Client(), "", "", "/app", "unknown authority"},
		{"no user but the certificate's", certs.Client(), "", "", "/app", "permission denied"},
		{"no permission", certs.Client(), "app", "app", "/other", "permission denied"},
		{"wrong password", certs.Client(), "app", "wrong", "/app", "authentication failed"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			client, err := dial(tc.cfg, tc.user, tc.password)
			if err == nil {
				defer client.Close()
				r := record(t, New(client, tc.prefix, nil))
				err = r.wantEnd(t)
				if len(r.all()) > 0 {
					t.Errorf("got %v, want nothing", r.drawn())
				}
			}
			if err == nil || !regexp.MustCompile(tc.want).MatchString(err.Error()) || strings.Contains(err.Error(), "wrong") {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}
