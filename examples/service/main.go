// Service is a small HTTPS service whose log level, timeout, rate limit,
// connections, certificate and feature flags all change while it serves, without
// a failed request. Its settings come from a file of defaults, from Consul and
// from the environment; a second port has the page of the configuration, its
// metrics and its health.
//
//	go -C examples/service run . -defaults settings.yaml -consul 127.0.0.1:8500 -prefix apps/service
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/hashicorp/consul/api"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/prom"
	"github.com/confsync/confsync/source/consul"
	"github.com/confsync/confsync/source/env"
	"github.com/confsync/confsync/source/file"
	"github.com/confsync/confsync/web"
)

func main() {
	defaults := flag.String("defaults", "settings.yaml", "a `file` of defaults")
	store := flag.String("consul", "127.0.0.1:8500", "the `address` of Consul")
	prefix := flag.String("prefix", "apps/service", "the keys in Consul")
	listen := flag.String("listen", ":8443", "where to serve")
	admin := flag.String("admin", "127.0.0.1:8081", "where the page, the metrics and the health are")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *defaults, *store, *prefix, *listen, *admin); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, defaults, store, prefix, listen, admin string) error {
	cfg, err := open(ctx, defaults, store, prefix)
	if err != nil {
		return err
	}
	defer cfg.Close()
	s, err := newService(cfg, os.Stderr)
	if err != nil {
		return err
	}
	defer s.Close()

	public := &http.Server{Addr: listen, Handler: s, TLSConfig: s.tls(), ReadHeaderTimeout: 5 * time.Second}
	private := &http.Server{Addr: admin, Handler: adminHandler(cfg), ReadHeaderTimeout: 5 * time.Second}
	ended := make(chan error, 2)
	go func() { ended <- public.ListenAndServeTLS("", "") }()
	go func() { ended <- private.ListenAndServe() }()
	select {
	case err = <-ended:
	case <-ctx.Done():
	}
	finish, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return errors.Join(err, public.Shutdown(finish), private.Shutdown(finish))
}

// open layers the defaults, Consul and the environment.
func open(ctx context.Context, defaults, store, prefix string) (*confsync.Config[Settings], error) {
	config := api.DefaultConfig()
	config.Address = store
	client, err := api.NewClient(config)
	if err != nil {
		return nil, err
	}
	return confsync.Open(ctx, confsync.Options[Settings]{
		Sources: []confsync.Source{
			file.New(defaults, nil),
			consul.New(client, prefix, nil),
			env.New("SERVICE", nil),
		},
	})
}

// adminHandler has what operators and their machines look at. It is on a port of
// its own, which the public doesn't reach.
func adminHandler(cfg *confsync.Config[Settings]) http.Handler {
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(prom.NewCollector(cfg))
	mux := http.NewServeMux()
	mux.Handle("/config/", http.StripPrefix("/config", web.Handler(cfg)))
	mux.Handle("/healthz", web.Health(cfg, 5*time.Minute))
	mux.Handle("/metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{}))
	return mux
}
