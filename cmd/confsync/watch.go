package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/confsync/confsync/tree"
)

// change is one value that has changed, as it is printed.
type change struct {
	Generation uint64 `json:"generation"`
	Path       string `json:"path"`
	Old        string `json:"old,omitempty"`
	New        string `json:"new,omitempty"`
	Came       bool   `json:"came,omitempty"` // there was none before
	Gone       bool   `json:"gone,omitempty"` // there is none any more
	Origin     string `json:"origin,omitempty"`
}

func (a *app) watch() *cobra.Command {
	var asJSON bool
	r := runner{app: a}
	cmd := &cobra.Command{
		Use:   "watch",
		Short: "Print changes as they come, and run a command with the values",
		Long: `Watch prints a line for every value that changes, with the generation, the old
and the new value and where it comes from, until it is interrupted.

With --exec it also runs a command, whose environment has a variable for every
value (server.port is SERVER_PORT; --env-prefix APP makes it APP_SERVER_PORT).
With --render FILE the values are in that file too, written anew before each
change is passed on. On a change the command is ended with SIGTERM and started
again, or sent a signal of your choice with --signal HUP. When the command ends
by itself, watch ends with its exit code.`,
		Example: "  confsync -s consul://127.0.0.1:8500/app watch --json\n" +
			"  confsync -s app.yaml watch --render /run/app.json --signal HUP --exec 'server -c /run/app.json'",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := a.open(cmd.Context())
			if err != nil {
				return err
			}
			defer cfg.Close()
			return r.follow(cmd.Context(), cfg, func(old, next *tree.Node, generation uint64) error {
				for _, c := range a.changes(cfg, old, next, generation) {
					if err := a.print(c, asJSON); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&asJSON, "json", false, "a JSON object a line")
	flags.StringVar(&r.command, "exec", "", "a shell `command` to run with the values in its environment")
	flags.StringVar(&r.prefix, "env-prefix", "", "what the command's variables begin with")
	flags.StringVar(&r.render, "render", "", "a `file` to write the values to: .yaml, .json or .env")
	flags.StringVar(&r.signal, "signal", "", "a signal to send on a change, rather than to start the command again")
	flags.DurationVar(&r.grace, "grace", defaultGrace, "how long the command may take to end before it is killed")
	return cmd
}

// changes returns the values that differ between two generations.
func (a *app) changes(cfg *opened, old, next *tree.Node, generation uint64) []change {
	var all []change
	for _, path := range tree.Diff(old, next) {
		was, is := old.Lookup(path), next.Lookup(path)
		c := change{Generation: generation, Path: path.String(), Came: was == nil, Gone: is == nil}
		if was != nil {
			c.Old = show(was, secret(cfg.shape, path, was))
		}
		if is != nil {
			c.New = show(is, secret(cfg.shape, path, is))
		}
		if x, err := cfg.Explain(path.String()); err == nil && len(x.Layers) > 0 {
			c.Origin = x.Layers[0].Origin.String()
		}
		all = append(all, c)
	}
	return all
}

func (a *app) print(c change, asJSON bool) error {
	if asJSON {
		enc := json.NewEncoder(a.out)
		enc.SetEscapeHTML(false)
		return enc.Encode(c)
	}
	var what string
	switch {
	case c.Came:
		what = a.color(green, "+ "+c.New)
	case c.Gone:
		what = a.color(red, "- "+c.Old)
	default:
		what = a.color(yellow, c.Old+" -> "+c.New)
	}
	_, err := fmt.Fprintf(a.out, "%d  %s  %s  %s\n", c.Generation, c.Path, what, a.color(dim, c.Origin))
	return err
}
