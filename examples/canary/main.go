// Canary gives a layer to a share of the instances first: which, is told by a hash
// of their names, so it is the same ones each time, and the first tenth is among the
// first half. The share is a setting like any other, in the shared layer.
//
//	go run ./examples/canary
package main

import (
	"context"
	"fmt"
	"hash/fnv"
	"os"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
)

// App is the configuration of an instance.
type App struct {
	Timeout string
	Canary  struct {
		Share float64 // of the instances that take the canary layer
	}
}

// open opens the shared layer and, above it, the canary's for an instance that is
// to have it. The layers would be stores; here they stand in the program.
func open(ctx context.Context, instance string, shared, canary confsync.Source) (*confsync.Config[App], error) {
	base, err := confsync.Load(ctx, confsync.Options[App]{Sources: []confsync.Source{shared}})
	if err != nil {
		return nil, err
	}
	layers := []confsync.Source{shared}
	if position(instance) < base.Canary.Share {
		layers = append(layers, source.Optional(canary))
	}
	return confsync.Open(ctx, confsync.Options[App]{Sources: layers})
}

// position returns where an instance stands between 0 and 1: always in the same
// place.
func position(instance string) float64 {
	h := fnv.New64a()
	h.Write([]byte(instance))
	return float64(mix(h.Sum64())>>11) / (1 << 53)
}

// mix spreads names that differ in their last letter only (the finalizer of
// MurmurHash3).
func mix(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	shared := source.Static("shared", map[string]any{"timeout": "2s", "canary": map[string]any{"share": 0.2}})
	canary := source.Static("canary", map[string]any{"timeout": "1s"})
	taken := 0
	for i := range 100 {
		cfg, err := open(ctx, fmt.Sprintf("node-%d", i), shared, canary)
		if err != nil {
			return err
		}
		if cfg.Get().Timeout == "1s" {
			taken++
		}
		cfg.Close()
	}
	fmt.Printf("%d of 100 instances take the canary layer\n", taken)
	return nil
}
