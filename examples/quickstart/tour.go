package main

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/confsync/confsync"
)

//go:embed defaults.yaml
var defaults string

//go:embed override.yaml
var override string

// files are the program's own copies of its embedded files.
type files struct{ path, defaults, override string }

func copies() (files, error) {
	dir, err := os.MkdirTemp("", "quickstart")
	if err != nil {
		return files{}, err
	}
	f := files{path: dir, defaults: filepath.Join(dir, "defaults.yaml"), override: filepath.Join(dir, "override.yaml")}
	if err := os.WriteFile(f.defaults, []byte(defaults), 0o600); err != nil {
		return f, err
	}
	return f, os.WriteFile(f.override, []byte(override), 0o600)
}

// tour edits the override file as an operator would, and shows what the
// program sees of it.
func tour(ctx context.Context, cfg *confsync.Config[App], dir files) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()

	called := make(chan struct{}, 1)
	defer confsync.Watch(cfg, func(a *App) uint16 { return a.Server.Port }, func(c confsync.Change[uint16]) {
		fmt.Printf("  callback: server.port was %d, is %d (generation %d)\n\n", c.Old, c.New, c.Generation)
		called <- struct{}{}
	})()

	fmt.Println("the operator sets server.port to 9191")
	if err := edit(dir.override, "port: 9090", "port: 9191"); err != nil {
		return err
	}
	if err := wait(ctx, called); err != nil {
		return err
	}

	fmt.Println("the operator mistypes it as 80a")
	if err := edit(dir.override, "port: 9191", "port: 80a"); err != nil {
		return err
	}
	for cfg.Status().Rejected == nil {
		if err := pause(ctx); err != nil {
			return err
		}
	}
	fmt.Println(indent(cfg.Status().Rejected.Error()))
	fmt.Printf("  meanwhile server.port is still %d\n\n", cfg.Get().Server.Port)

	fmt.Println("the operator removes the line: the default is uncovered")
	if err := edit(dir.override, "  port: 80a\n", ""); err != nil {
		return err
	}
	if err := wait(ctx, called); err != nil {
		return err
	}
	show(cfg)
	return nil
}

// edit replaces a text in a file the way most editors do: by a new file that
// is renamed into its place.
func edit(path, from, to string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	next := strings.Replace(string(data), from, to, 1)
	if next == string(data) {
		return fmt.Errorf("%s: no %q", path, from)
	}
	if err := os.WriteFile(path+".new", []byte(next), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func wait(ctx context.Context, done <-chan struct{}) error {
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("nothing happened: %w", ctx.Err())
	}
}

func pause(ctx context.Context) error {
	select {
	case <-time.After(10 * time.Millisecond):
		return nil
	case <-ctx.Done():
		return fmt.Errorf("nothing happened: %w", ctx.Err())
	}
}

func indent(text string) string { return "  " + strings.ReplaceAll(text, "\n", "\n  ") }
