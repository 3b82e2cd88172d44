package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/confsync/confsync/cmd/confsync/place"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

// pusher is what push was asked to do.
type pusher struct {
	*app
	dryRun, yes, prune bool
}

func (a *app) push() *cobra.Command {
	p := pusher{app: a}
	cmd := &cobra.Command{
		Use:   "push FILE STORE",
		Short: "Write a file's values to a store",
		Long: `Push compares a file with a store, shows what is to change, asks, and writes it:
in one transaction where the store can (Redis and ZooKeeper always, Consul and
etcd up to 128 changes). Keys that the file hasn't are kept, unless --prune.
With ?document=yaml behind the store, the file is written whole to that one key.

It exits with 3, and has written nothing more, when a key that is to change is
no longer as it was when the plan was made.`,
		Example: "  confsync push app.yaml consul://127.0.0.1:8500/apps/checkout --dry-run\n  confsync push app.yaml etcd://127.0.0.1:2379/apps/checkout --prune --yes",
		Args:    cobra.ExactArgs(2),
		RunE:    func(cmd *cobra.Command, args []string) error { return p.run(cmd.Context(), args[0], args[1]) },
	}
	flags := cmd.Flags()
	flags.BoolVar(&p.dryRun, "dry-run", false, "show the plan only")
	flags.BoolVarP(&p.yes, "yes", "y", false, "don't ask")
	flags.BoolVar(&p.prune, "prune", false, "delete the keys that the file hasn't")
	return cmd
}

func (p *pusher) run(ctx context.Context, file, address string) error {
	to, err := place.Parse(address)
	if err != nil {
		return err
	}
	defer to.Close()
	if to.Store == nil {
		return fmt.Errorf("%s can't be pushed to", address)
	}
	limited, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	plan, err := p.plan(limited, file, to.Store)
	if err != nil {
		return err
	}
	plan.write(p.app, p.out, to.Store.Batch())
	if p.dryRun || len(plan.changes) == 0 {
		return nil
	}
	if err := p.ask(); err != nil {
		return err
	}
	writing, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	err = place.Apply(writing, to.Store, plan.changes)
	if errors.Is(err, place.ErrMoved) {
		return exit{exitMoved, err}
	}
	if err == nil {
		fmt.Fprintf(p.out, "%d changed\n", len(plan.changes))
	}
	return err
}

// plan reads both sides.
func (p *pusher) plan(ctx context.Context, file string, to place.Store) (plan, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return plan{}, err
	}
	layout := to.Layout()
	format, ok := document.FormatOf(file)
	if !ok {
		return plan{}, fmt.Errorf("%s: the name doesn't tell the format; want .yaml, .json, .toml or .env", file)
	}
	if layout.Document != 0 && layout.Document != format {
		return plan{}, fmt.Errorf("%s is %s, and the store is to hold %s", file, format, layout.Document)
	}
	t, err := document.Decode(format, data, document.Limits{})
	if err != nil {
		return plan{}, document.Locate(err, tree.Origin{Kind: "file", Key: file})
	}
	has, err := to.Read(ctx)
	if err != nil {
		return plan{}, fmt.Errorf("reading the store: %w", err)
	}
	if layout.Document != 0 {
		return planValues(map[string]string{layout.Keys.Root: string(data)}, has, false), nil
	}
	return planKeys(layout, t.Root(), has, p.prune)
}

// ask returns nil when the person at the terminal says yes.
func (p *pusher) ask() error {
	if p.yes {
		return nil
	}
	if !terminal(p.in) {
		return errors.New("nothing was written: there is nobody to ask; use --yes")
	}
	fmt.Fprint(p.out, "Write this? [y/N] ")
	line, _ := bufio.NewReader(p.in).ReadString('\n')
	if answer := strings.ToLower(strings.TrimSpace(line)); answer == "y" || answer == "yes" {
		return nil
	}
	return exit{exitNo, errors.New("nothing was written")}
}
