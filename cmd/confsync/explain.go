package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/confsync/confsync"
)

func (a *app) explain() *cobra.Command {
	return &cobra.Command{
		Use:     "explain PATH",
		Short:   "Tell where a value comes from and what it hides",
		Long:    "Explain tells which source, file, line, key or revision the value at a path\ncomes from, and what lower layers hold there. It exits with 1 when there is no\nsuch path.",
		Example: "  confsync -s app.yaml -s env:APP explain server.port",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := a.open(cmd.Context())
			if err != nil {
				return err
			}
			defer cfg.Close()
			x, err := cfg.Explain(args[0])
			if errors.Is(err, confsync.ErrUnknownPath) || err == nil && len(x.Layers) == 0 {
				root, _ := nodeOf(cfg.Config)
				return exit{exitNo, missing(root, x.Path)}
			}
			if err != nil {
				return err
			}
			for line := range strings.Lines(a.redact(cfg, x).String() + "\n") {
				if !strings.HasPrefix(line, "    into ") { // no Go type is known
					fmt.Fprint(a.out, line)
				}
			}
			return nil
		},
	}
}

// redact hides what the schema says is secret.
func (a *app) redact(cfg *opened, x confsync.Explanation) confsync.Explanation {
	root, err := nodeOf(cfg.Config)
	if err != nil || !secret(cfg.shape, x.Path, root.Lookup(x.Path)) {
		return x
	}
	x.Secret, x.Value = true, redacted
	for _, held := range [][]confsync.Holding{x.Layers, x.Rejected} {
		for i := range held {
			held[i].Text = redacted
		}
	}
	return x
}
