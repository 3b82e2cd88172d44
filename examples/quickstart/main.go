// Quickstart layers a file of defaults, a second file and the environment into
// a struct, and shows what happens when they change.
//
//	go run ./examples/quickstart                              a tour that ends by itself
//	go run ./examples/quickstart -watch app.yaml              follow a file of yours until interrupted
//	go run ./examples/quickstart -consul 127.0.0.1:8500/app   with a Consul prefix as the top layer
//	go run ./examples/quickstart -page localhost:6060         with the live page, until interrupted
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
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
	"github.com/confsync/confsync/web"
)

const prefix = "QUICKSTART" // of environment variables, as in QUICKSTART_SERVER_PORT

func main() {
	watch := flag.String("watch", "", "follow this `file`, above the defaults, until interrupted")
	store := flag.String("consul", "", "make the Consul keys at `address/prefix` the top layer, and follow them")
	page := flag.String("page", "", "serve the live page at this `address`, and follow until interrupted")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *watch, *store, *page); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, watch, store, page string) error {
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
	touring := watch == "" && store == "" && page == ""
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
	if page != "" {
		server, err := servePage(page, cfg)
		if err != nil {
			return err
		}
		defer server.Close()
		if watch == "" {
			fmt.Println("edit", dir.override, "to see the page change")
		}
	}
	return follow(ctx, cfg)
}

// servePage serves the live page until the server is closed.
func servePage(at string, cfg *confsync.Config[App]) (*http.Server, error) {
	listener, err := net.Listen("tcp", at)
	if err != nil {
		return nil, err
	}
	fmt.Printf("the page is at http://%s\n", listener.Addr())
	server := &http.Server{Handler: web.Handler(cfg)}
	go server.Serve(listener) // ends with Close
	return server, nil
}

// consulLayer returns the source of "127.0.0.1:8500/apps/checkout".
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
