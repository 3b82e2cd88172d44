package binder

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"

	"github.com/confsync/confsync/tree"
)

// bindMap fills a Go map. Where it was filled from a map before, it is cloned
// at the first element that turns out to have changed, and not at all when
// none has.
func (d *decoder) bindMap(p *plan, prev, n *tree.Node, fresh bool, out reflect.Value, secret bool) bool {
	if n.Own() != nil {
		d.conflict(p)
		return false
	}
	if n.Kind() == tree.List {
		d.mistyped(p, n, errMistyped, secret)
		return false
	}
	n, ok := d.expanded(p, n, secret)
	if !ok {
		return false
	}
	incremental := !fresh && prev.Kind() == tree.Map && !out.IsNil() && (p.verbatim || n.SameKeys(prev))
	var next reflect.Value
	if incremental {
		next = out
	} else {
		prev, next = nil, reflect.MakeMapWithSize(p.typ, n.Len())
	}
	changed := false
	own := func() { // makes next ours to write to
		if !changed && incremental {
			next = cloneMap(out)
		}
		changed = true
	}
	key, elem := reflect.New(p.typ.Key()).Elem(), reflect.New(p.elem.typ).Elem()
	tree.Changes(prev, n, func(name string, a, b *tree.Node) {
		d.push(name, mapElement)
		defer d.pop()
		key.SetZero()
		if err := p.decodeKey(name, key); err != nil {
			d.badKey(p.typ.Key(), name, err)
			return
		}
		if !p.verbatim && !key.Equal(key) {
			d.badKey(p.typ.Key(), name, errors.New("it equals nothing"))
			return
		}
		if !p.verbatim && !incremental && next.MapIndex(key).IsValid() {
			d.sameKey(p.typ.Key(), name)
			return
		}
		elem.SetZero()
		switch {
		case b == nil:
			own()
			next.SetMapIndex(key, reflect.Value{})
			return
		case a != nil:
			elem.Set(next.MapIndex(key))
		}
		if d.bind(p.elem, a, b, a == nil, elem, secret) || a == nil {
			own()
			next.SetMapIndex(key, elem)
		}
	})
	if incremental && !changed || !incremental && !fresh && Same(out, next) {
		return false
	}
	out.Set(next)
	return true
}

func (d *decoder) bindSlice(p *plan, prev, n *tree.Node, fresh bool, out reflect.Value, secret bool) bool {
	items, ok := d.items(p, n, secret)
	if !ok {
		return false
	}
	next := reflect.MakeSlice(p.typ, len(items), len(items))
	if !d.bindItems(p, elements(prev), items, fresh, out, next, secret) && !out.IsNil() && !fresh {
		return false
	}
	out.Set(next)
	return true
}

func (d *decoder) bindArray(p *plan, prev, n *tree.Node, fresh bool, out reflect.Value, secret bool) bool {
	items, ok := d.items(p, n, secret)
	if !ok {
		return false
	}
	if len(items) != out.Len() {
		d.mistyped(p, n, fmt.Errorf("it has %d elements", len(items)), secret)
		return false
	}
	next := reflect.New(p.typ).Elem()
	changed := d.bindItems(p, elements(prev), items, fresh, out, next, secret)
	out.Set(next)
	return changed
}

// bindItems fills next, starting each element from the one in out that stood
// in its place.
func (d *decoder) bindItems(p *plan, old, items []*tree.Node, fresh bool, out, next reflect.Value, secret bool) bool {
	changed := len(items) != out.Len()
	for i, item := range items {
		index := strconv.Itoa(i)
		d.push(index, listElement)
		if !fresh && i < len(old) && i < out.Len() {
			next.Index(i).Set(out.Index(i))
			changed = d.bind(p.elem, old[i], item, false, next.Index(i), secret) || changed
		} else {
			d.bind(p.elem, nil, item, true, next.Index(i), secret)
			changed = changed || !Same(next.Index(i), out.Index(i))
		}
		d.pop()
	}
	return changed
}

// items are the elements that fill a list, from a list, from index keys in
// numeric order, or from a text that spells one.
func (d *decoder) items(p *plan, n *tree.Node, secret bool) ([]*tree.Node, bool) {
	if n.Own() != nil {
		d.conflict(p)
		return nil, false
	}
	n, ok := d.expanded(p, n, secret)
	if !ok {
		return nil, false
	}
	if items := elements(n); items != nil {
		return items, true
	}
	if n.IsIndexed() {
		d.gap(n)
	} else {
		d.mistyped(p, n, errMistyped, secret)
	}
	return nil, false
}

// elements are the children of a list, or of a map of indexes without a gap,
// in order. They are nil for every other node.
func elements(n *tree.Node) []*tree.Node {
	items := make([]*tree.Node, n.Len())
	switch {
	case n.Kind() == tree.List:
		for i := range items {
			items[i] = n.At(i)
		}
	case n.IsIndexed():
		for i, key := range n.Keys() {
			at, _ := tree.Index(key)
			if at >= len(items) {
				return nil
			}
			items[at] = n.At(i)
		}
	default:
		return nil
	}
	return items
}

// firstGap is the lowest index that a map of indexes lacks.
func firstGap(n *tree.Node) int {
	var have []int
	for _, key := range n.Keys() {
		i, _ := tree.Index(key)
		have = append(have, i)
	}
	slices.Sort(have)
	for i, at := range have {
		if i != at {
			return i
		}
	}
	return len(have)
}
