package binder

import (
	"errors"
	"reflect"

	"github.com/confsync/confsync/tree"
)

// slot is one value that is filled, and all that is known of it.
type slot struct {
	plan    *plan
	prev, n *tree.Node    // what filled it and what fills it now; nil for nothing
	old     reflect.Value // what prev made; invalid where it was never filled
	base    reflect.Value // what the type's SetDefaults put there; invalid for the zero value
	out     reflect.Value // to be set; zero or a copy of old so far
	secret  bool          // so is the field it is in, or one above it
	veiled  bool          // n stands in a text that is secret: its keys may be the secret
	hooked  bool          // n is what the hooks made
	taker   string        // of a map that takes the remaining keys of a struct: the field's name
	unknown *tree.Node    // the keys nothing takes: of prev, then of n
}

// forget makes a slot of one whose old value can't be compared with.
func (s *slot) forget() { s.prev, s.old, s.unknown = nil, reflect.Value{}, nil }

// label returns a key as it may be shown.
func (s *slot) label(key string) string {
	if s.veiled {
		return Redacted
	}
	return key
}

// decoder is one run of Bind.
type decoder struct {
	*Binder
	path     []step
	problems tree.ProblemList
	maps     []MapChange
	deep     bool // maxDepth was passed
}

// step is a key on the way to what is filled, and the name of the field it fills,
// or mapElement or listElement.
type step struct{ key, name string }

// What stands for the name of a field where the path goes into an element. Before
// it stands the name of the field that takes the remaining keys of a struct.
const (
	mapElement  = "[k]"
	listElement = "[i]"
)

func (d *decoder) push(key, name string) { d.path = append(d.path, step{key, name}) }

func (d *decoder) pop() { d.path = d.path[:len(d.path)-1] }

// bind sets s.out to what s.n makes of it, and reports whether that differs from
// s.old. It never writes to memory that the old value refers to.
//
// A value that may keep things to itself, in fields that are not bound, is not
// copied where nothing has changed but filled anew: who holds the old one may be
// writing to them.
func (d *decoder) bind(s *slot) bool {
	p := s.plan
	text := s.n.Kind().IsScalar()
	s.secret = s.secret || p.secret || s.n.IsSecret() || p.holds && text
	s.veiled = s.veiled || s.secret && text
	unchanged := s.old.IsValid() && (s.n == s.prev || s.n.Kind().IsScalar() && s.n.Equal(s.prev))
	if unchanged && p.movable {
		s.out.Set(s.old)
		return false
	}
	if p.defaults || s.base.IsValid() {
		d.setDefaults(s)
	}
	return d.fill(s) && !unchanged
}

func (d *decoder) fill(s *slot) bool {
	p, kind := s.plan, s.n.Kind()
	if len(d.hooks) > 0 && !s.hooked && (kind.IsScalar() || kind > tree.Null && p.typ.Kind() == reflect.Interface && p.typ.NumMethod() > 0) {
		if done, changed := d.hook(s); done {
			return changed
		}
	}
	switch {
	case kind == tree.Absent && p.shape != structure, kind == tree.Null && p.shape != structure && p.shape != raw:
		return d.bindNothing(s)
	case kind.IsScalar() && p.decode != nil:
		return d.bindLeaf(s)
	}
	switch p.shape {
	case structure:
		return d.bindStruct(s)
	case pointer:
		return d.bindPointer(s, nil)
	case mapping:
		return d.bindMap(s)
	case sequence:
		return d.bindSlice(s)
	case array:
		return d.bindArray(s)
	case dynamic:
		return d.bindDynamic(s)
	case raw:
		return d.keep(s, reflect.ValueOf(s.n))
	case viaJSON:
		return d.bindJSON(s)
	}
	if s.n.Own() != nil {
		d.conflict(p)
	} else {
		d.mistyped(s, errMistyped)
	}
	return false
}

// bindNothing sets out to what stands there without a node: a null hides the
// defaults too.
func (d *decoder) bindNothing(s *slot) bool {
	s.unknown = nil
	if s.base.IsValid() && s.n == nil {
		s.out.Set(s.base)
	} else {
		s.out.SetZero()
	}
	switch {
	case !s.old.IsValid():
		return true
	case s.base.IsValid() || !s.plan.movable:
		return s.prev.Kind() > tree.Null || s.n.Kind() != s.prev.Kind()
	}
	return !s.old.IsZero()
}

// bindLeaf decodes a scalar.
func (d *decoder) bindLeaf(s *slot) bool {
	if err := s.plan.decode(s.n, s.out); err != nil {
		d.mistyped(s, err)
		return false
	}
	s.unknown = nil
	return s.differs()
}

// differs reports whether out is another value than old. Where values may keep
// things to themselves only what they were made of is compared.
func (s *slot) differs() bool {
	switch {
	case !s.old.IsValid():
		return true
	case s.plan.shape == leaf && s.plan.movable:
		return !identical(s.old, s.out)
	case s.n.Kind().IsScalar() && s.prev.Kind().IsScalar():
		return s.n.Text() != s.prev.Text()
	}
	return !s.n.Equal(s.prev)
}

// keep sets out to a value that is all the node says, and keeps the old one if
// the node says the same.
func (d *decoder) keep(s *slot, v reflect.Value) bool {
	s.unknown = nil
	if s.old.IsValid() && s.n.Equal(s.prev) {
		s.out.Set(s.old)
		return false
	}
	s.out.Set(v)
	return true
}

// bindPointer fills a new value and points there when it differs. With inlined,
// it is a struct whose keys stand among its parent's, and that is what the parent
// doesn't know.
func (d *decoder) bindPointer(s *slot, inlined *noteTree) bool {
	prev, n := s.plan.switched(s.prev), s.plan.switched(s.n)
	if n.Kind() == tree.Null {
		off := *s
		off.prev, off.n = prev, n
		s.unknown = nil
		return d.bindNothing(&off)
	}
	target := reflect.New(s.plan.elem.typ)
	sub := slot{plan: s.plan.elem, prev: prev, n: n, out: target.Elem(), secret: s.secret, veiled: s.veiled, hooked: s.hooked, unknown: s.unknown}
	if s.old.IsValid() && !s.old.IsNil() && prev.Kind() > tree.Null { // else it is what SetDefaults put there
		sub.old = s.old.Elem()
	} else {
		sub.forget()
	}
	if s.base.IsValid() && !s.base.IsNil() {
		sub.base = s.base.Elem()
	}
	var changed bool
	if inlined != nil {
		changed = d.fillInlined(&sub, inlined)
	} else {
		changed = d.bind(&sub)
	}
	s.unknown = sub.unknown
	if !changed && sub.old.IsValid() {
		s.out.Set(s.old)
		return false
	}
	s.out.Set(target)
	return true
}

func (d *decoder) bindDynamic(s *slot) bool {
	v, ok := toGo(s.n)
	if !ok {
		d.conflict(s.plan)
		return false
	}
	if s.plan.typ.NumMethod() > 0 {
		d.mistyped(s, errors.New("an interface with methods needs a decode hook"))
		return false
	}
	return d.keep(s, reflect.ValueOf(&v).Elem())
}
