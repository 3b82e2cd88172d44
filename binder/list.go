package binder

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"

	"github.com/confsync/confsync/tree"
)

func (d *decoder) bindSlice(s *slot) bool {
	old, items, ok := d.items(s)
	if !ok {
		return false
	}
	next := reflect.MakeSlice(s.plan.typ, len(items), len(items))
	changed := d.bindItems(s, old, items, next)
	if !changed && s.old.IsValid() && !s.old.IsNil() {
		s.out.Set(s.old)
		return false
	}
	s.out.Set(next)
	return true
}

func (d *decoder) bindArray(s *slot) bool {
	old, items, ok := d.items(s)
	if !ok {
		return false
	}
	if len(items) != s.out.Len() {
		d.mistyped(s, fmt.Errorf("it has %d elements", len(items)))
		return false
	}
	return d.bindItems(s, old, items, s.out)
}

// bindItems fills the elements of next, each with regard to the one in the old
// list that stood in its place.
func (d *decoder) bindItems(s *slot, old, items []*tree.Node, next reflect.Value) bool {
	changed := !s.old.IsValid() || len(items) != s.old.Len()
	unknown := noteTree{was: s.unknown}
	for i, item := range items {
		var prev *tree.Node
		if i < len(old) {
			prev = old[i]
		}
		changed = d.bindItem(s, i, prev, item, next.Index(i), &unknown) || changed
	}
	for i := len(items); i < len(old); i++ {
		unknown.set(strconv.Itoa(i), nil)
	}
	s.unknown = unknown.node()
	return changed
}

func (d *decoder) bindItem(s *slot, i int, prev, n *tree.Node, out reflect.Value, unknown *noteTree) bool {
	index := strconv.Itoa(i)
	sub := slot{plan: s.plan.elem, n: n, out: out, secret: s.secret, veiled: s.veiled}
	if prev != nil && i < s.old.Len() {
		sub.prev, sub.old, sub.unknown = prev, s.old.Index(i), unknown.was.Child(index)
	}
	d.push(index, listElement)
	changed := d.bind(&sub)
	d.pop()
	if sub.unknown != nil || unknown.was != nil {
		unknown.set(index, sub.unknown)
	}
	return changed
}

// items returns the elements that filled a list before and those that fill it
// now, from a list, from index keys in numeric order, or from a text that
// spells one.
func (d *decoder) items(s *slot) (old, items []*tree.Node, ok bool) {
	if s.n.Own() != nil {
		d.conflict(s.plan)
		return nil, nil, false
	}
	n, ok := d.spelled(s)
	if !ok {
		return nil, nil, false
	}
	if items = elements(n); items == nil {
		if n.IsIndexed() {
			d.gap(n)
		} else {
			d.mistyped(s, errMistyped)
		}
		return nil, nil, false
	}
	if prev := d.before(s); prev != nil {
		old = elements(prev)
	}
	return old, items, true
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

// firstGap returns the lowest index that a map of indexes lacks, and the next one
// that it has.
func firstGap(n *tree.Node) (lacks, next int) {
	var have []int
	for _, key := range n.Keys() {
		i, _ := tree.Index(key)
		have = append(have, i)
	}
	slices.Sort(have)
	for i, at := range have {
		if i != at {
			return i, at
		}
	}
	return len(have), len(have)
}
