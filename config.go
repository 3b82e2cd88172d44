package confsync

import (
	"context"
	"errors"
	"fmt"

	"reflect"
	"sync"
	"sync/atomic"

	"github.com/confsync/confsync/binder"
)

// Config is a configuration that is kept in step with its sources. Its methods
// may be called from any goroutine.
type Config[T any] struct {
	value   atomic.Pointer[T] // the hub's present value once more, so that Get is one load
	opts    Options[T]
	reducer *reducer
	hub     *hub

	stop   context.CancelFunc
	joined sync.WaitGroup // the reducer and the supervisors
	closed sync.Once
}

// Open starts the sources and returns once every required one has delivered
// and the result is valid. ctx bounds the opening only.
//
// It returns an [*Error] with every problem when the configuration can't be
// served: also, at once, when the content of a required source can't be used
// or isn't there. A source that can't be reached is tried again until
// StartTimeout. When it returns an error nothing is left running.
func Open[T any](ctx context.Context, opts Options[T]) (*Config[T], error) {
	b, err := binder.New(reflect.TypeFor[T](), opts.DecodeHooks...)
	if err != nil {
		return nil, fmt.Errorf("confsync: %w", err)
	}
	c := &Config[T]{opts: opts}
	c.hub = newHub(logger{opts.Logger}, func(value any) { c.value.Store(value.(*T)) })
	c.reducer, err = newReducer(b, opts.Sources, opts.Policy, opts.Unknown, c.hub)
	if err != nil {
		return nil, fmt.Errorf("confsync: %w", err)
	}
	c.reducer.validate = c.validate

	run, stop := context.WithCancel(context.Background())
	c.stop = stop
	for _, f := range c.reducer.stack.feeds {
		c.joined.Go(func() { f.sup.Run(run) })
	}
	if err := c.start(ctx); err != nil {
		c.Close()
		return nil, err
	}
	for _, note := range b.Notes() {
		c.hub.log.get().Warn("confsync: not honoured", "problem", note)
	}
	c.joined.Go(func() { c.reducer.run(run, opts.Quiet) })
	return c, nil
}

// start waits for the first word of the sources and makes the first value.
func (c *Config[T]) start(ctx context.Context) error {
	timeout := c.opts.StartTimeout
	if timeout == 0 {
		timeout = defaultStartTimeout
	}
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	if err := c.reducer.await(ctx); err != nil {
		return err
	}
	c.reducer.reduce()
	if now := c.hub.present(); now.number == 0 {
		return now.rejected
	}
	return nil
}

// validate asks the type's own Validate method and then the one in the options.
func (c *Config[T]) validate(old, next any) error {
	return validated(func() (err error) {
		if v, ok := next.(interface{ Validate() error }); ok {
			err = v.Validate()
		}
		if c.opts.Validate != nil {
			before, _ := old.(*T)
			err = errors.Join(err, c.opts.Validate(before, next.(*T)))
		}
		return err
	})
}

// panicText is a panic's value as far as it can be harmless: an error of the
// runtime or one the program made itself, never a formatted configuration value.
func panicText(v any) string {
	if err, ok := v.(error); ok {
		return err.Error()
	}
	return fmt.Sprintf("%T", v)
}

// tap is the whole of the configuration.
func (c *Config[T]) tap() tap[*T] {
	return tap[*T]{hub: c.hub, pick: func(g *generation) *T { return g.value.(*T) }, equal: equalPointers[T]}
}

// Get returns the present configuration, whole and consistent: one atomic load.
// It is never nil and it never changes: an update makes another. The value and
// all it refers to are to be read only.
func (c *Config[T]) Get() *T { return c.value.Load() }

// Generation returns how many changes were published: 1 after Open, and one more
// for each. What Get returns is of that generation or a later one.
func (c *Config[T]) Generation() uint64 { return c.hub.present().number }

// Refresh reads every source anew and returns when what they hold is served,
// ctx's error if that ends first, and otherwise why it isn't: the errors of the
// sources, or the [*Error] of the rejection.
func (c *Config[T]) Refresh(ctx context.Context) error { return c.reducer.refresh(ctx) }

// Status returns how the configuration and each of its sources stand.
func (c *Config[T]) Status() Status { return c.reducer.status() }

// Close stops the sources and returns when the last callback has returned; no
// other call is made after it. Get goes on serving the last value. Close may be
// called more than once, but not by a callback, which it would wait for.
func (c *Config[T]) Close() error {
	c.closed.Do(func() {
		c.stop()
		c.joined.Wait()
		c.hub.close()
		c.reducer.end()
	})
	return nil
}
