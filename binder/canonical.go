package binder

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/confsync/confsync/tree"
)

// Canonical is one layer with each key that names a field, ignoring case, "_"
// and "-", rewritten to the field's own key. Keys of Go maps are as they were.
// The zero Canonical is of no layer.
type Canonical struct {
	in, out  *tree.Node
	Problems []tree.Problem // keys of the layer that name one field
}

// Root is the rewritten layer: the very node that came in where there was
// nothing to rewrite.
func (c Canonical) Root() *tree.Node { return c.out }

// Canonical rewrites a layer's keys, doing again only what changed since prev.
func (b *Binder) Canonical(prev Canonical, in *tree.Node) Canonical {
	if len(prev.Problems) > 0 {
		prev = Canonical{} // they have to be found again
	}
	r := rewriter{}
	out := r.node(b.root, prev.in, prev.out, in)
	return Canonical{in: in, out: out, Problems: r.problems}
}

type rewriter struct {
	path     tree.Path
	problems []tree.Problem
}

// node is the rewritten form of in, given that prevOut is that of prevIn.
func (r *rewriter) node(p *plan, prevIn, prevOut, in *tree.Node) *tree.Node {
	if in == prevIn {
		return prevOut
	}
	p = p.structPlan()
	if !p.keyed || in.Len() == 0 {
		return in
	}
	switch p.shape {
	case structure:
		return r.fields(p, prevIn, prevOut, in)
	case mapping, sequence, array:
		return r.elements(p.elem, prevIn, prevOut, in)
	}
	return in
}

// elements rewrites below the keys of a map or a list, which stay.
func (r *rewriter) elements(elem *plan, prevIn, prevOut, in *tree.Node) *tree.Node {
	var kids []*tree.Node // a copy, once one of them differs
	aligned := prevIn.Kind() == in.Kind() && prevOut.Kind() == in.Kind() && prevIn.Len() == in.Len() && in.SameKeys(prevIn)
	for i := range in.Len() {
		kid := in.At(i)
		var was, made *tree.Node
		if aligned {
			was, made = prevIn.At(i), prevOut.At(i)
		} else if key := in.Segment(i); prevIn != nil {
			was, made = prevIn.Child(key), prevOut.Child(key)
		}
		if kid != was {
			r.path = append(r.path, in.Segment(i))
			made = r.node(elem, was, made, kid)
			r.path = r.path[:len(r.path)-1]
		}
		if made != kid && kids == nil {
			kids = make([]*tree.Node, in.Len())
			for j := range kids {
				kids[j] = in.At(j)
			}
		}
		if kids != nil {
			kids[i] = made
		}
	}
	return withKids(in, kids)
}

func withKids(in *tree.Node, kids []*tree.Node) *tree.Node {
	switch {
	case kids == nil:
		return in
	case in.Kind() == tree.List:
		return tree.NewList(kids)
	}
	return tree.NewMap(in.Keys(), kids, in.Own())
}

// renaming is how the keys of a struct's node become those of its fields.
type renaming struct {
	size  int      // of the key set it is for
	keys  []string // as they become, sorted; nil where none changes
	order []int    // for each of keys, the child it was
	plans []*plan  // for each child of the node, what it fills, nil where nothing below can be renamed
	twice [][2]string
}

func (p *plan) renamingOf(keys []string) *renaming {
	if r := p.renamings[&keys[0]]; r != nil && r.size == len(keys) {
		return r
	}
	r := &renaming{size: len(keys), plans: make([]*plan, len(keys))}
	type rename struct {
		key string
		was int
	}
	renames, changed := make([]rename, len(keys)), false
	for i, key := range keys {
		name, sub := p.field(key)
		renames[i] = rename{name, i}
		changed = changed || name != key
		if sub != nil && sub.keyed {
			r.plans[i] = sub
		}
	}
	if changed {
		slices.SortStableFunc(renames, func(a, b rename) int { return cmp.Compare(a.key, b.key) })
		for i, n := range renames {
			if i > 0 && n.key == renames[i-1].key {
				r.twice = append(r.twice, [2]string{keys[renames[i-1].was], keys[n.was]})
				continue
			}
			r.keys, r.order = append(r.keys, n.key), append(r.order, n.was)
		}
	}
	if len(p.renamings) >= maxLayouts {
		clear(p.renamings)
	}
	p.renamings[&keys[0]] = r
	return r
}

// field is the field's own key and plan for a key in any spelling. A key that
// names no field is its own, without a plan.
func (p *plan) field(key string) (string, *plan) {
	if sub, ok := p.subs[key]; ok {
		return key, sub
	}
	if own, ok := p.folded[tree.Fold(key)]; ok {
		return own, p.subs[own]
	}
	return key, nil
}

func (r *rewriter) fields(p *plan, prevIn, prevOut, in *tree.Node) *tree.Node {
	if in.Kind() != tree.Map {
		return in
	}
	names := p.renamingOf(in.Keys())
	for _, pair := range names.twice {
		r.problems = append(r.problems, tree.Problem{
			Path: r.path.Child(pair[1]), Kind: tree.Duplicate,
			Err: fmt.Errorf("%q and %q are one key", pair[0], pair[1]),
		})
	}
	var kids []*tree.Node
	for i, sub := range names.plans {
		if sub == nil {
			continue
		}
		key := in.Keys()[i]
		own, _ := p.field(key)
		r.path = append(r.path, own)
		made := r.node(sub, prevIn.Child(key), prevOut.Child(own), in.At(i))
		r.path = r.path[:len(r.path)-1]
		if made != in.At(i) {
			if kids == nil {
				kids = make([]*tree.Node, in.Len())
				for j := range kids {
					kids[j] = in.At(j)
				}
			}
			kids[i] = made
		}
	}
	if names.keys == nil {
		return withKids(in, kids)
	}
	out := make([]*tree.Node, len(names.order))
	for i, was := range names.order {
		out[i] = in.At(was)
		if kids != nil {
			out[i] = kids[was]
		}
	}
	return tree.NewMap(names.keys, out, in.Own())
}
