package confsync

import (
	"errors"
	"time"

	"github.com/confsync/confsync/binder"
	"github.com/confsync/confsync/tree"
)

// candidate is a value on its way to being published, off to the side.
type candidate struct {
	lineage *lineage
	bound   binder.Bound
	wrong   tree.ProblemList
}

// tryPublish binds and validates a candidate, and publishes it if it is good.
// It returns what is wrong with one that isn't.
func (r *reducer) tryPublish(g *lineage) tree.ProblemList {
	now := r.hub.present()
	r.newest = g
	c := &candidate{lineage: g, bound: now.bound}
	c.wrong.Join(g.duplicates(r.stack.layers))
	moved := g.root == now.bound.Root && now.number > 0 // nothing but places
	if !moved || c.wrong.Len() > 0 {
		r.fill(c, now)
	}
	filled := any(nil)
	if c.bound.Value.IsValid() {
		filled = c.bound.Value.Interface()
	}
	fresh := now.number == 0 || filled != now.filled
	if c.wrong.Len() == 0 && fresh {
		c.refuse(r.validate.judge(now.value, filled))
	}
	if c.wrong.Len() > 0 {
		return c.wrong
	}
	next := *now
	next.bound, next.accepted = c.bound, time.Now()
	if r.pin.Load() != nil {
		r.hub.set(&next) // good, and not served
		return c.wrong
	}
	next.lineage = g
	r.warn(now, &next)
	if !fresh {
		r.hub.set(&next)
		return c.wrong
	}
	next.generation = &generation{number: now.number + 1, since: time.Now(), root: g.root, value: filled, filled: filled}
	r.publish(&next)
	return c.wrong
}

// publish makes a generation the one that is served.
func (r *reducer) publish(next *present) {
	next.past = remember(next.past, record{next.generation, next.lineage}, r.history)
	r.hub.publish(next)
}

// fill fills the type. A panic in one of its methods or in a hook is a problem
// like any other.
func (r *reducer) fill(c *candidate, now *present) {
	defer func() {
		if v := recover(); v != nil {
			c.bound = now.bound
			c.refuse(panicked("a method of the type, or a decode hook,", v))
			r.filling = false
		}
	}()
	r.filling = true
	bound, problems := r.binder.Bind(now.bound, c.lineage.root)
	c.bound = bound
	for i, p := range problems.Problems {
		problems.Problems[i] = c.lineage.locate(p)
	}
	c.wrong.Join(problems)
	if c.wrong.Len() == 0 && r.unknown == RejectUnknown {
		for path := range bound.Unknown.Leaves {
			c.wrong.Add(c.lineage.unknown(path.Child()))
		}
	}
	r.filling = false
}

// refuse adds the problems in an error of the program's code.
func (c *candidate) refuse(err error) { c.wrong.Add(c.lineage.refusals(err)...) }

// validator is the code that may refuse a value: the type's own method
// Validate, and then the one in the options.
type validator struct {
	bounded
	option func(old, next any) error // nil: none
}

// judge returns why a value is refused, nil when it isn't.
func (v *validator) judge(old, next any) error {
	own, ok := next.(interface{ Validate() error })
	if !ok && v.option == nil {
		return nil
	}
	return v.call(func() (err error) {
		if ok {
			err = own.Validate()
		}
		if v.option != nil {
			err = errors.Join(err, v.option(old, next))
		}
		return err
	}, nil)
}
