package confsync

import (
	"context"
	"iter"
)

// Watch calls fn whenever the value that pick returns has changed: by the
// type's Equal method if it has one, else by == if it can be, else deeply. fn
// isn't called for the present value; see [Follow].
//
// The calls of one fn come in the order of generations and one at a time. While
// one runs, later changes are gathered into one, so a slow fn is handed the
// newest value next and holds up nobody else; a value that has changed back by
// then is no change. A panic in fn or pick is logged, and the next change
// is delivered. pick must be quick, and must not write to the value; it is not
// called for a part that isn't there, which counts as the zero V.
//
// cancel may be called more than once, and by fn itself. It doesn't wait: a call
// that was due when it was called may still run.
func Watch[T, V any](v View[T], pick func(*T) V, fn func(Change[V])) (cancel func()) {
	return observe(v, pick, equal[V], nil, plain(fn))
}

// Follow calls fn with the value that pick returns, before it returns itself,
// and again with each later one. Calls are made as by [Watch]: never two at a
// time, and no change between the first call and the later ones is missed.
func Follow[T, V any](v View[T], pick func(*T) V, fn func(V)) (cancel func()) {
	return observe(v, pick, equal[V], func(present V, _ *generation) { fn(present) }, func(c Change[V], _ *generation) { fn(c.New) })
}

// OnChange calls fn for every generation from now on. Calls are made as by
// [Watch].
func (c *Config[T]) OnChange(fn func(Change[*T])) (cancel func()) {
	return subscribe(c.selector(), nil, plain(fn))
}

// Changes returns the generations from the moment a loop over it starts, the
// newest at each step: those that pass during a step are gathered into one. It
// ends with ctx and with Close.
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

// observe subscribes to a part of a View; see subscribe.
func observe[T, V any](v View[T], pick func(*T) V, equal func(a, b V) bool, first func(V, *generation), fn func(Change[V], *generation)) (cancel func()) {
	if t := narrow(selectorOf(v), pick, equal); t.hub != nil {
		return subscribe(t, first, fn)
	}
	return relay(v, pick, equal, first, fn)
}

// relay observes a View that was made elsewhere. It starts from what Get returns
// once OnChange has been called, so nothing falls between the two.
func relay[T, V any](v View[T], pick func(*T) V, equal func(a, b V) bool, first func(V, *generation), fn func(Change[V], *generation)) (cancel func()) {
	ready := make(chan struct{}) // closed once reported is set
	var reported V               // after ready of the one callback that runs
	cancel = v.OnChange(func(c Change[*T]) {
		<-ready
		value := partOf(v.Get(), pick) // c.New or a later one
		if equal(reported, value) {
			return
		}
		change := Change[V]{Old: reported, New: value, Generation: c.Generation, Paths: c.Paths}
		reported = value
		fn(change, &generation{number: c.Generation})
	})
	defer close(ready)
	reported = partOf(v.Get(), pick)
	if first != nil {
		hubOf(v).contain("a callback", func() { first(reported, &generation{}) })
	}
	return cancel
}
