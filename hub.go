package confsync

import (
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// hub holds what is present and hands each new generation to the subscribers.
// One goroutine at a time publishes; each subscriber that is due a call has a
// goroutine until it has returned. It knows the user's type only as
// what a generation points to.
type hub struct {
	log     logger
	serve   func(value any) // makes a value the one that Get returns; may be nil
	closing <-chan struct{} // closed when the Config is; nil for never
	crew    *crew

	// exclusive runs code while nothing is published, and limit bounds each call
	// of the program's code that has a say in it; zero or less: it doesn't. again
	// is called when one that was given up has returned; may be nil.
	exclusive func(code func()) error
	limit     time.Duration
	again     func()

	now atomic.Pointer[present] // never nil; stored under mu

	mu       sync.Mutex
	subs     map[subscriber]uint64 // by the order of their coming; nil before the first
	last     uint64
	order    []subscriber // of subs; replaced, never written to; nil: to be made anew
	deciders []decider
	closed   bool

	// Of whoever publishes: what is left to do of it, should a picking function
	// end the goroutine.
	next *generation
	left []subscriber
	tail chan struct{} // closed when the last of what is done afterwards has ended; nil when there was none
}

// subscriber is one subscription. offer is called for every generation, in
// order, by whoever publishes.
type subscriber interface {
	offer(next *generation)
}

// nothing is what is present before the first generation.
var nothing = &present{generation: &generation{}}

func newHub(log logger, crew *crew, closing <-chan struct{}, serve func(value any)) *hub {
	h := &hub{log: log, crew: crew, closing: closing, serve: serve}
	h.now.Store(nothing)
	return h
}

func (h *hub) present() *present { return h.now.Load() }

// set replaces what is known, of the generation that is served already.
func (h *hub) set(p *present) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now.Store(p)
}

// publish serves a new generation. Get returns it no later than anything else
// tells of it. served is called before it is offered; it may be nil.
func (h *hub) publish(next *present, served func()) {
	h.mu.Lock()
	if h.serve != nil {
		h.serve(next.value)
	}
	h.now.Store(next)
	h.next, h.left = next.generation, h.inOrderLocked()
	h.mu.Unlock()
	if served != nil {
		served()
	}
	h.offer()
}

// offer offers the newest generation to the subscribers that have yet to see it.
func (h *hub) offer() {
	for len(h.left) > 0 {
		s := h.left[0]
		h.left = h.left[1:]
		s.offer(h.next)
	}
}

// call runs a callback in a goroutine of its own, unless the hub is closed.
func (h *hub) call(code func()) { h.run(calling, code) }

func (h *hub) run(as role, code func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		h.crew.run(as, code)
	}
}

func (h *hub) inOrderLocked() []subscriber {
	if h.order == nil {
		h.order = make([]subscriber, 0, len(h.subs))
		for s := range h.subs {
			h.order = append(h.order, s)
		}
		slices.SortFunc(h.order, func(a, b subscriber) int { return int(h.subs[a]) - int(h.subs[b]) })
	}
	return h.order
}

// wanted reports whether there are subscribers.
func (h *hub) wanted() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.subs) > 0
}

// close ends all subscriptions: no callback begins any more.
func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed, h.subs, h.order = true, nil, nil
}

// add makes s a subscriber, provided that seen is still current.
func (h *hub) add(s subscriber, seen *generation) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.now.Load().generation != seen {
		return false
	}
	if h.closed {
		return true
	}
	if h.subs == nil {
		h.subs = map[subscriber]uint64{}
	}
	h.last++
	h.subs[s], h.order = h.last, nil
	return true
}

func (h *hub) remove(s subscriber) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.subs, s)
	h.order = nil
}

// tellEach calls fn for each of several, one after another, even where a call ends
// the goroutine.
func tellEach[E any](h *hub, all []E, fn func(E)) {
	for len(all) > 0 {
		first, returned := all[0], false
		all = all[1:]
		func() {
			defer func() {
				if !returned {
					tellEach(h, all, fn)
				}
			}()
			h.contain("a callback", func() { fn(first) })
			returned = true
		}()
	}
}

// contain runs code of the program's, and logs what it panics with and that it has
// ended its goroutine, which nothing can prevent.
func (h *hub) contain(what string, code func()) (ok bool) {
	defer func() {
		if v := recover(); v != nil {
			err := tellable(panicked(what, v), h.present().provenance.secrets())
			h.log.get().Error("confsync: "+what+" panicked", "panic", err.Error(), "stack", string(debug.Stack()))
		} else if !ok {
			h.log.get().Error("confsync: "+what+" ended its goroutine", "stack", string(debug.Stack()))
		}
	}()
	code()
	return true
}
