package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/confsync/confsync/web"
)

func (a *app) serve() *cobra.Command {
	var addr string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the live page of the sources",
		Long: `Serve shows the sources in a browser: every value, where it comes from, what was
rejected and how each source stands, live; at /healthz is an answer for probes.
It asks nobody who he is, and listens on this machine alone unless --listen says
otherwise. It ends when it is interrupted.`,
		Example: "  confsync -s defaults.yaml -s consul://127.0.0.1:8500/apps/checkout serve",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.schema != "" {
				return errors.New("serve doesn't know the secrets of a schema, and would show them")
			}
			cfg, err := a.open(cmd.Context())
			if err != nil {
				return err
			}
			defer cfg.Close()
			return a.listen(cmd.Context(), cfg, addr)
		},
	}
	cmd.Flags().StringVar(&addr, "listen", "127.0.0.1:8686", "the `address` to listen on")
	return cmd
}

// listen serves the page until ctx ends.
func (a *app) listen(ctx context.Context, cfg *opened, addr string) error {
	mux := http.NewServeMux()
	mux.Handle("/", web.Handler(cfg.Config))
	mux.Handle("/healthz", web.Health(cfg.Config, time.Minute))
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx }}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	fmt.Fprintf(a.out, "http://%s/\n", listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
