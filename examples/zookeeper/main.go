// Zookeeper follows the nodes below a root, over TLS and with a password, and
// prints the configuration whenever it changes, until interrupted.
//
//	export ZOOKEEPER_SERVERS=127.0.0.1:2281,127.0.0.1:2282
//	export ZOOKEEPER_AUTH=checkout:...       a user and a password, of the scheme digest
//	export ZOOKEEPER_CACERT=ca.pem           who signed the servers' certificates; none: no TLS
//	export ZOOKEEPER_CLIENT_CERT=cert.pem    ours, where the servers want one
//	export ZOOKEEPER_CLIENT_KEY=key.pem
//	go run ./examples/zookeeper -root /apps/checkout
//
// Such a user needs the right to read, r, on every node.
package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/zookeeper"
)

// App is what the nodes below the root fill: /apps/checkout/server/addr is
// Server.Addr.
type App struct {
	Server struct {
		Addr    string        `default:":8080"`
		Timeout time.Duration `default:"30s"`
	}
	Pool struct {
		Size int `default:"10"`
	}
	Password confsync.Secret
}

// Validate keeps a configuration that can't work from being published.
func (a *App) Validate() error {
	if a.Pool.Size < 1 {
		return errors.New("pool.size must be at least 1")
	}
	return nil
}

func main() {
	root := flag.String("root", "/apps/checkout", "the node to follow")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *root); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, root string) error {
	conn, err := connect()
	if err != nil {
		return err
	}
	defer conn.Close()
	cfg, err := confsync.Open(ctx, confsync.Options[App]{
		Sources: []source.Source{zookeeper.New(conn, root, nil)},
	})
	if err != nil {
		return err
	}
	defer cfg.Close()

	fmt.Printf("generation %d: %+v\n", cfg.Generation(), *cfg.Get())
	for change := range cfg.Changes(ctx) {
		fmt.Printf("generation %d: %v changed: %+v\n", change.Generation, change.Paths, *change.New)
	}
	return nil
}

// connect makes the client, which is ours: its servers, TLS and password come
// from the environment.
func connect() (*zk.Conn, error) {
	dial := net.DialTimeout
	if ca := os.Getenv("ZOOKEEPER_CACERT"); ca != "" {
		cfg, err := tlsConfig(ca, os.Getenv("ZOOKEEPER_CLIENT_CERT"), os.Getenv("ZOOKEEPER_CLIENT_KEY"))
		if err != nil {
			return nil, err
		}
		dial = func(network, addr string, timeout time.Duration) (net.Conn, error) {
			return tls.DialWithDialer(&net.Dialer{Timeout: timeout}, network, addr, cfg)
		}
	}
	servers := strings.Split(cmp.Or(os.Getenv("ZOOKEEPER_SERVERS"), "127.0.0.1:2181"), ",")
	conn, _, err := zk.Connect(servers, 10*time.Second, zk.WithDialer(dial), zk.WithLogInfo(false))
	if err != nil {
		return nil, err
	}
	if auth := os.Getenv("ZOOKEEPER_AUTH"); auth != "" {
		// The client gives it again whenever it connects anew.
		if err := conn.AddAuth("digest", []byte(auth)); err != nil {
			conn.Close()
			return nil, err
		}
	}
	return conn, nil
}

func tlsConfig(ca, cert, key string) (*tls.Config, error) {
	pem, err := os.ReadFile(ca)
	if err != nil {
		return nil, err
	}
	cfg := &tls.Config{RootCAs: x509.NewCertPool()}
	if !cfg.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", ca)
	}
	if cert != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return nil, err
		}
		cfg.Certificates = []tls.Certificate{pair}
	}
	return cfg, nil
}
