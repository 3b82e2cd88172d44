package nats

import (
	"context"
	"sync"

	"github.com/nats-io/nats.go/jetstream"
)

// turns has the sources of one bucket's handle ask for its status one after another.
// Releases of the client write to the handle then, without a lock.
var turns = struct {
	sync.Mutex
	of map[jetstream.KeyValue]*turn
}{of: map[jetstream.KeyValue]*turn{}}

type turn struct {
	sources int           // that wait or ask
	asking  chan struct{} // of capacity 1; holds one while somebody asks
}

// inTurn calls ask when no other source of the handle does, unless ctx ends before.
func inTurn(ctx context.Context, kv jetstream.KeyValue, ask func() error) error {
	turns.Lock()
	t := turns.of[kv]
	if t == nil {
		t = &turn{asking: make(chan struct{}, 1)}
		turns.of[kv] = t
	}
	t.sources++
	turns.Unlock()
	defer func() {
		turns.Lock()
		defer turns.Unlock()
		if t.sources--; t.sources == 0 {
			delete(turns.of, kv)
		}
	}()
	select {
	case t.asking <- struct{}{}:
		defer func() { <-t.asking }()
		return ask()
	case <-ctx.Done():
		return ctx.Err()
	}
}
