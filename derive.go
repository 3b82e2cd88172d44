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
	log     logger
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
	value      R
	generation uint64 // that value was built of
	err        error
}

// Derive calls build with what v holds at present, and again after each change
// of it, with the newest there is: over a [Select], only when that part has
// changed. It returns the error of the first build, and then nothing is left
// behind.
//
// When a later build fails or panics, what was built before stays, Err tells
// why, and that is logged once; the next change is another try. When it
// succeeds, release is called with what was built before, after that has been
// replaced. A user of Get may still be at work with it then: release has to let
// it finish, as the Close of most clients does. A nil release does nothing.
//
// Builds and releases come in order, one at a time, and never in a goroutine
// that holds up another subscriber. Neither may call Close of the Derived or of
// the Config, which would wait for it. A build may return again what it
// returned before: that is kept, and not released.
func Derive[T, R any](v View[T], build func(*T) (R, error), release func(R)) (*Derived[R], error) {
	d := &Derived[R]{log: logOf(v)}
	if release != nil {
		d.release = func(value R) { guard(d.log, "a release function", func() { release(value) }) }
	}
	var failed error
	d.cancel = observe(v, func(whole *T) *T { return whole }, tapOf(v).equal, func(present *T, of *generation) {
		value, err := contained(build, present)
		failed, d.over = err, err != nil
		d.state.Store(&derived[R]{value: value, generation: of.number})
	}, func(change Change[*T]) {
		if !d.begin() {
			return
		}
		defer d.running.Done()
		value, err := contained(build, change.New)
		if err == nil {
			d.replace(value, change.Generation)
			return
		}
		before := d.state.Load()
		d.state.Store(&derived[R]{before.value, before.generation, err})
		if before.err == nil || before.err.Error() != err.Error() {
			d.log.get().Warn("confsync: what was built before stays", "generation", change.Generation, "error", err)
		}
	})
	if failed != nil {
		d.end()
		return nil, fmt.Errorf("confsync: %w", failed)
	}
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

// Get returns what was built last: one atomic load.
func (d *Derived[R]) Get() R { return d.state.Load().value }

// Err returns why the newest configuration has not been built, nil when it has.
func (d *Derived[R]) Err() error { return d.state.Load().err }

// Close ends the builds, waits for one that runs, and releases what was built
// last, which Get goes on returning. It may be called more than once.
//
// Close of the Config ends the builds too and releases nothing: whoever uses
// what was built may outlive the configuration. Close both, in any order.
func (d *Derived[R]) Close() error {
	d.closed.Do(func() {
		d.end()
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

// end lets no build begin any more.
func (d *Derived[R]) end() {
	d.mu.Lock()
	d.over = true
	d.mu.Unlock()
	d.cancel()
}

func (d *Derived[R]) replace(value R, generation uint64) {
	before := d.state.Swap(&derived[R]{value: value, generation: generation})
	if d.release != nil && !identical(before.value, value) {
		d.release(before.value)
	}
}

// identical reports whether two values are one thing, as == does.
func identical[R any](a, b R) bool {
	v, w := reflect.ValueOf(&a).Elem(), reflect.ValueOf(&b).Elem()
	return v.Comparable() && w.Comparable() && v.Equal(w)
}
