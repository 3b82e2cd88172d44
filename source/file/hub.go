package file

import (
	"path/filepath"
	"sync"
)

// change is what happened to a file.
type change uint8

const (
	touched  change = iota // something, perhaps that it was written to
	noted                  // something, but not that it was written to
	created                // it is new, so that a writer may have it open
	opened                 // somebody has opened it, who may be about to write
	left                   // who has closed it did not write
	written                // a writer has it open, and has written
	closed                 // a writer has closed it
	replaced               // another file was renamed to it, and is whole
	lost                   // events were lost, of whatever files
)

// event is a change that the system has told of.
type event struct {
	path string // of the file, which may be the very directory that is watched
	what change
}

// notifier tells of what happens in directories and to files. There is one in a
// process, for instances are few.
type notifier interface {
	add(path string) error // again and again for one path: what stands there now is watched
	remove(path string)
	drain() // returns when all events of what has happened before were delivered, where the system allows that
	close() // returns when nothing more is delivered
}

// hub shares one notifier among subscriptions. It is opened for the first of
// them and closed with the last. The zero hub with open set is ready.
type hub struct {
	open func(deliver func(event)) (notifier, error)

	mu       sync.Mutex // held across calls of the notifier
	notifier notifier   // nil while there is no subscription
	uses     map[string]int

	subsMu sync.RWMutex
	subs   map[*subscription]bool
}

// shared is the hub of the process.
var shared = &hub{open: openNotifier}

// subscription is what one Watch is told. Its methods but put are for one goroutine.
type subscription struct {
	hub  *hub
	wake chan struct{} // one slot: something is to be taken; the hub sends, nobody closes

	mu     sync.Mutex
	paths  map[string]bool
	events []event
}

const mostEvents = 4096 // that wait for a subscription; more are lost

func (h *hub) subscribe() (*subscription, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.notifier == nil {
		n, err := h.open(h.deliver)
		if err != nil {
			return nil, err
		}
		h.notifier, h.uses = n, make(map[string]int)
	}
	s := &subscription{hub: h, wake: make(chan struct{}, 1), paths: make(map[string]bool)}
	h.subsMu.Lock()
	defer h.subsMu.Unlock()
	if h.subs == nil {
		h.subs = make(map[*subscription]bool)
	}
	h.subs[s] = true
	return s, nil
}

// deliver hands an event to the subscriptions that it is for.
func (h *hub) deliver(e event) {
	dir := filepath.Dir(e.path)
	h.subsMu.RLock()
	defer h.subsMu.RUnlock()
	for s := range h.subs {
		s.put(e, dir)
	}
}

func (s *subscription) put(e event, dir string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.what != lost && !s.paths[e.path] && !s.paths[dir] {
		return
	}
	if len(s.events) == mostEvents {
		s.events = append(s.events[:0], event{what: lost})
	}
	s.events = append(s.events, e)
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// add watches what stands at a path now.
func (s *subscription) add(path string) error {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	s.mu.Lock()
	known := s.paths[path]
	s.paths[path] = true
	s.mu.Unlock()
	if !known {
		s.hub.uses[path]++
	}
	err := s.hub.notifier.add(path)
	if err != nil {
		s.removeLocked(path)
	}
	return err
}

// retain takes away the watches of all paths but those wanted.
func (s *subscription) retain(wanted map[string]bool) {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	for path := range s.paths {
		if _, ok := wanted[path]; !ok {
			s.removeLocked(path)
		}
	}
}

func (s *subscription) removeLocked(path string) {
	s.mu.Lock()
	delete(s.paths, path)
	s.mu.Unlock()
	if s.hub.uses[path]--; s.hub.uses[path] == 0 {
		delete(s.hub.uses, path)
		s.hub.notifier.remove(path)
	}
}

// take returns the events since the last call.
func (s *subscription) take() []event {
	s.hub.notifier.drain()
	s.mu.Lock()
	defer s.mu.Unlock()
	events := s.events
	s.events = nil
	return events
}

// close ends the subscription and, with the last one, the notifier.
func (s *subscription) close() {
	s.retain(nil)
	h := s.hub
	h.mu.Lock()
	h.subsMu.Lock()
	delete(h.subs, s)
	var last notifier
	if len(h.subs) == 0 {
		last, h.notifier = h.notifier, nil
	}
	h.subsMu.Unlock()
	h.mu.Unlock()
	if last != nil {
		last.close()
	}
}
