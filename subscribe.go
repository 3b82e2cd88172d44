package confsync

import (
	"context"
	"iter"
	"reflect"

	"github.com/confsync/confsync/binder"
	"github.com/confsync/confsync/tree"
)

// Change is a value that has changed, as one subscriber sees it: Old is what it
// was told last (or what there was when it subscribed), New what there is now.
type Change[V any] struct {
	Old, New   V
	Generation uint64      // that New is of
	Paths      []tree.Path // all that changed in the configuration between the two, sorted
}

// OnChange calls fn for every generation from now on. What is said of calls at
// [Watch] goes for it too.
func (c *Config[T]) OnChange(fn func(Change[*T])) (cancel func()) {
	return subscribe(c.hub, func(v *T) *T { return v }, func(a, b *T) bool { return a == b }, fn)
}

// Watch calls fn whenever the value that pick returns has changed: by the
// type's Equal method if it has one, else by == if it can be, else deeply. fn
// isn't called for the present value.
//
// The calls of one fn come in the order of generations and one at a time. While
// one runs, later changes are gathered into one, so a slow fn is handed the
// newest value next and holds up nobody else; a value that has changed back by
// then is no change. A panic in fn or pick is logged, and the next change
// is delivered. pick must be quick, and must not write to the value.
//
// cancel may be called more than once, and by fn itself. It doesn't wait: a call
// that was due when it was called may still run.
func Watch[T, V any](c *Config[T], pick func(*T) V, fn func(Change[V])) (cancel func()) {
	return subscribe(c.hub, pick, same[V], fn)
}

// same reports whether two picked values are the same configuration.
func same[V any](a, b V) bool {
	return binder.Same(reflect.ValueOf(&a).Elem(), reflect.ValueOf(&b).Elem())
}

// Changes are the generations from the moment a loop over it starts, the newest
// at each step: those that pass during a step are gathered into one. It ends
// with ctx and with Close.
func (c *Config[T]) Changes(ctx context.Context) iter.Seq[Change[*T]] {
	return func(yield func(Change[*T]) bool) {
		changes := make(chan Change[*T])
		stopped := make(chan struct{})
		cancel := c.OnChange(func(change Change[*T]) {
			select {
			case changes <- change:
			case <-stopped:
			case <-ctx.Done():
			case <-c.hub.closing:
			}
		})
		defer close(stopped)
		defer cancel()
		for {
			select {
			case change := <-changes:
				if !yield(change) {
					return
				}
			case <-ctx.Done():
				return
			case <-c.hub.closing:
				return
			}
		}
	}
}
