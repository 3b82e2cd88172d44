package confsync

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
)

// Derived is something that is built from a configuration, such as a client or
// a pool, and built anew when the configuration changes. Its methods may be
// called from any goroutine.
type Derived[R any] struct {
	hub     *hub
	state   atomic.Pointer[derived[R]]
	release func(R) // contains its panics; nil when there is nothing to do
	cancel  func()
	served  func() (value R, generation uint64, ok bool) // with a veto, what the present generation has; else nil
	closed  sync.Once
	done    chan struct{} // closed when the last has been released

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
// replaced. A caller of Get may still be using it: release must let that
// finish, as the Close of most clients does. A nil release does nothing.
//
// With [Veto] the build decides with the others whether a generation is published.
//
// Builds and releases come in order, one at a time, and never in a goroutine
// that holds up another subscriber. A build may return again what it returned
// before: that is kept, and not released.
func Derive[T, R any](v View[T], build func(*T) (R, error), release func(R), opts ...DeriveOption) (*Derived[R], error) {
	d := &Derived[R]{hub: hubOf(v), done: make(chan struct{})}
	if release != nil {
		d.release = func(value R) { d.hub.contain("a release function", func() { release(value) }) }
	}
	var o deriveOptions
	for _, opt := range opts {
		opt(&o)
	}
	if o.veto {
		return deriveWithVeto(v, d, build)
	}
	var failed error
	d.cancel = observe(v, func(whole *T) *T { return whole }, selectorOf(v).equal, func(present *T, of *generation) {
		value, err := contained(build, present)
		failed, d.over = err, err != nil
		d.state.Store(&derived[R]{value: value, generation: of.number})
	}, func(change Change[*T], _ *generation) {
		if !d.begin() {
			return
		}
		err := errors.New("the build ended its goroutine")
		defer func() {
			if err != nil {
				d.keep(change.Generation, err)
			}
			d.running.Done()
		}()
		var value R
		if value, err = contained(build, change.New); err == nil {
			d.replace(value, change.Generation)
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
			err = panicked("the build", v)
		}
	}()
	return build(config)
}

// keep stays with what was built before, for what was built of a generation
// failed.
func (d *Derived[R]) keep(generation uint64, err error) {
	err = tellable(err, d.hub.present().provenance.secrets())
	before := d.state.Load()
	d.state.Store(&derived[R]{before.value, before.generation, err})
	if before.err == nil || before.err.Error() != err.Error() {
		d.hub.log.get().Warn("confsync: what was built before stays", "generation", generation, "error", err)
	}
}

// Get returns what was built last.
func (d *Derived[R]) Get() R {
	value, _ := d.Current()
	return value
}

// Err returns why the newest configuration has not been built, nil when it has.
// With [Veto] it is nil: the rejection, in Status, says why.
func (d *Derived[R]) Err() error { return d.state.Load().err }

// Current returns what was built last and the generation it belongs to, the two
// together: the one it was built of or, with [Veto], the one that is served.
func (d *Derived[R]) Current() (value R, generation uint64) {
	if d.served != nil {
		if value, generation, ok := d.served(); ok {
			return value, generation
		}
	}
	s := d.state.Load()
	return s.value, s.generation
}

// Close ends the builds, waits for one that runs, and releases what was built
// last, which Get goes on returning. It may be called more than once. Called by
// a build, a release or another callback of the Config it doesn't wait.
//
// Close of the Config ends the builds too and releases nothing: whoever uses
// what was built may outlive the configuration. Close both, in any order.
func (d *Derived[R]) Close() error {
	d.closed.Do(func() {
		d.end()
		go func() { // ends with the build that runs
			defer close(d.done)
			d.running.Wait()
			if d.release != nil {
				d.hub.crew.act(calling, func() { d.release(d.Get()) })
			}
		}()
	})
	if d.hub.crew.caller() == outsider {
		<-d.done
	}
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
