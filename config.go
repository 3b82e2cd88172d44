package confsync

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
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
	value  atomic.Pointer[T]
	opts   Options[T]
	engine *engine
	hub    *hub[T]

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
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	c := &Config[T]{opts: opts, hub: newHub[T](opts.Logger)}
	c.engine, err = newEngine(b, opts.Sources, opts.Policy, opts.Unknown, opts.Logger)
	if err != nil {
		return nil, fmt.Errorf("confsync: %w", err)
	}
	c.engine.validate, c.engine.publish = c.validate, c.publish

	run, stop := context.WithCancel(context.Background())
	c.stop = stop
	for _, l := range c.engine.layers {
		if l.sup != nil {
			c.joined.Go(func() { l.sup.Run(run) })
		}
	}
	if err := c.start(ctx); err != nil {
		c.Close()
		return nil, err
	}
	c.joined.Go(func() { c.engine.run(run, opts.Quiet) })
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
	if err := c.engine.await(ctx); err != nil {
		return err
	}
	c.engine.reduce()
	if rejected := c.engine.status().Rejected; rejected != nil && c.value.Load() == nil {
		return rejected
	}
	return nil
}

// validate asks the type's own Validate method and then the one in the options.
func (c *Config[T]) validate(value reflect.Value) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("the validator panicked: %v", panicText(v))
		}
	}()
	next := value.Interface().(*T)
	if v, ok := any(next).(interface{ Validate() error }); ok {
		err = v.Validate()
	}
	if c.opts.Validate != nil {
		err = errors.Join(err, c.opts.Validate(c.value.Load(), next))
	}
	return err
}

// panicText is a panic's value as far as it can be harmless: an error of the
// runtime or one the program made itself, never a formatted configuration value.
func panicText(v any) string {
	if err, ok := v.(error); ok {
		return err.Error()
	}
	return fmt.Sprintf("%T", v)
}

// publish makes a generation the one that is served. The reducer calls it.
func (c *Config[T]) publish(g *generation) {
	next := &snapshot[T]{generation: g, value: g.value.Interface().(*T)}
	c.value.Store(next.value)
	c.hub.publish(next)
}

// Get is the present configuration, whole and consistent: one atomic load. It
// is never nil and it never changes: an update makes another. The value and
// all it refers to are to be read only.
func (c *Config[T]) Get() *T { return c.value.Load() }

// Generation counts the changes published: 1 after Open, and one more for each.
func (c *Config[T]) Generation() uint64 { return c.engine.status().Generation }

// Refresh reads every source anew and returns when what they hold is served,
// ctx's error if that ends first, and otherwise why it isn't: the errors of the
// sources, or the [*Error] of the rejection.
func (c *Config[T]) Refresh(ctx context.Context) error { return c.engine.refresh(ctx) }

// Status tells how the configuration and each of its sources stand.
func (c *Config[T]) Status() Status { return c.engine.status() }

// Close stops the sources and returns when the last callback has returned; no
// other call is made after it. Get goes on serving the last value. Close may be
// called more than once, but not by a callback, which it would wait for.
func (c *Config[T]) Close() error {
	c.closed.Do(func() {
		c.stop()
		c.joined.Wait()
		c.hub.close()
		c.engine.end()
	})
	return nil
}

// newLayers makes a layer of each source, above the layer of the default tags.
func newLayers(b *binder.Binder, sources []source.Source, p source.Policy, changed func()) ([]*layer, error) {
	layers := []*layer{{name: "default", raw: b.Defaults()}}
	names := map[string]bool{}
	var errs []error
	for i, src := range sources {
		if src == nil {
			errs = append(errs, fmt.Errorf("source %d is nil", i))
			continue
		}
		name := src.Name()
		if names[name] {
			errs = append(errs, fmt.Errorf("two sources are named %q: tell them apart with source.Named", name))
		}
		names[name] = true
		if shaped, ok := src.(source.Shaped); ok {
			with, err := shaped.WithShape(b.Shape())
			if err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", name, err))
				continue
			}
			src = with
		}
		layers = append(layers, &layer{name: name, sup: source.NewSupervisor(src, p, changed)})
	}
	return layers, errors.Join(errs...)
}

// elapsed is for texts: how long ago a time was, in seconds.
func elapsed(since time.Time) time.Duration { return time.Since(since).Round(time.Second) }
