package main

import (
	"context"
	"fmt"

	"github.com/confsync/confsync"
)

// show prints the effective values with where each came from.
func show(cfg *confsync.Config[App]) {
	fmt.Printf("generation %d\n", cfg.Generation())
	for x := range cfg.All() {
		printValue(x)
	}
	fmt.Println()
}

func printValue(x confsync.Explanation) {
	if len(x.Layers) == 0 {
		fmt.Printf("  %-24s is set nowhere\n", x.Path)
		return
	}
	fmt.Printf("  %-24s = %-14s %s\n", x.Path, x.Value, x.Layers[0].Origin)
}

// follow prints each change until ctx ends. Rejections are told by the logger.
func follow(ctx context.Context, cfg *confsync.Config[App]) error {
	fmt.Println("following; interrupt to end")
	for change := range cfg.Changes(ctx) {
		fmt.Printf("generation %d\n", change.Generation)
		for _, path := range change.Paths {
			x, _ := cfg.Explain(path.String()) // a value that has gone is set nowhere
			printValue(x)
		}
	}
	return nil
}
