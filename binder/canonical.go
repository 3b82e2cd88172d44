package binder

import (
	"fmt"
	"slices"
	"strings"

	"github.com/confsync/confsync/tree"
)

// Canonical is one layer with each key that names a field, ignoring case, "_"
// and "-" or by an alias, rewritten to the field's own key. Keys of Go maps are
// as they were. An empty text in the place of a struct or a map is an empty map,
// which fills nothing and hides nothing. The zero Canonical is of no layer.
type Canonical struct {
	in, out  *tree.Node
	Problems tree.ProblemList // keys of the layer that name one field

	// Deprecated has, at the path of each field that the layer has under a
	// deprecated key, that key as a text, and is nil when there is none. It is the
	// very node of before while the keys are the same.
	Deprecated *tree.Node
}

// Root returns the rewritten layer: the very node that came in where there was
// nothing to rewrite.
func (c Canonical) Root() *tree.Node { return c.out }

// Canonical rewrites a layer's keys, doing again only what changed since prev.
func (b *Binder) Canonical(prev Canonical, in *tree.Node) Canonical {
	if in != nil && in == b.ready.in {
		return b.ready
	}
	if prev.Problems.Len() > 0 {
		prev = Canonical{} // they have to be found again
	}
	r := rewriter{keySet: b.keySet}
	w := rewrite{wasIn: prev.in, wasOut: prev.out, in: in, stale: prev.Deprecated}
	r.node(b.root, &w)
	return Canonical{in: in, out: w.out, Problems: r.problems, Deprecated: w.stale}
}

// rewriter is one run of Canonical.
type rewriter struct {
	keySet   *keySets
	path     tree.Path
	problems tree.ProblemList
}

// rewrite is one node that is rewritten: wasOut is what became of wasIn, and
// stale notes the deprecated keys, those of before and then those of now.
type rewrite struct {
	wasIn, wasOut *tree.Node
	in, out       *tree.Node
	stale         *tree.Node
}

func (r *rewriter) node(p *plan, w *rewrite) {
	if w.in == w.wasIn {
		w.out = w.wasOut
		return
	}
	if p = p.structPlan(); p.shape == structure || p.shape == mapping {
		w.in = filled(w.in)
	}
	w.out = w.in
	switch {
	case !p.rewritten:
	case w.in.Len() == 0:
	case p.shape == structure && w.in.Kind() == tree.Map:
		r.fields(p, w)
		return
	case p.elem != nil && p.elem.rewritten:
		r.elements(p.elem, w)
		return
	}
	w.stale = nil
}

// filled returns a node in the place of a map, without an empty text: in the
// place of the map, or beside its keys.
func filled(n *tree.Node) *tree.Node {
	switch {
	case isBlank(n):
		return tree.NewMap(nil, nil, nil)
	case !isBlank(n.Own()):
		return n
	}
	kids := make([]*tree.Node, n.Len())
	for i := range kids {
		kids[i] = n.At(i)
	}
	return tree.NewMap(n.Keys(), kids, nil)
}

func isBlank(n *tree.Node) bool {
	return n.Kind() == tree.String && strings.TrimSpace(n.Text()) == ""
}

// elements rewrites below the keys of a map or a list, which stay.
func (r *rewriter) elements(elem *plan, w *rewrite) {
	in := w.in
	var kids []*tree.Node // a copy, once one of them differs
	var stale staleKeys
	aligned := w.wasIn.Kind() == in.Kind() && w.wasOut.Kind() == in.Kind() && w.wasIn.Len() == in.Len() && in.SameKeys(w.wasIn)
	for i := range in.Len() {
		var wasIn, out *tree.Node
		if aligned {
			wasIn, out = w.wasIn.At(i), w.wasOut.At(i)
		} else if key := in.Segment(i); w.wasIn != nil {
			wasIn, out = w.wasIn.Child(key), w.wasOut.Child(key)
		}
		if in.At(i) != wasIn || w.stale != nil {
			out = r.into(elem, in.Segment(i), rewrite{in: in.At(i), wasIn: wasIn, wasOut: out}, w.stale, &stale)
		}
		if kids != nil || out != in.At(i) {
			kids = replaced(in, kids, i, out)
		}
	}
	w.out, w.stale = withKids(in, kids), stale.node(w.stale)
}

// into rewrites a child of a node whose notes were was, and adds its own to stale.
func (r *rewriter) into(p *plan, key string, kid rewrite, was *tree.Node, stale *staleKeys) *tree.Node {
	if kid.wasIn != nil {
		kid.stale = was.Child(key)
	}
	r.path = append(r.path, key)
	r.node(p, &kid)
	r.path = r.path[:len(r.path)-1]
	stale.set(key, kid.stale)
	return kid.out
}

// staleKeys are notes of deprecated keys, at the keys that took their place.
type staleKeys map[string]*tree.Node

func (s *staleKeys) set(key string, note *tree.Node) {
	if note == nil {
		return
	}
	if *s == nil {
		*s = staleKeys{}
	}
	(*s)[key] = note
}

// mark notes that a field stands under a deprecated key.
func (s *staleKeys) mark(own, key string) {
	below := (*s)[own]
	var kids []*tree.Node
	for i := range below.Len() {
		kids = append(kids, below.At(i))
	}
	note := tree.NewScalar(tree.String, key)
	if kids != nil {
		note = tree.NewMap(below.Keys(), kids, note)
	}
	s.set(own, note)
}

// node returns the tree of the notes: the one before if it is equal.
func (s staleKeys) node(before *tree.Node) *tree.Node {
	var none *tree.Node
	if len(s) == 0 {
		return none
	}
	if now := none.With(s, nil); !now.Equal(before) {
		return now
	}
	return before
}

// replaced are the children of in with child i replaced. kids are those so
// far, nil while all are as they were.
func replaced(in *tree.Node, kids []*tree.Node, i int, kid *tree.Node) []*tree.Node {
	if kids == nil {
		kids = make([]*tree.Node, in.Len())
		for j := range kids {
			kids[j] = in.At(j)
		}
	}
	kids[i] = kid
	return kids
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

// fields rewrites the keys of a struct, and below them.
func (r *rewriter) fields(p *plan, w *rewrite) {
	in, names := w.in, r.keySet.renaming(p, w.in.Keys())
	for _, pair := range names.twice {
		r.problems.Add(tree.Problem{
			Path: append(slices.Clone(r.path), pair[1]), Kind: tree.Duplicate,
			Err: fmt.Errorf("%s and %s are one key", quote(pair[0]), quote(pair[1])),
		})
	}
	var kids []*tree.Node
	var stale staleKeys
	for i, sub := range names.plans {
		if sub == nil {
			continue
		}
		own, _ := p.field(in.Keys()[i])
		kid := rewrite{in: in.At(i), wasIn: w.wasIn.Child(in.Keys()[i]), wasOut: w.wasOut.Child(own)}
		if out := r.into(sub, own, kid, w.stale, &stale); kids != nil || out != in.At(i) {
			kids = replaced(in, kids, i, out)
		}
	}
	for _, pair := range names.stale {
		stale.mark(pair[0], pair[1])
	}
	w.out, w.stale = withKids(in, kids), stale.node(w.stale)
	if names.keys == nil {
		return
	}
	out := make([]*tree.Node, len(names.order))
	for i, was := range names.order {
		out[i] = in.At(was)
		if kids != nil {
			out[i] = kids[was]
		}
	}
	w.out = tree.NewMap(names.keys, out, in.Own())
}
