// Command cobra is a program with cobra's commands whose configuration comes, from
// the lowest precedence to the highest, from the struct's own defaults, a file, the
// environment and the command line.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/spf13/cobra"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/env"
	"github.com/confsync/confsync/source/file"
	"github.com/confsync/confsync/source/pflag"
)

// App is the configuration.
type App struct {
	HTTP struct {
		Addr    string        `default:":8080" usage:"where it listens"`
		Timeout time.Duration `default:"30s" usage:"how long a request may take"`
	}
	Tags  []string `usage:"what it is known by"`
	Debug bool     `usage:"say more"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := command().ExecuteContext(ctx); err != nil {
		os.Exit(1)
	}
}

func command() *cobra.Command {
	var config string
	root := &cobra.Command{Use: "checkout", SilenceUsage: true}
	root.PersistentFlags().StringVar(&config, "config", "checkout.yaml", "where the configuration is")

	serve := &cobra.Command{Use: "serve", Short: "Take orders until interrupted"}
	if shape, err := confsync.ShapeOf[App](); err == nil {
		pflag.Define(serve.Flags(), shape) // a flag for each field
	}
	serve.RunE = func(cmd *cobra.Command, _ []string) error { // the flags are parsed by now
		cfg, err := confsync.Open(cmd.Context(), confsync.Options[App]{
			Sources: []source.Source{
				source.Optional(file.New(config, nil)),
				env.New("CHECKOUT", nil),
				pflag.New(cmd.Flags(), nil),
			},
		})
		if err != nil {
			return err
		}
		defer cfg.Close()
		cancel := confsync.Watch(cfg, func(a *App) time.Duration { return a.HTTP.Timeout }, func(c confsync.Change[time.Duration]) {
			cmd.Printf("timeout is now %s\n", c.New)
		})
		defer cancel()
		return run(cmd, cfg)
	}
	root.AddCommand(serve)
	return root
}

// run stands for what the program does.
func run(cmd *cobra.Command, cfg *confsync.Config[App]) error {
	app := cfg.Get()
	fmt.Fprintf(cmd.OutOrStdout(), "listening on %s, timeout %s, tags %v\n", app.HTTP.Addr, app.HTTP.Timeout, app.Tags)
	<-cmd.Context().Done()
	return nil
}
