package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/confsync/confsync/tree"
)

func (a *app) diff() *cobra.Command {
	return &cobra.Command{
		Use:   "diff A B",
		Short: "Compare two configurations",
		Long: `Diff compares what two sources hold; several in one argument, separated by
spaces, are layers. Lines with "-" are in A only, with "+" in B only. It exits
with 1 when there is a difference.`,
		Example: "  confsync diff staging.yaml consul://127.0.0.1:8500/apps/checkout\n  confsync diff 'defaults.yaml staging.yaml' 'defaults.yaml production.yaml'",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			first, shape, err := a.read(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			second, _, err := a.read(cmd.Context(), args[1])
			if err != nil {
				return err
			}
			return a.compare(shape, first, second)
		},
	}
}

// read returns what sources hold at present.
func (a *app) read(ctx context.Context, addresses string) (*tree.Node, *tree.Shape, error) {
	cfg, err := a.openAll(ctx, strings.Fields(addresses))
	if err != nil {
		return nil, nil, err
	}
	defer cfg.Close()
	root, err := nodeOf(cfg.Config)
	if err != nil {
		return nil, nil, err
	}
	t, err := tree.FromGo(texts(root))
	return t.Root(), cfg.shape, err
}

// texts returns values as stores of keys have them: every scalar is a text, and
// a list is a map of indexes. So 8080 is the same in a document and in Consul.
func texts(n *tree.Node) any {
	if n.Kind() != tree.Map && n.Kind() != tree.List {
		if n.Kind().IsScalar() {
			return n.Text()
		}
		return nil
	}
	m := map[string]any{}
	for i := range n.Len() {
		m[n.Segment(i)] = texts(n.At(i))
	}
	return m
}

func (a *app) compare(shape *tree.Shape, first, second *tree.Node) error {
	paths := tree.Diff(first, second)
	for _, path := range paths {
		a.side(shape, "-", red, path, first)
		a.side(shape, "+", green, path, second)
	}
	if len(paths) > 0 {
		return exit{exitNo, nil}
	}
	return nil
}

// side prints what one side holds at a path, a line for each value below it.
func (a *app) side(shape *tree.Shape, mark, code string, path tree.Path, root *tree.Node) {
	root.Lookup(path).Leaves(func(below tree.Path, n *tree.Node) bool {
		full := append(path[:len(path):len(path)], below...)
		fmt.Fprintln(a.out, a.color(code, fmt.Sprintf("%s %s = %s", mark, full, show(n, secret(shape, full, n)))))
		return true
	})
}
