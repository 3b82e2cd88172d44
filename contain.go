package confsync

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
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

// crew is the goroutines that run the program's code, and the sources: Close waits
// for them, unless it is called by one of them.
type crew struct {
	mu       sync.Mutex
	running  int
	idle     chan struct{}   // closed when none runs any more; nil while nobody waits for that
	applying map[uint64]bool // by the number of the goroutine
}

// role is what a goroutine of the crew does.
type role uint8

const (
	outsider role = iota
	calling       // runs a callback, which no update waits for
	applying      // takes part in an update
)

// run runs code in a goroutine of the crew.
func (c *crew) run(as role, code func()) {
	c.join()
	go func() {
		defer c.leave()
		c.act(as, code)
	}()
}

// join and leave tell that there is one more that Close waits for, and one less.
func (c *crew) join() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running++
}

func (c *crew) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running--; c.running == 0 && c.idle != nil {
		close(c.idle)
		c.idle = nil
	}
}

// over returns a channel that is closed when none of the crew runs any more.
func (c *crew) over() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	idle := c.idle
	if idle == nil {
		idle = make(chan struct{})
	}
	if c.running == 0 {
		close(idle)
	} else {
		c.idle = idle
	}
	return idle
}

// act runs code with a role. It is looked for on the stack, so it must have a
// frame of its own.
//
//go:noinline
func (c *crew) act(as role, code func()) {
	growStack()
	if as == applying {
		id := goroutine()
		c.enlist(id, true)
		defer c.enlist(id, false)
	}
	code()
}

// growStack makes the stack of a goroutine that has just begun as large as binding
// needs it. Otherwise it grows step by step, and each step copies all the frames
// that there are: a quarter of what it takes to open and close a small
// configuration, and a tenth of the time from an update to a callback.
//
//go:noinline
func growStack() {
	var stack [14 << 10]byte
	use(&stack)
}

//go:noinline
func use(*[14 << 10]byte) {}

func (c *crew) enlist(id uint64, applies bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !applies {
		delete(c.applying, id)
		return
	}
	if c.applying == nil {
		c.applying = map[uint64]bool{}
	}
	c.applying[id] = true
}

// caller returns what the goroutine that calls it does. A callback of another
// Config is taken for one of this.
func (c *crew) caller() role {
	if !acting() {
		return outsider
	}
	id := goroutine()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.applying[id] {
		return applying
	}
	return calling
}

var actEntry = reflect.ValueOf((*crew).act).Pointer()

const longestAct = 1 << 16 // bytes of code, which act never has

// acting reports whether the goroutine that calls it is of a crew. A callback is
// known by its stack alone, because there are many, and they must cost nothing.
func acting() bool {
	var callers [64]uintptr
	for skip := 2; ; skip += len(callers) {
		n := runtime.Callers(skip, callers[:])
		for _, pc := range callers[:n] {
			if pc-1-actEntry > longestAct {
				continue
			}
			if f := runtime.FuncForPC(pc - 1); f != nil && f.Entry() == actEntry {
				return true
			}
		}
		if n < len(callers) {
			return false
		}
	}
}

// goroutine returns the number of the goroutine that calls it, which its stack
// begins with. There is no other way to tell a call from within an update from
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
	for !b.since.CompareAndSwap(nil, &now) {
		if since := b.since.Load(); since != nil {
			return fmt.Errorf("%s, called for an earlier update, has not returned since %s", b.what, since.Format(time.RFC3339))
		}
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
