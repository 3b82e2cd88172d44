package main

import (
	"context"
	"fmt"

	"github.com/confsync/confsync"
)

// shown are the values that show prints.
var shown = []string{
	"server.host", "server.port", "server.timeout", "log.level", "db.pool.min", "db.pool.max",
	"db.password", "features.search", `features.beta\.checkout`, "greeting",
}

// show prints the effective values with where each came from.
func show(cfg *confsync.Config[App]) {
	fmt.Printf("generation %d\n", cfg.Generation())
	for _, path := range shown {
		printValue(cfg, path)
	}
	fmt.Println()
}

func printValue(cfg *confsync.Config[App], path string) {
	x, err := cfg.Explain(path)
	switch {
	case err != nil:
		fmt.Printf("  %v\n", err)
	case len(x.Layers) == 0:
		fmt.Printf("  %-24s is set nowhere\n", path)
	default:
		fmt.Printf("  %-24s = %-14s %s\n", path, x.Value, x.Layers[0].Origin)
	}
}

// follow prints each change until ctx ends. Rejections are told by the logger.
func follow(ctx context.Context, cfg *confsync.Config[App]) error {
	fmt.Println("following; interrupt to end")
	for change := range cfg.Changes(ctx) {
		fmt.Printf("generation %d\n", change.Generation)
		for _, path := range change.Paths {
			printValue(cfg, path.String())
		}
	}
	return nil
}
