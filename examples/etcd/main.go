// Etcd follows the keys below a prefix, over mutual TLS and as a user, and
// prints the configuration whenever it changes, until interrupted.
//
//	export ETCD_ENDPOINTS=https://10.0.0.1:2379,https://10.0.0.2:2379
//	export ETCD_USER=checkout ETCD_PASSWORD=...  who may read the prefix
//	export ETCD_CACERT=ca.pem                    who signed the servers' certificates
//	export ETCD_CERT=cert.pem ETCD_KEY=key.pem   ours, where the servers want one
//	go run ./examples/etcd -prefix /checkout
//
// What is not set is not used; without endpoints it is http://127.0.0.1:2379.
// Such a user is made by
//
//	etcdctl role add checkout
//	etcdctl role grant-permission --prefix=true checkout read /checkout/
//	etcdctl user add checkout
//	etcdctl user grant-role checkout checkout
package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/etcd"
)

// App is what the keys below the prefix fill: /checkout/server/addr is
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
	prefix := flag.String("prefix", "/checkout", "the keys to follow")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *prefix); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, prefix string) error {
	client, err := dial()
	if err != nil {
		return err
	}
	defer client.Close()
	cfg, err := confsync.Open(ctx, confsync.Options[App]{
		Sources: []source.Source{etcd.New(client, prefix, nil)},
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

// dial makes the client, which is ours, as the environment says. The keepalive
// ends a connection whose other end has vanished.
func dial() (*clientv3.Client, error) {
	cfg := clientv3.Config{
		Endpoints:            strings.Split(cmp.Or(os.Getenv("ETCD_ENDPOINTS"), "http://127.0.0.1:2379"), ","),
		Username:             os.Getenv("ETCD_USER"),
		Password:             os.Getenv("ETCD_PASSWORD"),
		DialTimeout:          5 * time.Second,
		DialKeepAliveTime:    10 * time.Second,
		DialKeepAliveTimeout: 5 * time.Second,
	}
	var err error
	if cfg.TLS, err = tlsConfig(os.Getenv("ETCD_CACERT"), os.Getenv("ETCD_CERT"), os.Getenv("ETCD_KEY")); err != nil {
		return nil, err
	}
	return clientv3.New(cfg)
}

// tlsConfig returns nil if no file is named.
func tlsConfig(ca, cert, key string) (*tls.Config, error) {
	if ca == "" && cert == "" {
		return nil, nil
	}
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	if ca != "" {
		pem, err := os.ReadFile(ca)
		if err != nil {
			return nil, err
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s: no certificate in it", ca)
		}
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
