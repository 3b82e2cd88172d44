package confsync

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/confsync/confsync/binder"
	"github.com/confsync/confsync/tree"
)

// candidate is a value on its way to being published, off to the side.
type candidate struct {
	provenance *provenance
	bound      binder.Bound   // of the user's type
	parts      []binder.Bound // of the sections
	value      any            // completed
	wrong      tree.ProblemList
}

// tryPublish binds, completes and validates a candidate, and publishes it if it
// is good. It returns what is wrong with one that isn't.
func (r *reducer) tryPublish(g *provenance) tree.ProblemList {
	now := r.hub.present()
	r.newest = g
	c := &candidate{provenance: g, bound: now.bound, parts: slices.Clone(now.parts)}
	c.wrong.Join(g.duplicates(r.layers.all))
	for _, p := range g.filled.Problems.Problems {
		c.wrong.Add(g.locate(p))
	}
	c.wrong.More += g.filled.Problems.More
	moved := g.merged == now.bound.Root && now.number > 0 && len(now.parts) == len(g.types.sections) // nothing but places
	if g.filled.Problems.Len() == 0 && (!moved || c.wrong.Len() > 0) {
		r.fill(c, now)
	}
	changed, joined := c.differs(now), len(c.parts) > len(now.generation.parts)
	if c.wrong.Len() == 0 && (changed || joined) {
		r.settle(c, now)
	}
	if c.wrong.Len() > 0 {
		return c.wrong
	}
	if !changed {
		c.value, c.provenance = now.value, g.under(now.provenance.over)
	}
	next := c.after(now)
	next.accepted = time.Now()
	if r.pin.Load() != nil {
		r.unserved = c
		next.provenance = now.provenance
		r.hub.set(next) // good, and not served
		return c.wrong
	}
	if joined && c.hidesMore(now) {
		next.past = next.past[len(next.past):]
	}
	switch {
	case changed:
		if err := r.serve(c, next); err != nil {
			c.refuse(nil, err)
		}
	case joined: // a section, to the generation that is served
		next.generation = now.generation.again()
		next.generation.parts, next.generation.root = c.values(), c.provenance.root
		next.past = append(slices.Clone(next.past[:max(0, len(next.past)-1)]), record{next.generation, next.provenance})
		r.warn(next)
		r.hub.set(next)
	default:
		r.warn(next)
		r.hub.set(next)
	}
	if c.wrong.Len() == 0 {
		r.unserved = nil
	}
	return c.wrong
}

// hidesMore reports whether a section that has joined holds secrets: nothing has
// marked them, nor what was made of them, in the generations before it.
func (c *candidate) hidesMore(now *present) bool {
	return slices.ContainsFunc(c.provenance.types.sections[len(now.generation.parts):], (*section).holdsSecret)
}

// after returns what is present when a candidate has been found good.
func (c *candidate) after(now *present) *present {
	next := *now
	next.bound, next.parts, next.provenance = c.bound, c.parts, c.provenance
	return &next
}

// serve publishes a good candidate.
func (r *reducer) serve(c *candidate, next *present) error {
	next.generation = &generation{
		number: next.number + 1, since: time.Now(), root: c.provenance.root, value: c.value, filled: c.filled(), parts: c.values(), maps: c.maps(),
	}
	return r.publish(next)
}

// publish makes a generation the one that is served, unless code that has a say
// in it refuses.
func (r *reducer) publish(next *present) error {
	commit, err := r.hub.prepare(next.generation)
	if err != nil {
		return err
	}
	r.warn(next)
	next.past = remember(next.past, record{next.generation, next.provenance}, r.history)
	r.hub.publish(next, commit)
	return nil
}

// filled returns the value before it was completed.
func (c *candidate) filled() any {
	if !c.bound.Value.IsValid() {
		return nil
	}
	return c.bound.Value.Interface()
}

// values returns pointers to the values of the sections.
func (c *candidate) values() []any {
	values := make([]any, len(c.parts))
	for i, p := range c.parts {
		values[i] = p.Value.Interface()
	}
	return values
}

