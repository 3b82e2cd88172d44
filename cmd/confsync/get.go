package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/confsync/confsync/binder"
	"github.com/confsync/confsync/tree"
)

func (a *app) get() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "get [PATH]",
		Short: "Print the effective configuration, or the value at a path",
		Long: `Get prints the effective configuration: as text, a line for each value, or as
a YAML or JSON document. With a path it prints what is there; a single value
stands alone, as a script wants it. It exits with 1 when there is no such path.`,
		Example: "  confsync -s app.yaml get server.port\n  confsync -s app.yaml -s env:APP get -o yaml",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := a.open(cmd.Context())
			if err != nil {
				return err
			}
			defer cfg.Close()
			root, err := nodeOf(cfg.Config)
			if err != nil {
				return err
			}
			path, err := pathOf(args)
			if err != nil {
				return err
			}
			n := root.Lookup(path)
			if n == nil {
				return exit{exitNo, missing(root, path)}
			}
			return a.encode(format, cfg.shape, path, n)
		},
	}
	cmd.Flags().StringVarP(&format, "output", "o", "text", "text, yaml or json")
	return cmd
}

// pathOf returns the path in the first argument, the whole configuration
// without one.
func pathOf(args []string) (tree.Path, error) {
	if len(args) == 0 {
		return nil, nil
	}
	path, err := tree.ParsePath(args[0])
	if err != nil {
		return nil, fmt.Errorf("path %q: %w", args[0], err)
	}
	return path, nil
}

// missing says that there is no value at a path, and which path was most likely
// meant.
func missing(root *tree.Node, path tree.Path) error {
	for i, key := range path {
		if next := root.Child(key); next != nil {
			root = next
			continue
		}
		if meant := binder.Nearest(key, slices.Values(root.Keys())); meant != "" {
			full := append(append(slices.Clone(path[:i]), meant), path[i+1:]...)
			return fmt.Errorf("no value at %q; did you mean %q?", path, full)
		}
		break
	}
	return fmt.Errorf("no value at %q", path)
}
