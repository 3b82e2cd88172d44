package binder

import (
	"fmt"
	"reflect"

	"github.com/confsync/confsync/tree"
)

// layout tells where a struct's fields are among the keys of a node. Maps of
// one kind share their keys, so a layout is made once and serves them all.
type layout struct {
	at      []int // for each field, the child that fills it, or -1
	unknown []int // children that no field takes
}

// maxDepth is how many keys may stand inside one another. A default tag can
// fill a type that has that very tag below it.
const maxDepth = 1000

const maxLayouts = 128 // distinct key sets remembered a struct; past that they are made anew

func (p *plan) layoutOf(n *tree.Node) *layout {
	keys := n.Keys()
	if len(keys) == 0 {
		return nil
	}
	if l := p.layouts[&keys[0]]; l != nil && l.size() == len(keys) {
		return l
	}
	l := &layout{at: make([]int, len(p.fields), len(p.fields)+1)}
	for i := range l.at {
		l.at[i] = -1
	}
	for i, key := range keys {
		own, _ := p.field(key) // in any spelling: what a scalar spells is not in canonical form
		f, ok := p.known[own]
		switch {
		case !ok:
			l.unknown = append(l.unknown, i)
		case f >= 0:
			l.at[f] = i
		}
	}
	l.at = append(l.at, len(keys))
	if len(p.layouts) >= maxLayouts {
		clear(p.layouts)
	}
	p.layouts[&keys[0]] = l
	return l
}

// size is the number of keys the layout is of, kept behind the fields.
func (l *layout) size() int { return l.at[len(l.at)-1] }

// child is the node that fills field i: the default where the key is absent.
// A null hides the defaults below it.
func (p *plan) child(n *tree.Node, l *layout, i int) *tree.Node {
	if l != nil && l.at[i] >= 0 {
		return n.At(l.at[i])
	}
	if n.Kind() == tree.Null {
		return nil
	}
	return p.fields[i].fallback
}

func (d *decoder) bindStruct(p *plan, prev, n *tree.Node, fresh bool, out reflect.Value, secret bool) bool {
	n, ok := d.structNode(p, n, secret)
	if !ok {
		return false
	}
	if prev.Kind().IsScalar() { // it spelled the struct: there are no nodes to compare with
		anew := reflect.New(p.typ).Elem()
		d.bindStruct(p, nil, n, true, anew, secret)
		return assign(out, anew)
	}
	old, now := p.layoutOf(prev), p.layoutOf(n)
	changed := false
	for i := range p.fields {
		f := &p.fields[i]
		field, hidden := out.Field(f.index), secret || f.secret || f.plan.secret
		switch {
		case i == p.remain:
			changed = d.bindRemain(p, n, now, field, secret) || changed
		case f.inline && f.plan.shape == pointer:
			changed = d.bindPointer(f.plan, prev, n, fresh, field, hidden, d.bindStruct) || changed
		case f.inline:
			changed = d.bindStruct(f.plan, prev, n, fresh, field, hidden) || changed
		default:
			a, b := p.child(prev, old, i), p.child(n, now, i)
			if a == b && !fresh {
				continue
			}
			changed = d.bindField(f, a, b, fresh, field, secret) || changed
		}
	}
	if changed && p.partial && out.CanSet() { // what can't be set is inlined, and its parent's to clean
		clean := reflect.New(p.typ).Elem()
		p.copyBound(clean, out)
		out.Set(clean)
	}
	return changed
}

func (d *decoder) bindField(f *field, prev, n *tree.Node, fresh bool, out reflect.Value, secret bool) bool {
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
	if f.required && n.Kind() <= tree.Null {
		d.missing()
		return false
	}
	return d.bind(f.plan, prev, n, fresh, out, secret || f.secret)
}

// structNode is the map that fills a struct, nil for an absent one.
func (d *decoder) structNode(p *plan, n *tree.Node, secret bool) (*tree.Node, bool) {
	if n.Own() != nil {
		d.conflict(p)
		return nil, false
	}
	if n.Kind() == tree.List {
		d.mistyped(p, n, errMistyped, secret)
		return nil, false
	}
	return d.expanded(p, n, secret)
}

// bindRemain fills the field that takes the keys no other field does.
func (d *decoder) bindRemain(p *plan, n *tree.Node, l *layout, out reflect.Value, secret bool) bool {
	f := &p.fields[p.remain]
	fresh := reflect.New(out.Type()).Elem()
	if l != nil && len(l.unknown) > 0 {
		keys, kids := make([]string, len(l.unknown)), make([]*tree.Node, len(l.unknown))
		for i, k := range l.unknown {
			keys[i], kids[i] = n.Keys()[k], n.At(k)
		}
		d.bind(f.plan, nil, tree.NewMap(keys, kids, nil), true, fresh, secret || f.secret)
	}
	return assign(out, fresh)
}

// copyBound copies the fields that are bound, and no others: what a validator
// or a user put there belongs to the value before.
func (p *plan) copyBound(to, from reflect.Value) {
	for _, f := range p.fields {
		if f.inline && f.plan.shape == structure {
			f.plan.copyBound(to.Field(f.index), from.Field(f.index))
		} else {
			to.Field(f.index).Set(from.Field(f.index))
		}
	}
}

func (d *decoder) noteUnknown(p *plan, n *tree.Node) {
	if n.Kind() != tree.Map || p.remain >= 0 {
		return
	}
	if l := p.layoutOf(n); l != nil {
		for _, i := range l.unknown {
			d.unknown = append(d.unknown, d.path.Child(n.Keys()[i]))
		}
	}
}
