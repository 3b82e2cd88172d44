package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

const defaultGrace = 10 * time.Second

// runner runs a command beside a watch. Without a command it only renders, and
// without a file it does nothing.
type runner struct {
	*app
	command, prefix, render, signal string
	grace                           time.Duration

	child *exec.Cmd
	ended chan error // of the child that runs; nil while none does
}

// follow calls changed for every generation after the present one, and keeps the
// command in step, until ctx ends or the command does.
func (r *runner) follow(ctx context.Context, cfg *opened, changed func(old, next *tree.Node, generation uint64) error) error {
	signal, err := r.usage()
	if err != nil {
		return err
	}
	generations := make(chan uint64, 1)
	cancel := cfg.OnChange(func(confsync.Change[*map[string]any]) {
		select {
		case generations <- cfg.Generation():
		default: // one is waiting, and what is read for it is the newest
		}
	})
	defer cancel()
	present, err := nodeOf(cfg.Config) // after the subscription, so that nothing falls between
	if err != nil {
		return err
	}
	if err := r.start(present); err != nil {
		return err
	}
	defer r.stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-r.ended:
			r.ended = nil
			return childExit(err)
		case generation := <-generations:
			next, err := nodeOf(cfg.Config)
			if err != nil {
				return err
			}
			if present.Equal(next) {
				continue // it was read with the one before
			}
			if err := changed(present, next, generation); err != nil {
				return err
			}
			present = next
			if err := r.update(present, signal); err != nil {
				return err
			}
		}
	}
}

// usage returns the signal, and what is wrong with the options.
func (r *runner) usage() (os.Signal, error) {
	signal, err := signalNamed(r.signal)
	switch {
	case err != nil:
		return nil, err
	case r.signal != "" && r.command == "":
		return nil, errors.New("--signal is for the command of --exec")
	case r.prefix != "" && !variable.MatchString(r.prefix):
		return nil, fmt.Errorf("--env-prefix: no variable's name begins with %q", r.prefix)
	}
	return signal, nil
}

var variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z_0-9]*$`)

// update hands new values to the command.
func (r *runner) update(root *tree.Node, signal os.Signal) error {
	if signal == nil || r.child == nil {
		r.stop()
		return r.start(root)
	}
	if err := r.write(root); err != nil {
		return err
	}
	return send(r.child, signal)
}

// start renders the file and starts the command.
func (r *runner) start(root *tree.Node) error {
	if err := r.write(root); err != nil || r.command == "" {
		return err
	}
	env, err := variables(root, r.prefix)
	if err != nil {
		return err
	}
	r.child = shell(r.command)
	r.child.Env = append(os.Environ(), env...)
	r.child.Stdin, r.child.Stdout, r.child.Stderr = r.in, r.out, r.err
	if err := r.child.Start(); err != nil {
		return fmt.Errorf("--exec: %w", err)
	}
	ended := make(chan error, 1)
	go func(child *exec.Cmd) { ended <- child.Wait() }(r.child)
	r.ended = ended
	return nil
}

// stop ends the command, and kills it when it takes longer than the grace.
func (r *runner) stop() {
	if r.ended == nil {
		return
	}
	send(r.child, terminate)
	select {
	case <-r.ended:
	case <-time.After(r.grace):
		send(r.child, os.Kill)
		<-r.ended
	}
	r.ended = nil
}

// childExit returns the exit code of a command that ended by itself.
func childExit(err error) error {
	var failed *exec.ExitError
	switch {
	case err == nil:
		return exit{exitOK, nil}
	case errors.As(err, &failed) && failed.ExitCode() >= 0:
		return exit{failed.ExitCode(), nil}
	}
	return fmt.Errorf("--exec: %w", err)
}

// write renders the values into the file, which is whole at any time and which
// nobody else may read.
func (r *runner) write(root *tree.Node) error {
	if r.render == "" {
		return nil
	}
	format, ok := document.FormatOf(r.render)
	if !ok || format == document.TOML {
		return fmt.Errorf("--render %s: want a name that ends in .yaml, .json or .env", r.render)
	}
	temp, err := os.CreateTemp(filepath.Dir(r.render), "."+filepath.Base(r.render)+".*") // 0600
	if err != nil {
		return fmt.Errorf("--render: %w", err)
	}
	defer os.Remove(temp.Name())
	to := app{out: temp}
	switch format {
	case document.Dotenv:
		var env []string
		if env, err = variables(root, r.prefix); err == nil {
			_, err = fmt.Fprint(temp, dotenv(env))
		}
	case document.YAML:
		err = to.encode("yaml", nil, nil, root)
	default:
		err = to.encode("json", nil, nil, root)
	}
	if err = errors.Join(err, temp.Sync(), temp.Close()); err == nil {
		err = os.Rename(temp.Name(), r.render)
	}
	if err != nil {
		return fmt.Errorf("--render: %w", err)
	}
	return nil
}

// variables returns the values as "NAME=value", named as source/env names them.
func variables(root *tree.Node, prefix string) (env []string, err error) {
	names, err := source.NewNames(shapeOf(root), "_")
	if err != nil {
		return nil, fmt.Errorf("names of variables: %w", err)
	}
	if prefix = strings.TrimSuffix(prefix, "_"); prefix != "" {
		prefix += "_"
	}
	root.Leaves(func(path tree.Path, n *tree.Node) bool {
		if n.Kind().IsScalar() {
			env = append(env, prefix+names.Canonical(path)+"="+n.Text())
		}
		return true
	})
	return env, nil
}

// dotenv returns variables as lines that source/document and compose read.
func dotenv(env []string) string {
	var b strings.Builder
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, `$`, `\$`)
	for _, entry := range env {
		name, value, _ := strings.Cut(entry, "=")
		fmt.Fprintf(&b, "%s=\"%s\"\n", name, escape.Replace(value))
	}
	return b.String()
}
