// Redis follows the keys below a prefix, over TLS and as a user, and prints the
// configuration whenever it changes, until interrupted.
//
//	export REDIS_ADDRS=10.0.0.1:6379         or several, of a Cluster or of Sentinels
//	export REDIS_MASTER=main                 what the Sentinels call the primary
//	export REDIS_USER=checkout REDIS_PASSWORD=...
//	export REDIS_CACERT=ca.pem               who signed the servers' certificates
//	export REDIS_CERT=cert.pem REDIS_KEY=key.pem
//	go run ./examples/redis -prefix apps/checkout
//
// What is not set is not used; without addresses it is 127.0.0.1:6379. Such a
// user, and the notifications that make changes known at once, are made by
//
//	redis-cli ACL SETUSER checkout on '>...' '~apps/checkout/*' '&__keyspace@0__:apps/checkout/*' \
//	    +@read +@connection +subscribe +psubscribe '+config|get'
//	redis-cli CONFIG SET notify-keyspace-events KA
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

	goredis "github.com/redis/go-redis/v9"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/redis"
)

// App is what the keys below the prefix fill: apps/checkout/server/addr is
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
	prefix := flag.String("prefix", "apps/checkout", "the keys to follow")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *prefix); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, prefix string) error {
	encryption, err := encrypted()
	if err != nil {
		return err
	}
	// The client is ours, to close too: one server's, a Cluster's, or through
	// Sentinel, by what is set.
	client := goredis.NewUniversalClient(&goredis.UniversalOptions{
		Addrs:      strings.Split(cmp.Or(os.Getenv("REDIS_ADDRS"), "127.0.0.1:6379"), ","),
		MasterName: os.Getenv("REDIS_MASTER"),
		Username:   os.Getenv("REDIS_USER"),
		Password:   os.Getenv("REDIS_PASSWORD"),
		TLSConfig:  encryption,
	})
	defer client.Close()

	cfg, err := confsync.Open(ctx, confsync.Options[App]{
		Sources: []source.Source{redis.New(client, prefix, nil)},
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

// encrypted returns the TLS configuration of the environment, nil where it asks
// for none.
func encrypted() (*tls.Config, error) {
	authority, cert, key := os.Getenv("REDIS_CACERT"), os.Getenv("REDIS_CERT"), os.Getenv("REDIS_KEY")
	if authority == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(authority)
	if err != nil {
		return nil, err
	}
	cfg := &tls.Config{RootCAs: x509.NewCertPool()}
	if !cfg.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", authority)
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
