// Confsync reads, watches, compares and writes layered configuration from a
// shell: files, URLs, the environment, Consul, etcd, Redis, ZooKeeper and NATS.
// See docs/cli.md, or confsync help.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
