package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// The exit codes.
const (
	exitOK      = 0
	exitNo      = 1 // the answer is no: no such path, a difference, an invalid document
	exitTrouble = 2 // wrong usage, or something failed
	exitMoved   = 3 // the store has changed since the plan; nothing, or nothing more, was written
)

// exit is an error that has an exit code of its own. A nil err prints nothing.
type exit struct {
	code int
	err  error
}

func (e exit) Error() string { return fmt.Sprint(e.err) }
func (e exit) Unwrap() error { return e.err }

// app is one run of the program.
type app struct {
	in       io.Reader
	out, err io.Writer

	sources []string
	schema  string
	timeout time.Duration
}

// run is the program: it returns the exit code.
func run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	a := &app{in: in, out: out, err: errs}
	cmd := a.command()
	cmd.SetArgs(args)
	cmd.SetIn(in)
	cmd.SetOut(out)
	cmd.SetErr(errs)
	cmd.InitDefaultCompletionCmd()
	if completion, _, err := cmd.Find([]string{"completion"}); err == nil {
		completion.RunE = func(c *cobra.Command, _ []string) error { return c.Help() } // and its NoArgs refuses other shells
	}
	err := cmd.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	code := exitTrouble
	var e exit
	if errors.As(err, &e) {
		code, err = e.code, e.err
	}
	if err != nil {
		fmt.Fprintln(errs, "confsync:", strings.TrimPrefix(err.Error(), "confsync: "))
	}
	return code
}

const long = `Confsync shows, watches, compares and writes layered configuration.

Sources are layers, lowest precedence first. Name them with -s, or in the
variable CONFSYNC_SOURCES, separated by spaces:

    file:app.yaml  or a path    a document: YAML, JSON, TOML or dotenv
    dir:/etc/app                a directory, a file a key
    glob:conf.d/*.yaml          documents, the later over the earlier
    env:CHECKOUT                environment variables CHECKOUT_...
    consul://host:8500/PREFIX   etcd://host:2379,host:2379/PREFIX
    redis://host:6379/PREFIX    zk://host:2181,host:2181/ROOT
    nats://host:4222/BUCKET/PREFIX
    https://host/app.yaml       a document behind a URL

Options follow a "?" (behind a URL, a "#"): consul://host/app.yaml?document=yaml.
Every source takes name=NAME, optional, mount=PATH, cache=FILE, gate=KEY (a new
state counts only when that key's value changes) and keep=50% (a state with fewer
of the values is refused). Stores take document=FORMAT, tls, ca-file, cert-file
and key-file.

Credentials are never part of an address. They are in a file that an option
names (token-file, password-file, auth-file, creds-file) or in the environment:
CONSUL_HTTP_TOKEN, ETCDCTL_USER and ETCDCTL_PASSWORD, REDISCLI_AUTH,
CONFSYNC_ZK_AUTH, CONFSYNC_NATS_TOKEN and CONFSYNC_HTTP_TOKEN.

Environment variables are matched with the keys that the other sources hold, or
with those of --schema: where there is a key db.max_conns, APP_DB_MAX_CONNS is it.

Exit codes: 0 yes or done; 1 no (no such path, a difference, invalid); 2 wrong
usage or trouble; 3 a store has changed since push made its plan.`

func (a *app) command() *cobra.Command {
	root := &cobra.Command{
		Use:           "confsync",
		Short:         "Show, watch, compare and write layered configuration",
		Long:          long,
		Example:       "  confsync -s defaults.yaml -s consul://127.0.0.1:8500/apps/checkout -s env:CHECKOUT get",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	flags := root.PersistentFlags()
	flags.StringArrayVarP(&a.sources, "source", "s", strings.Fields(os.Getenv("CONFSYNC_SOURCES")), "a source; repeat it, lowest precedence first")
	flags.StringVar(&a.schema, "schema", "", "a JSON Schema `file` that tells the keys, and which of them are secret")
	flags.DurationVar(&a.timeout, "timeout", 30*time.Second, "how long to wait for the sources at the start")
	flags.Lookup("source").DefValue = "$CONFSYNC_SOURCES"

	root.AddCommand(a.get(), a.explain(), a.watch(), a.diff(), a.push(), a.check(), a.status(), a.serve())
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return exit{exitTrouble, err} })
	return root
}

// terminal reports whether what is written to w is seen by a person.
func terminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// colors reports whether to write in colour: at a terminal, unless NO_COLOR is
// set (no-color.org).
func (a *app) colors() bool { return terminal(a.out) && os.Getenv("NO_COLOR") == "" }

// color returns text in an ANSI colour, where there are colours.
func (a *app) color(code, text string) string {
	if !a.colors() {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

const (
	red    = "31"
	green  = "32"
	yellow = "33"
	dim    = "2"
)
