// Consul follows the keys below a prefix, over TLS and with a token, and
// prints the configuration whenever it changes, until interrupted.
//
//	export CONSUL_HTTP_ADDR=https://127.0.0.1:8501
//	export CONSUL_HTTP_TOKEN=...        a token that may read the prefix
//	export CONSUL_CACERT=ca.pem         who signed the server's certificate
//	export CONSUL_CLIENT_CERT=cert.pem  ours, where the server wants one
//	export CONSUL_CLIENT_KEY=key.pem
//	go run ./examples/consul -prefix apps/checkout
//
// The policy of such a token is
//
//	key_prefix "apps/checkout/" { policy = "read" }
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/hashicorp/consul/api"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/consul"
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
	// The client is ours: its address, TLS and token come from the environment.
	client, err := api.NewClient(api.DefaultConfig())
	if err != nil {
		return err
	}
	cfg, err := confsync.Open(ctx, confsync.Options[App]{
		Sources: []source.Source{consul.New(client, prefix, nil)},
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