// maps returns the Go maps that were changed element by element.
func (c *candidate) maps() []binder.MapChange {
	all := slices.Clone(c.bound.Maps)
	for _, p := range c.parts {
		all = append(all, p.Maps...)
	}
	return all
}

// differs reports whether a candidate is another value than the one served.
func (c *candidate) differs(now *present) bool {
	if now.number == 0 || c.filled() != now.filled {
		return true
	}
	for i, served := range now.generation.parts {
		if c.parts[i].Value.Interface() != served {
			return true
		}
	}
	return false
}

// fill fills the types. A panic in one of their methods or in a hook is a problem
// like any other.
func (r *reducer) fill(c *candidate, now *present) {
	defer func() {
		if v := recover(); v != nil {
			c.bound, c.parts = now.bound, now.parts
			c.refuse(nil, panicked("a method of the type, or a decode hook,", v))
			r.filling = false
		}
	}()
	r.filling = true
	g := c.provenance
	c.bound = r.bind(c, nil, g.types.root, now.bound, g.merged)
	for i, s := range g.types.sections {
		var before binder.Bound
		if i < len(now.parts) {
			before = now.parts[i]
		} else {
			c.parts = append(c.parts, before)
		}
		c.parts[i] = r.bind(c, s.at, s.binder, before, g.merged.Lookup(s.at))
	}
	r.filling = false
	if r.unknown == RejectUnknown {
		for path := range g.types.unknown(c.bound.Unknown, c.parts).Leaves {
			if p := g.unknownKey(path); p != nil {
				c.wrong.Add(g.locate(*p))
			}
		}
	}
}

// bind fills one type and adds what is wrong, at a path.
func (r *reducer) bind(c *candidate, at tree.Path, b *binder.Binder, before binder.Bound, root *tree.Node) binder.Bound {
	bound, problems := b.Bind(before, root)
	for _, p := range problems.Problems {
		p.Path = at.Child(p.Path...)
		for i, related := range p.Related {
			p.Related[i].Path = at.Child(related.Path...)
		}
		c.wrong.Add(c.provenance.locate(p))
	}
	c.wrong.More += problems.More
	return bound
}

// settle completes and validates a candidate that was filled.
func (r *reducer) settle(c *candidate, now *present) {
	if c.value = now.value; now.number == 0 || c.filled() != now.filled {
		c.value = c.filled()
		r.complete(c)
		if c.wrong.Len() == 0 {
			c.refuse(nil, r.validator.refusal(now.value, c.value))
		}
	}
	for i, s := range c.provenance.types.sections {
		if next := c.parts[i].Value.Interface(); i >= len(now.generation.parts) || next != now.generation.parts[i] {
			c.refuse(s.at, r.validator.refusalOfPart(next))
		}
	}
}

// refuse adds the problems in an error of the program's code about what is at a
// path.
func (c *candidate) refuse(at tree.Path, err error) {
	c.wrong.Add(c.provenance.refusals(at, err)...)
}

// validator is the code that may refuse a value: the type's own method
// Validate, and then the one in the options.
type validator struct {
	bounded
	option func(old, next any) error // nil: none
}

type validates interface{ Validate() error }

// refusal returns why a value is refused, nil when it isn't.
func (v *validator) refusal(old, next any) error {
	own, ok := next.(validates)
	if !ok && v.option == nil {
		return nil
	}
	value := reflect.ValueOf(next).Elem()
	before := reflect.New(value.Type()).Elem()
	before.Set(value)
	return v.call(func() (err error) {
		if ok {
			err = own.Validate()
		}
		if v.option != nil {
			err = errors.Join(err, v.option(old, next))
		}
		if field, ok := wrote(before, value); ok {
			err = errors.Join(err, fmt.Errorf("validation has written to %s, which is for Options.Complete to do", field))
		}
		return err
	}, nil)
}

// refusalOfPart is refusal for the value of a section.
func (v *validator) refusalOfPart(next any) error {
	own, ok := next.(validates)
	if !ok {
		return nil
	}
	return v.call(own.Validate, nil)
}
