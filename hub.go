package confsync

import (
	"log/slog"
	"runtime/debug"
	"sync"

	"github.com/confsync/confsync/tree"
)

// snapshot is a generation with its value as the user's type.
type snapshot[T any] struct {
	*generation
	value *T
}

// hub hands generations to subscribers. The reducer publishes; each subscriber
// that has something to be told has a goroutine while it is told it.
type hub[T any] struct {
	log     *slog.Logger
	closing chan struct{} // closed by close
	running sync.WaitGroup

	mu      sync.Mutex
	current *snapshot[T]
	subs    []subscriber[T] // replaced, never written to
	closed  bool
}

// subscriber is one subscription. offer is called for every generation, in
// order, by the reducer alone.
type subscriber[T any] interface {
	offer(prev, next *snapshot[T])
}

func newHub[T any](log *slog.Logger) *hub[T] {
	return &hub[T]{log: log, closing: make(chan struct{})}
}

func (h *hub[T]) publish(next *snapshot[T]) {
	h.mu.Lock()
	prev, subs := h.current, h.subs
	h.current = next
	h.mu.Unlock()
	for _, s := range subs {
		s.offer(prev, next)
	}
}

// close ends all subscriptions and returns when the last callback has returned.
// The reducer has ended before.
func (h *hub[T]) close() {
	h.mu.Lock()
	h.closed, h.subs = true, nil
	close(h.closing)
	h.mu.Unlock()
	h.running.Wait()
}

func (h *hub[T]) present() *snapshot[T] {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.current
}

// add makes s a subscriber, provided that seen is still current.
func (h *hub[T]) add(s subscriber[T], seen *snapshot[T]) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.current != seen {
		return false
	}
	if !h.closed {
		h.subs = append(h.subs[:len(h.subs):len(h.subs)], s)
	}
	return true
}

func (h *hub[T]) remove(s subscriber[T]) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var left []subscriber[T]
	for _, other := range h.subs {
		if other != s {
			left = append(left, other)
		}
	}
	h.subs = left
}

// guard runs code of the user's, and logs what it panics with.
func (h *hub[T]) guard(what string, code func()) (ok bool) {
	defer func() {
		if v := recover(); v != nil {
			h.log.Error("confsync: "+what+" panicked", "panic", panicText(v), "stack", string(debug.Stack()))
		}
	}()
	code()
	return true
}

// subscription is what one subscriber picks, and what it has been told.
type subscription[T, V any] struct {
	hub  *hub[T]
	pick func(*T) V
	same func(a, b V) bool
	fn   func(Change[V])

	offered V // the newest value picked; the reducer's own
	told    V // the value fn was last given; the goroutine's that delivers

	mu      sync.Mutex
	pending *delivery[T, V]
	running bool
	over    bool
}

// delivery is what a subscriber is to be told next.
type delivery[T, V any] struct {
	from, to *snapshot[T]
	value    V
}

func subscribe[T, V any](h *hub[T], pick func(*T) V, same func(a, b V) bool, fn func(Change[V])) (cancel func()) {
	s := &subscription[T, V]{hub: h, pick: pick, same: same, fn: fn}
	for seen := h.present(); ; seen = h.present() {
		s.offered = pick(seen.value)
		s.told = s.offered
		if h.add(s, seen) {
			return s.cancel
		}
	}
}

func (s *subscription[T, V]) cancel() {
	s.mu.Lock()
	s.over, s.pending = true, nil
	s.mu.Unlock()
	s.hub.remove(s)
}

func (s *subscription[T, V]) offer(prev, next *snapshot[T]) {
	var value V
	changed := false
	ok := s.hub.guard("a picking function", func() {
		value = s.pick(next.value)
		changed = !s.same(s.offered, value)
	})
	if !ok || !changed {
		return
	}
	s.offered = value

	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return
	}
	if s.pending != nil {
		prev = s.pending.from
	}
	s.pending = &delivery[T, V]{from: prev, to: next, value: value}
	if !s.running {
		s.running = true
		s.hub.running.Go(s.deliver)
	}
}

// take is the next delivery, nil when there is none. The goroutine that is told
// so ends.
func (s *subscription[T, V]) take() *delivery[T, V] {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.pending
	s.pending = nil
	select {
	case <-s.hub.closing:
		d = nil
	default:
	}
	s.running = d != nil
	return d
}

// deliver tells the subscriber what there is to tell.
func (s *subscription[T, V]) deliver() {
	for d := s.take(); d != nil; d = s.take() {
		s.hub.guard("a callback", func() {
			if s.same(s.told, d.value) {
				return // it has changed back
			}
			change := Change[V]{Old: s.told, New: d.value, Generation: d.to.number, Paths: paths(d.from.generation, d.to.generation)}
			s.told = d.value
			s.fn(change)
		})
	}
}

// paths are the paths that differ between two generations. Those from one to
// the next are computed once for all subscribers.
func paths(from, to *generation) []tree.Path {
	if to.number != from.number+1 {
		return tree.Diff(from.root, to.root)
	}
	to.once.Do(func() { to.paths = tree.Diff(from.root, to.root) })
	return to.paths
}
