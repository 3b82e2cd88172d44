// Command bench measures confsync beside other libraries and beside the bare
// clients of the stores, and writes what it finds into the documentation.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"github.com/confsync/confsync/bench/compare"
	"github.com/confsync/confsync/bench/rest"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case compare.WorkerFlag:
			return compare.ServeArgs(args[1:])
		case rest.WorkerFlag:
			return rest.ServeArgs(args[1:])
		}
	}
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	flags.Usage = func() {
		fmt.Fprintf(flags.Output(), "usage: bench [flags] [libraries | file | start | propagation | sustained | rest | fleet]\n")
		flags.PrintDefaults()
	}
	quick := flags.Bool("quick", false, "a smoke check: little of everything, and nothing written")
	only := flags.String("only", "", "the one work, or the one store; nothing written")
	root := flags.String("root", "..", "where README.md and docs/ are")
	_ = flags.Parse(args) // it exits
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	switch subject := flags.Arg(0); subject {
	case "", "libraries":
		return compareLibraries(*root, *quick, *only)
	case "file":
		return editFiles(ctx, *root, *quick, *only)
	case "start":
		return startUp(ctx, *root, *quick)
	case "propagation":
		return propagate(ctx, *root, *quick, *only)
	case "sustained":
		return sustain(ctx, *root, *quick, *only)
	case "rest":
		return atRest(ctx, *root, *quick, *only)
	case "fleet":
		return outage(ctx, *root, *quick)
	default:
		flags.Usage()
		return fmt.Errorf("no subject %q", subject)
	}
}
