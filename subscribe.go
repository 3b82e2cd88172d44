package confsync

import (
	"reflect"
	"sync"

	"github.com/confsync/confsync/binder"
	"github.com/confsync/confsync/tree"
)

// Change is a value that has changed, as one subscriber sees it: Old is what it
// was given last (or what there was when it subscribed), New what there is now.
type Change[V any] struct {
	Old, New   V
	Generation uint64      // that New is of
	Paths      []tree.Path // all that changed in the configuration between the two, sorted
}

// subscription is what one subscriber picks, and what was reported to it.
type subscription[V any] struct {
	hub      *hub
	selector selector[V]
	fn       func(Change[V], *generation)

	offered V // the newest value picked; of whoever publishes

	// Of the goroutine that delivers.
	reported V           // what fn was last given
	since    *generation // that it is of

	mu      sync.Mutex
	pending *delivery[V]
	running bool
	over    bool
}

// delivery is what a subscriber is to be given next.
type delivery[V any] struct {
	value V
	of    *generation
}

// subscribe calls fn for each change of what is selectable. With first, the value
// that the changes start from is given to first before, in the caller's
// goroutine.
func subscribe[V any](t selector[V], first func(V, *generation), fn func(Change[V], *generation)) (cancel func()) {
	s := &subscription[V]{hub: t.hub, selector: t, fn: fn, running: first != nil}
	for {
		seen := s.hub.present().generation
		s.hub.contain("a picking function", func() { s.offered = t.pick(seen) })
		s.reported, s.since = s.offered, seen
		if s.hub.add(s, seen) {
			break
		}
	}
	if first != nil {
		s.hub.contain("a callback", func() { first(s.reported, s.since) })
		s.resume()
	}
	return s.cancel
}

func (s *subscription[V]) cancel() {
	s.mu.Lock()
	s.over, s.pending = true, nil
	s.mu.Unlock()
	s.hub.remove(s)
}

func (s *subscription[V]) offer(next *generation) {
	s.mu.Lock()
	over := s.over
	s.mu.Unlock()
	if over {
		return
	}
	var value V
	changed := false
	ok := s.hub.contain("a picking function", func() {
		value = s.selector.pick(next)
		changed = !s.selector.equal(s.offered, value)
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
	s.pending = &delivery[V]{value: value, of: next}
	if !s.running {
		s.running = true
		s.hub.call(s.deliver)
	}
}

// resume delivers what has come while the first value was given.
func (s *subscription[V]) resume() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running = s.pending != nil; s.running {
		s.hub.call(s.deliver)
	}
}

// take returns the next delivery, nil when there is none. The goroutine that is
// given nil ends.
func (s *subscription[V]) take() *delivery[V] {
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

// deliver gives the subscriber what there is for it.
func (s *subscription[V]) deliver() {
	returned := false
	defer func() {
		if !returned { // fn has ended the goroutine
			s.hub.call(s.deliver)
		}
	}()
	for d := s.take(); d != nil; d = s.take() {
		s.hub.contain("a callback", func() {
			if s.selector.equal(s.reported, d.value) {
				return // it has changed back
			}
			change := Change[V]{Old: s.reported, New: d.value, Generation: d.of.number, Paths: pathsBetween(s.since, d.of)}
			s.reported, s.since = d.value, d.of
			s.fn(change, d.of)
		})
	}
	returned = true
}

// equal reports whether two picked values are the same configuration.
func equal[V any](a, b V) bool {
	return binder.Equal(reflect.ValueOf(&a).Elem(), reflect.ValueOf(&b).Elem())
}

// plain is fn without the generation.
func plain[V any](fn func(Change[V])) func(Change[V], *generation) {
	return func(c Change[V], _ *generation) { fn(c) }
}
