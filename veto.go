package confsync

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
)

// DeriveOption is an option of [Derive].
type DeriveOption func(*deriveOptions)

type deriveOptions struct{ veto bool }

// Veto has the build of a Derived take part in deciding whether a generation is
// published: it runs before, off to the side, after validation, and an error, a
// panic or a call that outlasts Options.ApplyTimeout refuses the update. So what
// is served can always be built. Of several that have a say, all succeed or
// nothing changes: what was built for a candidate that another refuses is
// released again, in reverse order. What is refused is tried again, as what
// Options.Validate refuses is. What was built is served by the very store
// that serves the configuration, and only then is the one before it released.
//
// The View has to be a [*Config], a part of one by [Select] or [Section], or a
// [Var].
func Veto() DeriveOption { return func(o *deriveOptions) { o.veto = true } }

// decider has a say in whether a generation is published.
type decider interface {
	// prepare builds what belongs to a candidate, given what is served. It
	// returns nil when that is what belongs to it too.
	prepare(next *generation, served any) (*prepared, error)
}

// prepared is what was built for a candidate: one of its functions is called.
type prepared struct {
	value  any
	commit func() // it is served
	cancel func() // it won't be
}

// prepare asks all deciders, in the order of their coming. commit is nil when
// there are none.
func (h *hub) prepare(next *generation) (commit func(), err error) {
	h.mu.Lock()
	deciders := slices.Clone(h.deciders)
	h.mu.Unlock()
	if len(deciders) == 0 {
		return nil, nil
	}
	served := h.present().built
	next.built = make(map[decider]any, len(deciders))
	var all []*prepared
	for _, d := range deciders {
		p, err := d.prepare(next, served[d])
		if err != nil {
			for _, p := range slices.Backward(all) {
				p.cancel()
			}
			return nil, err
		}
		if next.built[d] = served[d]; p != nil {
			all, next.built[d] = append(all, p), p.value
		}
	}
	return func() {
		for _, p := range all {
			p.commit()
		}
	}, nil
}

// enter adds a decider with what it has built of what is served. It is called
// while nothing is published.
func (h *hub) enter(d decider, built any) {
	now := *h.present()
	now.generation = now.generation.again()
	now.built = maps.Clone(now.built)
	if now.built == nil {
		now.built = map[decider]any{}
	}
	now.built[d] = built
	if n := len(now.past); n > 0 {
		now.past = append(slices.Clone(now.past[:n-1]), record{now.generation, now.provenance})
	}
	h.set(&now)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.deciders = append(h.deciders, d)
}

func (h *hub) leave(d decider) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.deciders = slices.DeleteFunc(h.deciders, func(other decider) bool { return other == d })
}

// afterwards runs code in a goroutine of its own, when what was given before has
// ended. It is called by whoever publishes.
func (h *hub) afterwards(code func()) {
	before, done := h.tail, make(chan struct{})
	h.tail = done
	h.crew.run(calling, func() {
		defer close(done)
		if before != nil {
			<-before
		}
		code()
	})
}

// vetoer is the decider of a Derived.
type vetoer[T, R any] struct {
	bounded
	derived  *Derived[R]
	selector selector[*T]
	build    func(*T) (R, error)
}

// built is what a vetoer has built, and of what.
type built[T, R any] struct {
	part  *T
	value R
}

func deriveWithVeto[T, R any](v View[T], d *Derived[R], build func(*T) (R, error)) (*Derived[R], error) {
	t := selectorOf(v)
	if t.hub == nil {
		return nil, errors.New("confsync: Veto wants a Config, a Select, a Section or a Var")
	}
	w := &vetoer[T, R]{bounded: bounded{what: "the build", hub: t.hub}, derived: d, selector: t, build: build}
	d.cancel = func() { t.hub.leave(w) }
	d.served = func() (value R, of uint64, ok bool) {
		g := t.hub.present().generation
		b, ok := g.built[w].(*built[T, R])
		if !ok {
			return value, 0, false
		}
		return b.value, g.number, true
	}
	var err error           // the code's, once that has ended
	var givenUp atomic.Bool // swapped by whoever comes second
	closed := t.hub.exclusive(func() {
		var first *built[T, R]
		if first, err = w.try(t.hub.present().generation, nil); err == nil {
			d.state.Store(&derived[R]{value: first.value, generation: t.hub.present().number})
			t.hub.enter(w, first)
		}
		if givenUp.Swap(true) && err == nil { // nobody will close it
			t.hub.leave(w)
			w.release(first.value)
		}
	})
	if closed != nil && !givenUp.Swap(true) {
		return nil, closed
	}
	if err != nil {
		return nil, fmt.Errorf("confsync: %w", err)
	}
	return d, nil
}

// try builds what belongs to a generation. It returns before when that is of the
// same part.
func (w *vetoer[T, R]) try(g *generation, before *built[T, R]) (*built[T, R], error) {
	var made *built[T, R]
	err := w.call(func() error {
		part := w.selector.pick(g)
		if before != nil && w.selector.equal(before.part, part) {
			made = before
			return nil
		}
		value, err := w.build(part)
		made = &built[T, R]{part, value}
		return err
	}, func() {
		if made != before {
			w.release(made.value)
		}
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

func (w *vetoer[T, R]) prepare(next *generation, served any) (*prepared, error) {
	d, before := w.derived, served.(*built[T, R])
	if !d.begin() {
		return nil, nil
	}
	made, err := w.try(next, before)
	if err != nil || made == before {
		d.running.Done()
		return nil, err
	}
	same := identical(made.value, before.value)
	return &prepared{
		value: made,
		commit: func() {
			d.state.Store(&derived[R]{value: made.value, generation: next.number})
			w.hub.afterwards(func() {
				defer d.running.Done()
				if !same {
					w.release(before.value)
				}
			})
		},
		cancel: func() {
			defer d.running.Done()
			if !same {
				releasing := bounded{what: "a release function", hub: w.hub}
				releasing.call(func() error { w.release(made.value); return nil }, nil)
			}
		},
	}, nil
}

func (w *vetoer[T, R]) release(value R) {
	if w.derived.release != nil {
		w.derived.release(value)
	}
}
