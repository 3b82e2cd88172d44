// Quickstart layers a file of defaults, a second file and the environment into
// a struct, and shows what happens when they change.
//
//	go run ./examples/quickstart                              a tour that ends by itself
//	go run ./examples/quickstart -watch app.yaml              follow a file of yours until interrupted
//	go run ./examples/quickstart -consul 127.0.0.1:8500/app   with a Consul prefix as the top layer
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/hashicorp/consul/api"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/consul"
	"github.com/confsync/confsync/source/env"
	"github.com/confsync/confsync/source/file"
)

const prefix = "QUICKSTART" // of environment variables, as in QUICKSTART_SERVER_PORT

func main() {
	watch := flag.String("watch", "", "follow this `file`, above the defaults, until interrupted")
	store := flag.String("consul", "", "make the Consul keys at `address/prefix` the top layer, and follow them")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *watch, *store); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, watch, store string) error {
	dir, err := copies()
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir.path)

	layers := []source.Source{file.New(dir.defaults, nil)}
	if watch != "" {
		layers = append(layers, file.New(watch, nil))
	} else {
		layers = append(layers, file.New(dir.override, nil))
	}
	layers = append(layers, env.New(prefix, nil))
	if store != "" {
		top, err := consulLayer(store)
		if err != nil {
			return err
		}
		layers = append(layers, top)
	}
	opts := confsync.Options[App]{Sources: layers}
	touring := watch == "" && store == ""
	if touring {
		opts.Logger = slog.New(slog.DiscardHandler) // the tour shows rejections itself
	}
	cfg, err := confsync.Open(ctx, opts)
	if err != nil {
		return err
	}
	defer cfg.Close()

	show(cfg)
	if touring {
		return tour(ctx, cfg, dir)
	}
	return follow(ctx, cfg)
}

// consulLayer is the source of "127.0.0.1:8500/apps/checkout".
func consulLayer(at string) (source.Source, error) {
	address, keys, ok := strings.Cut(at, "/")
	if !ok || keys == "" {
		return nil, fmt.Errorf("-consul %s: want address/prefix", at)
	}
	config := api.DefaultConfig() // with CONSUL_HTTP_TOKEN and the like
	config.Address = address
	client, err := api.NewClient(config)
	if err != nil {
		return nil, fmt.Errorf("-consul %s: %w", at, err)
	}
	return consul.New(client, keys, nil), nil
}
