package soak

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/confsync/confsync/internal/testserver"
)

// breakable is what faults happen to: the way to a place, or to the page, and the
// server there.
type breakable struct {
	name   string
	server *testserver.Server // nil: the way alone is broken
	proxy  *testserver.Proxy
	times  int // faults so far
}

// faults are those that happen in turn.
var faults = []string{"cut", "black hole", "latency", "slow link", "pause", "kill"}

// kinds returns those that happen to b.
func (b *breakable) kinds() []string {
	if b.server == nil {
		return faults[:4]
	}
	return faults
}

// run breaks and mends until ctx ends, with no more than a time between two
// faults. Then all is mended.
func (b *breakable) run(ctx context.Context, between time.Duration) {
	for rest(ctx, rand.N(between)); ctx.Err() == nil; rest(ctx, rand.N(between)) {
		mend := b.inject(b.kinds()[b.times%len(b.kinds())])
		b.times++
		rest(ctx, 200*time.Millisecond+rand.N(3*time.Second))
		mend()
	}
}

// inject breaks something, and returns how to mend it.
func (b *breakable) inject(fault string) (mend func()) {
	switch fault {
	case "cut":
		b.proxy.Cut()
	case "black hole":
		b.proxy.Blackhole()
	case "latency":
		b.proxy.Latency(50*time.Millisecond + rand.N(400*time.Millisecond))
	case "slow link":
		b.proxy.Bandwidth(500 + rand.N(4000))
		return func() { b.proxy.Bandwidth(0) }
	case "pause":
		b.server.Pause()
		return b.server.Resume
	default:
		b.server.Kill()
		return b.server.Start
	}
	return b.proxy.Heal
}

// String tells how often what happened.
func (b *breakable) String() string {
	kinds := b.kinds()
	var all []string
	for i, fault := range kinds {
		if n := (b.times + len(kinds) - 1 - i) / len(kinds); n > 0 {
			all = append(all, fmt.Sprintf("%d %s", n, fault))
		}
	}
	return fmt.Sprintf("%s: %s", b.name, strings.Join(all, ", "))
}
