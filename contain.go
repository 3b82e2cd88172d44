package confsync

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// ErrReentrant is returned by what waits for an update to be applied when it is
// called by code that the update itself waits for: a validator, a picking
// function, a decode hook, a build that may veto.
var ErrReentrant = errors.New("confsync: called by code that an update waits for")

// crew is the goroutines that run the program's code: Close waits for them,
// unless it is called by one of them.
type crew struct {
	running sync.WaitGroup

	mu    sync.Mutex
	roles map[uint64]role // by the number of the goroutine
}

// role is what a goroutine of the crew does.
type role uint8

const (
	outsider role = iota
	calling       // runs a callback, which no update waits for
	applying      // takes part in an update
)

func newCrew() *crew { return &crew{roles: map[uint64]role{}} }

// run runs code in a goroutine of the crew.
func (c *crew) run(as role, code func()) { c.running.Go(func() { c.act(as, code) }) }

// act runs code with a role.
func (c *crew) act(as role, code func()) {
	id := goroutine()
	c.enlist(id, as)
	defer c.enlist(id, outsider)
	code()
}

func (c *crew) enlist(id uint64, as role) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.roles[id] = as; as == outsider {
		delete(c.roles, id)
	}
}

// caller returns what the goroutine that calls it does.
func (c *crew) caller() role {
	id := goroutine()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.roles[id]
}

// goroutine returns the number of the goroutine that calls it, which its stack
// begins with. There is no other way to tell a call from within a callback from
// one from outside, and the first must not wait for itself.
func goroutine() uint64 {
	var stack [32]byte
	text := bytes.TrimPrefix(stack[:runtime.Stack(stack[:], false)], []byte("goroutine "))
	digits, _, _ := bytes.Cut(text, []byte(" "))
	id, _ := strconv.ParseUint(string(digits), 10, 64)
	return id
}

// bounded runs code of the program's that takes part in an update: Validate,
// Complete, or the build of a Derived with a veto. One of its calls runs at a
// time. A panic, an exit of its goroutine and a call that takes too long are
// errors; what a call that was given up still does is contained.
type bounded struct {
	what string
	hub  *hub

	since atomic.Pointer[time.Time] // of the call that runs
}

// call runs code and returns its error. late, if not nil, is called when code
// that was given up has returned after all.
func (b *bounded) call(code func() error, late func()) error {
	now := time.Now()
	if !b.since.CompareAndSwap(nil, &now) {
		return fmt.Errorf("%s, called for an earlier update, has not returned for %s", b.what, elapsed(*b.since.Load()))
	}
	done := make(chan error, 1) // the one send never waits
	var givenUp atomic.Bool     // swapped by whoever comes second
	b.hub.crew.run(applying, func() {
		err := fmt.Errorf("%s ended its goroutine", b.what)
		defer func() {
			if v := recover(); v != nil {
				err = panicked(b.what, v)
			}
			b.since.Store(nil)
			done <- err
			if givenUp.Swap(true) {
				if late != nil && err == nil {
					late()
				}
				if b.hub.again != nil {
					b.hub.again()
				}
			}
		}()
		err = code()
	})
	var timeout <-chan time.Time
	if b.hub.limit > 0 {
		timer := time.NewTimer(b.hub.limit)
		defer timer.Stop()
		timeout = timer.C
	}
	var why error
	select {
	case err := <-done:
		return err
	case <-timeout:
		why = fmt.Errorf("%s has not returned within %s", b.what, b.hub.limit)
	case <-b.hub.closing:
		why = ErrClosed
	}
	if givenUp.Swap(true) {
		return <-done // it has returned just now
	}
	return why
}
