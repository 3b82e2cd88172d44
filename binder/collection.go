package binder

import (
	"errors"
	"reflect"

	"github.com/confsync/confsync/tree"
)

// bindMap fills a Go map. Where it was filled from a map before, it is cloned
// at the first element that turns out to have changed, and not at all when
// none has.
func (d *decoder) bindMap(s *slot) bool {
	prev, n, ok := d.keyed(s)
	if !ok {
		return false
	}
	based := s.base.IsValid() && s.base.Len() > 0
	unknown := noteTree{was: s.unknown}
	var next reflect.Value
	var changed bool
	if prev.Kind() == tree.Map && !s.old.IsNil() && !based && (s.plan.verbatim || n.SameKeys(prev)) {
		next, changed = d.updateMap(s, prev, n, &unknown)
	} else {
		next, changed = d.makeMap(s, prev, n, &unknown)
	}
	s.unknown = unknown.node()
	s.out.Set(next)
	return changed
}

// updateMap returns the old map or, where elements have changed, a clone with
// those.
func (d *decoder) updateMap(s *slot, prev, n *tree.Node, unknown *noteTree) (next reflect.Value, changed bool) {
	next = s.old
	differ := 0
	tree.Changes(prev, n, func(string, *tree.Node, *tree.Node) { differ++ })
	var keys []reflect.Value
	var room reflect.Value // for keys: a slice of them
	key, elem := newElement(s.plan)
	own := func() {
		if keys == nil {
			next = cloneMap(s.old)
			keys, room = make([]reflect.Value, 0, differ), reflect.MakeSlice(reflect.SliceOf(key.Type()), differ, differ)
		}
		at := room.Index(len(keys))
		at.Set(key)
		keys = append(keys, at)
	}
	tree.Changes(prev, n, func(name string, a, b *tree.Node) {
		d.push(name, s.taker+mapElement)
		defer d.pop()
		switch {
		case !d.readKey(s, name, key):
		case b == nil:
			own()
			next.SetMapIndex(key, reflect.Value{})
			unknown.set(name, nil)
		case d.bindElement(s, name, a, b, key, elem, unknown):
			own()
			next.SetMapIndex(key, elem)
		}
	})
	if keys != nil {
		d.maps = append(d.maps, MapChange{Old: s.old, New: next, Keys: keys})
	}
	return next, keys != nil
}

// makeMap makes the map anew, on top of what SetDefaults put there.
func (d *decoder) makeMap(s *slot, prev, n *tree.Node, unknown *noteTree) (next reflect.Value, changed bool) {
	next = reflect.MakeMapWithSize(s.plan.typ, n.Len())
	if s.base.IsValid() && s.base.Len() > 0 {
		next = cloneMap(s.base)
	}
	changed = !s.old.IsValid() || s.old.IsNil() || prev.Len() != n.Len()
	for _, name := range prev.Keys() {
		if n.Child(name) == nil {
			changed = true
			unknown.set(name, nil)
		}
	}
	var seen reflect.Value // the keys so far, where two names may be one key
	if !s.plan.verbatim {
		seen = reflect.MakeMap(s.plan.typ)
	}
	key, elem := newElement(s.plan)
	for i, name := range n.Keys() {
		d.push(s.label(name), s.taker+mapElement)
		switch {
		case !d.readKey(s, name, key):
		case !s.plan.verbatim && seen.MapIndex(key).IsValid():
			d.sameKey(s.plan.typ.Key(), s.label(name))
		default:
			changed = d.bindElement(s, name, prev.Child(name), n.At(i), key, elem, unknown) || changed
			next.SetMapIndex(key, elem)
			if !s.plan.verbatim {
				seen.SetMapIndex(key, elem)
			}
		}
		d.pop()
	}
	if !changed {
		next = s.old
	}
	return next, changed
}

// newElement makes room for the key and the value of one element at a time.
func newElement(p *plan) (key, elem reflect.Value) {
	return reflect.New(p.typ.Key()).Elem(), reflect.New(p.elem.typ).Elem()
}

// readKey makes a key of its name, and reports whether it can be one.
func (d *decoder) readKey(s *slot, name string, key reflect.Value) bool {
	p := s.plan
	key.SetZero()
	err := p.decodeKey(name, key)
	if err == nil && !p.verbatim && !key.Equal(key) {
		err = errors.New("it equals nothing")
	}
	if err != nil && s.veiled {
		err = errMistyped // which may quote it
	}
	if err != nil {
		d.badKey(p.typ.Key(), s.label(name), err)
	}
	return err == nil
}

// bindElement fills elem, and reports whether it differs from the one that a map
// had under the key.
func (d *decoder) bindElement(s *slot, name string, prev, n *tree.Node, key, elem reflect.Value, unknown *noteTree) bool {
	elem.SetZero()
	sub := slot{plan: s.plan.elem, n: n, out: elem, secret: s.secret, veiled: s.veiled}
	if prev != nil {
		if old := s.old.MapIndex(key); old.IsValid() {
			sub.prev, sub.old, sub.unknown = prev, old, unknown.was.Child(name)
		}
	}
	changed := d.bind(&sub)
	if sub.unknown != nil || unknown.was != nil {
		unknown.set(s.label(name), sub.unknown)
	}
	return changed
}
