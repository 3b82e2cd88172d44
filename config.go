package confsync

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/confsync/confsync/binder"
	"github.com/confsync/confsync/source"
)

// Config is a configuration that is kept in step with its sources. Its methods
// may be called from any goroutine.
type Config[T any] struct {
	value   atomic.Pointer[T] // the hub's present value once more, so that Get is one load
	reducer *reducer
	hub     *hub
	crew    *crew

	stop    context.CancelFunc
	timeout time.Duration // of Close
	closed  sync.Once
}

// Open starts the sources and returns once every required one has delivered
// and the result is valid. ctx bounds the opening only.
//
// It returns an [*Error] with every problem when the configuration can't be
// served: also, at once, when the content of a required source can't be used or
// isn't there. A source that can't be reached is tried again until
// StartTimeout. When it returns an error nothing is left running, except code
// of the program's, or a source, that doesn't return when ctx or StartTimeout
// has ended.
func Open[T any](ctx context.Context, opts Options[T]) (*Config[T], error) {
	return open(ctx, context.Background(), opts)
}

// open is Open with sources whose contexts come from life.
func open[T any](ctx, life context.Context, opts Options[T]) (*Config[T], error) {
	b, err := binder.New(reflect.TypeFor[T](), opts.DecodeHooks...)
	if err != nil {
		return nil, fmt.Errorf("confsync: %w", err)
	}
	if err := wellFormed(opts.Ignore); err != nil {
		return nil, fmt.Errorf("confsync: %w", err)
	}
	run, stop := context.WithCancel(life)
	c := &Config[T]{crew: &crew{}, stop: stop, timeout: cmp.Or(opts.CloseTimeout, defaultCloseTimeout)}
	c.hub = newHub(logger{opts.Logger}, c.crew, run.Done(), func(value any) { c.value.Store(value.(*T)) })
	c.reducer = newReducer(b, c.hub, opts)
	if c.reducer.layers, err = newLayers(c.reducer.types, opts.Sources, opts.Policy, c.reducer.changed); err != nil {
		stop()
		return nil, fmt.Errorf("confsync: %w", err)
	}
	for _, f := range c.reducer.layers.sources {
		c.crew.join()
		f.sup.Start(run, c.crew.leave)
	}
	if timeout := cmp.Or(opts.StartTimeout, defaultStartTimeout); timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	if err := c.reducer.open(ctx); err != nil {
		switch {
		case c.reducer.applying.Load() != nil:
			c.timeout = time.Nanosecond // for code that hangs
		case ctx.Err() != nil:
			c.timeout = hurriedCloseTimeout
		}
		c.Close()
		return nil, err
	}
	c.reducer.live()
	for _, note := range b.Notes() {
		c.hub.log.get().Warn("confsync: not honoured", "problem", note)
	}
	return c, nil
}

// Load returns the configuration as it is now, for a program that never reloads
// it. It is Open, Get and Close: nothing is left running, and the errors are
// Open's. It is quicker, as the sources know that nobody will wait for changes
// ([source.IsBrief]).
func Load[T any](ctx context.Context, opts Options[T]) (*T, error) {
	c, err := open(ctx, source.Briefly(context.Background()), opts)
	if err != nil {
		return nil, err
	}
	return c.Get(), c.Close()
}

// selector returns the whole of the configuration.
func (c *Config[T]) selector() selector[*T] {
	return selector[*T]{hub: c.hub, pick: func(g *generation) *T { return g.value.(*T) }, equal: equalPointers[T]}
}

// Get returns the present configuration, whole and consistent: one atomic load.
// It is never nil and it never changes: an update makes another. The value and
// all it refers to are to be read only.
func (c *Config[T]) Get() *T { return c.value.Load() }

// Generation returns how many changes were published: 1 after Open, and one more
// for each. What Get returns is of that generation or a later one.
func (c *Config[T]) Generation() uint64 { return c.hub.present().number }

// Format writes which generation is served, for every verb. What a Config is made
// of changes while it is printed, and is nobody's to read.
func (c *Config[T]) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "confsync.Config[%v](generation %d)", reflect.TypeFor[T](), c.Generation())
}

// Refresh reads every source anew, and tries anew what was refused though it is
// unchanged. It returns nil when what the sources hold is served,
// ctx's error if that ends first, and otherwise why it isn't: the errors of the
// sources, or the [*Error] of the rejection.
func (c *Config[T]) Refresh(ctx context.Context) error { return c.reducer.refresh(ctx) }

// ErrRunning is returned by Close when code of the program's, or a source, has
// not returned in time.
var ErrRunning = errors.New("confsync: closed, but a callback, a validator or a source has not returned")

// Close stops the sources and returns when the last callback has returned; no
// other call is made after it. Get goes on serving the last value. It waits for
// Options.CloseTimeout and then returns ErrRunning.
//
// Close may be called more than once, also by a callback, a validator or any
// other code that a Config calls: it then returns at once, without waiting, and
// all ends when that code has returned.
func (c *Config[T]) Close() error {
	c.closed.Do(func() {
		c.stop()
		c.hub.close()
		c.reducer.statuses.close()
	})
	if c.crew.caller() != outsider {
		return nil
	}
	var late <-chan time.Time
	if c.timeout > 0 {
		timer := time.NewTimer(c.timeout)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case <-c.crew.over():
		return nil
	case <-late:
		return ErrRunning
	}
}
