package binder

import (
	"fmt"
	"reflect"

	"github.com/confsync/confsync/tree"
)

// maxDepth is how many keys may stand inside one another. A default tag can
// fill a type that has that very tag below it.
const maxDepth = 1000

// filling returns the node that fills field i: the default where the key is
// absent. A null is the node of every field below it, for it hides their
// defaults.
func (p *plan) filling(i int, n shaped) *tree.Node {
	f := &p.fields[i]
	switch {
	case n.layout != nil && n.at[i] >= 0:
		return n.At(n.at[i])
	case f.inline || n.Kind() == tree.Null:
		return n.Node
	case i == p.remain:
		return n.rest()
	}
	return f.fallback
}

func (d *decoder) bindStruct(s *slot) bool {
	unknown := noteTree{was: s.unknown}
	changed, ok := d.bindFields(s, &unknown, false)
	if !ok {
		return false
	}
	s.unknown = unknown.node()
	return changed
}

// bindFields fills the fields of a struct. With inlined, its keys are among
// those of the struct it is in, which knows what is unknown.
func (d *decoder) bindFields(s *slot, unknown *noteTree, inlined bool) (changed, ok bool) {
	p := s.plan
	prev, n, ok := d.keyed(s)
	if !ok {
		return false, false
	}
	fresh := !s.old.IsValid()
	if fresh && !inlined {
		*unknown = noteTree{}
	}
	was, now := shaped{prev, d.keySet.layout(p, prev)}, shaped{n, d.keySet.layout(p, n)}
	whole := !fresh && p.movable && s.out.CanSet() // what can't be set is inlined, and its fields can
	if whole {
		s.out.Set(s.old)
	}
	for i := range p.fields {
		before, after := p.filling(i, was), p.filling(i, now)
		if !whole || before != after {
			changed = d.bindFieldOf(s, i, before, after, unknown) || changed
		}
	}
	if !inlined && p.remain < 0 {
		unknown.noteUnknown(was, now, s.label)
	}
	return changed || fresh, true
}

// bindFieldOf fills field i of a struct.
func (d *decoder) bindFieldOf(s *slot, i int, prev, n *tree.Node, unknown *noteTree) bool {
	f := &s.plan.fields[i]
	sub := slot{plan: f.plan, prev: prev, n: n, out: s.out.Field(f.index), secret: s.secret || f.secret, veiled: s.veiled}
	if s.old.IsValid() {
		sub.old = s.old.Field(f.index)
	}
	if s.base.IsValid() {
		sub.base = s.base.Field(f.index)
	}
	switch {
	case i == s.plan.remain:
		return d.bindRemain(f, &sub, unknown)
	case f.inline:
		return d.bindInlined(&sub, unknown)
	}
	return d.bindField(f, &sub, unknown)
}

func (d *decoder) bindInlined(s *slot, unknown *noteTree) bool {
	switch {
	case s.plan.shape != pointer:
		return d.fillInlined(s, unknown)
	case s.n.Kind() <= tree.Null:
		for _, key := range s.plan.elem.keys() {
			unknown.set(key, nil)
		}
		return d.bindNothing(s)
	}
	return d.bindPointer(s, unknown)
}

func (d *decoder) fillInlined(s *slot, unknown *noteTree) bool {
	s.secret = s.secret || s.plan.secret
	if s.out.CanSet() { // else its methods are its parent's too
		d.setDefaults(s)
	}
	changed, _ := d.bindFields(s, unknown, true)
	return changed
}

func (d *decoder) bindField(f *field, s *slot, unknown *noteTree) bool {
	switch {
	case d.deep:
		return false // the rest isn't worth looking at, and may be endless
	case len(d.path) > maxDepth:
		d.deep = true
		d.report(tree.TooLarge, fmt.Errorf("more than %d keys inside one another", maxDepth))
		return false
	}
	d.push(f.key, f.name)
	defer d.pop()
	if f.required && f.plan.switched(s.n).Kind() <= tree.Null {
		d.missing()
		return false
	}
	if s.old.IsValid() {
		s.unknown = unknown.was.Child(f.key)
	}
	changed := d.bind(s)
	unknown.set(f.key, s.unknown)
	return changed
}

// bindRemain fills the field that takes the keys no other field does.
func (d *decoder) bindRemain(f *field, s *slot, unknown *noteTree) bool {
	before := noteTree{}
	for _, key := range s.prev.Keys() {
		before.set(key, unknown.was.Child(key))
	}
	s.unknown, s.taker = before.node(), f.name
	was := s.unknown
	changed := d.bind(s)
	tree.Changes(was, s.unknown, func(key string, _, sub *tree.Node) { unknown.set(key, sub) })
	return changed
}

// keyed returns the maps that filled a struct or a Go map before and that fill
// it now, read from a text where they stand in one. It reports false for what
// is no map, which it adds to the problems.
func (d *decoder) keyed(s *slot) (prev, n *tree.Node, ok bool) {
	switch {
	case s.n.Own() != nil:
		d.conflict(s.plan)
		return nil, nil, false
	case s.n.Kind() == tree.List:
		d.mistyped(s, errMistyped)
		return nil, nil, false
	}
	if n, ok = d.spelled(s); !ok {
		return nil, nil, false
	}
	return d.before(s), n, true
}

// setDefaults asks the type's own SetDefaults for what stands where the node
// says nothing. A null hides that too.
func (d *decoder) setDefaults(s *slot) {
	if s.n.Kind() == tree.Null {
		s.base = reflect.Value{}
		return
	}
	if !s.plan.defaults {
		return
	}
	v := reflect.New(s.plan.typ)
	if s.base.IsValid() {
		v.Elem().Set(s.base)
	}
	if err := callSetDefaults(v); err != nil {
		d.report(tree.Refused, err)
	}
	s.base = v.Elem()
}

func callSetDefaults(v reflect.Value) (err error) {
	defer contain(&err, "SetDefaults")
	v.Interface().(defaulter).SetDefaults()
	return nil
}
