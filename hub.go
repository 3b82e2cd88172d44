package confsync

import (
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
)

// hub holds what is present and hands each new generation to the subscribers.
// One goroutine at a time publishes; each subscriber that has something to be
// told has a goroutine while it is told it. It knows the user's type only as
// what a generation points to.
type hub struct {
	log     logger
	serve   func(value any) // makes a value the one that Get returns
	closing chan struct{}   // closed by close
	running sync.WaitGroup  // callbacks

	now atomic.Pointer[present] // never nil; stored under mu

	mu     sync.Mutex
	subs   map[subscriber]uint64 // by the order of their coming
	last   uint64
	order  []subscriber // of subs; replaced, never written to; nil: to be made anew
	closed bool
}

// subscriber is one subscription. offer is called for every generation, in
// order, by whoever publishes.
type subscriber interface {
	offer(prev, next *generation)
}

func newHub(log logger, serve func(value any)) *hub {
	h := &hub{log: log, serve: serve, closing: make(chan struct{}), subs: map[subscriber]uint64{}}
	h.now.Store(&present{generation: &generation{}})
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
// tells of it.
func (h *hub) publish(next *present) {
	h.mu.Lock()
	prev := h.now.Load()
	h.serve(next.value)
	h.now.Store(next)
	subs := h.inOrderLocked()
	h.mu.Unlock()
	for _, s := range subs {
		s.offer(prev.generation, next.generation)
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

// close ends all subscriptions and returns when the last callback has returned.
// Nobody publishes any more.
func (h *hub) close() {
	h.mu.Lock()
	h.closed, h.subs, h.order = true, nil, nil
	close(h.closing)
	h.mu.Unlock()
	h.running.Wait()
}

// add makes s a subscriber, provided that seen is still current.
func (h *hub) add(s subscriber, seen *generation) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.now.Load().generation != seen {
		return false
	}
	if !h.closed {
		h.last++
		h.subs[s], h.order = h.last, nil
	}
	return true
}

func (h *hub) remove(s subscriber) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.subs, s)
	h.order = nil
}

// guard runs code of the user's, and logs what it panics with.
func guard(log logger, what string, code func()) (ok bool) {
	defer func() {
		if v := recover(); v != nil {
			log.get().Error("confsync: "+what+" panicked", "panic", panicText(v), "stack", string(debug.Stack()))
		}
	}()
	code()
	return true
}
