package confsync

import (
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
)

// Derived is something that is built from a configuration, such as a client or
// a pool, and built anew when the configuration changes. Its methods may be
// called from any goroutine.
type Derived[R any] struct {
	state   atomic.Pointer[derived[R]]
	release func(R) // contains its panics; nil when there is nothing to do
	cancel  func()
	closed  sync.Once

	mu      sync.Mutex
	over    bool // no build begins any more
	running sync.WaitGroup
}

// derived is what was built last, and why nothing has been since.
type derived[R any] struct {
	value R
	err   error
}

// Derive calls build with the present configuration, and again after each
// generation, with the newest there is. It returns the error of the first
// build, and then nothing is left behind.
//
// When a later build fails or panics, what was built before stays, Err tells
// why, and that is logged once; the next generation is another try. When it
// succeeds, release is called with what was built before, after that has been
// replaced. A user of Get may still be at work with it then: release has to let
// it finish, as the Close of most clients does. A nil release does nothing.
//
// Builds and releases come in order, one at a time, and never in a goroutine
// that holds up another subscriber. Neither may call Close of the Derived or of
// the Config, which would wait for it. To build only when a certain part of the
// configuration has changed, build may return again what it returned before:
// that is kept, and not released.
func Derive[T, R any](c *Config[T], build func(*T) (R, error), release func(R)) (*Derived[R], error) {
	d := &Derived[R]{}
	if release != nil {
		d.release = func(value R) { c.hub.guard("a release function", func() { release(value) }) }
	}
	ready := make(chan struct{}) // closed when the first build is done
	var built *T                 // what the last build was given; after ready the subscription's own
	d.cancel = c.OnChange(func(change Change[*T]) {
		<-ready
		next := c.Get() // change.New or one after it
		if next == built || !d.begin() {
			return
		}
		defer d.running.Done()
		built = next
		value, err := contained(build, next)
		if err == nil {
			d.replace(value)
			return
		}
		before := d.state.Load()
		d.state.Store(&derived[R]{before.value, err})
		if before.err == nil || before.err.Error() != err.Error() {
			c.opts.Logger.Warn("confsync: what was built before stays", "generation", change.Generation, "error", err)
		}
	})
	defer close(ready)
	built = c.Get()
	value, err := contained(build, built)
	if err != nil {
		d.over = true
		d.cancel()
		return nil, fmt.Errorf("confsync: %w", err)
	}
	d.state.Store(&derived[R]{value: value})
	return d, nil
}

// contained calls build and makes an error of a panic.
func contained[T, R any](build func(*T) (R, error), config *T) (value R, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("the build panicked: %v", panicText(v))
		}
	}()
	return build(config)
}

// Get is what was built last: one atomic load.
func (d *Derived[R]) Get() R { return d.state.Load().value }

// Err tells why the newest configuration has not been built, nil when it has.
func (d *Derived[R]) Err() error { return d.state.Load().err }

// Close ends the builds, waits for one that runs, and releases what was built
// last, which Get goes on returning. It may be called more than once.
//
// Close of the Config ends the builds too and releases nothing: whoever uses
// what was built may outlive the configuration. Close both, in any order.
func (d *Derived[R]) Close() error {
	d.closed.Do(func() {
		d.mu.Lock()
		d.over = true
		d.mu.Unlock()
		d.cancel()
		d.running.Wait()
		if d.release != nil {
			d.release(d.Get())
		}
	})
	return nil
}

// begin notes that a build runs, unless there are to be none any more.
func (d *Derived[R]) begin() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.over {
		d.running.Add(1)
	}
	return !d.over
}

func (d *Derived[R]) replace(value R) {
	before := d.state.Swap(&derived[R]{value: value})
	if d.release != nil && !identical(before.value, value) {
		d.release(before.value)
	}
}

// identical reports whether two values are one thing, as == does.
func identical[R any](a, b R) bool {
	v, w := reflect.ValueOf(&a).Elem(), reflect.ValueOf(&b).Elem()
	return v.Comparable() && w.Comparable() && v.Equal(w)
}
