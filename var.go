package confsync

import (
	"sync"
	"time"
)

// Var is a View whose value a test sets, to see what a component makes of a
// change. It may be used from any goroutine. Make one with [NewVar].
type Var[V any] struct {
	hub *hub

	mu sync.Mutex // held by Set
}

// NewVar returns a Var that holds v, which may be nil.
func NewVar[V any](v *V) *Var[V] {
	r := &Var[V]{hub: newHub(logger{}, &crew{}, nil, nil)}
	r.hub.exclusive = func(code func()) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		code()
		return nil
	}
	r.publish(v)
	return r
}

func (v *Var[V]) publish(value *V) error {
	next := &generation{number: v.hub.present().number + 1, since: time.Now(), value: value}
	commit, err := v.hub.prepare(next)
	if err != nil {
		return err
	}
	v.hub.publish(&present{generation: next}, commit)
	return nil
}

// Get returns what was set last.
func (v *Var[V]) Get() *V { return v.selector().pick(v.hub.present().generation) }

// Set makes value the present one, to be read only from then on, and returns
// when every callback that was due has returned. So a callback must not
// call it. It returns the error of a [Derive] with a [Veto] that refuses the
// value, and then nothing has changed.
func (v *Var[V]) Set(value *V) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	err := v.publish(value)
	<-v.hub.crew.over()
	return err
}

// OnChange calls fn for every Set of another pointer, as [Watch] does.
func (v *Var[V]) OnChange(fn func(Change[*V])) (cancel func()) {
	return subscribe(v.selector(), nil, plain(fn))
}

func (v *Var[V]) selector() selector[*V] {
	return selector[*V]{hub: v.hub, pick: func(g *generation) *V { return g.value.(*V) }, equal: equalPointers[V]}
}
