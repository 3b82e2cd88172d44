package confsync

import (
	"fmt"

	"github.com/confsync/confsync/binder"
	"github.com/confsync/confsync/merge"
	"github.com/confsync/confsync/tree"
)

// lineage is one merge of the layers: immutable, and all that is needed to tell
// the provenance of a value.
type lineage struct {
	binder *binder.Binder
	strata []stratum  // lowest first
	root   *tree.Node // merged
}

// stratum is a layer as it was when it was merged.
type stratum struct {
	name string
	raw  tree.Tree  // keys as the source has them
	root *tree.Node // keys as the type has them
	old  *tree.Node // deprecated keys of it, at the paths of the new ones
}

func newLineage(b *binder.Binder, layers []*layer, merged merge.Result) *lineage {
	g := &lineage{binder: b, root: merged.Root(), strata: make([]stratum, len(layers))}
	for i, l := range layers {
		g.strata[i] = stratum{name: l.name, raw: l.raw, root: l.canon.Root(), old: l.canon.Deprecated}
	}
	return g
}

// origin returns where a layer has, or would have, the value at a path.
func (g *lineage) origin(s stratum, path tree.Path) tree.Origin {
	return s.locate(g.binder.Raw(s.raw.Root(), path))
}

// locate returns where the value at a path of the source's own keys stands.
func (s stratum) locate(raw tree.Path) tree.Origin {
	o := s.raw.Where(raw)
	o.Layer = s.name
	if o.Kind == "" {
		o.Kind = s.name
	}
	return o
}

// contributions returns what the layers hold at a path, highest precedence
// first.
func (g *lineage) contributions(path tree.Path) []merge.Contribution {
	roots := make([]*tree.Node, len(g.strata))
	for i, s := range g.strata {
		roots[i] = s.root
	}
	return merge.Layers(path, roots)
}

// value returns a contribution as it is shown.
func (g *lineage) value(path tree.Path, c merge.Contribution) tree.Value {
	return tree.Value{Path: path, Text: g.binder.Show(c.Path, c.Value), Origin: g.origin(g.strata[c.Layer], c.Path)}
}

// locate completes a problem of the merged tree: where the value came from,
// what it hides, or where it was looked for.
func (g *lineage) locate(p Problem) Problem {
	info := g.binder.Describe(p.Path)
	if p.Field == "" && info.Known && len(p.Path) > 0 {
		p.Field = info.Field
	}
	if p.Kind == tree.Missing {
		for _, s := range g.strata[1:] { // a default would have been found
			p.Searched = append(p.Searched, g.origin(s, p.Path).String())
		}
		return p
	}
	_, at := g.binder.Lookup(g.root, p.Path) // of an element of a text, that of the text
	for i, c := range g.contributions(at) {
		value := g.value(at, c)
		if i == 0 {
			p.Origin = value.Origin
		} else if p.Kind != tree.Unknown {
			p.Hides = append(p.Hides, value)
		}
	}
	for i, r := range p.Related {
		if cs := g.contributions(r.Path); len(cs) > 0 {
			p.Related[i] = g.value(r.Path, cs[0])
		}
	}
	return p
}

// duplicates returns the problems with keys of one layer that name one field.
func (g *lineage) duplicates(layers []*layer) (found tree.ProblemList) {
	for i, l := range layers {
		for _, p := range l.canon.Problems.Problems {
			p.Origin = g.origin(g.strata[i], p.Path)
			found.Add(p)
		}
		found.More += l.canon.Problems.More
	}
	return found
}

// unknown returns the problem that an unknown key is.
func (g *lineage) unknown(path tree.Path) Problem {
	return g.locate(Problem{Path: path, Kind: tree.Unknown, Err: g.binder.UnknownKey(path)})
}

// warnings returns what is to be said of a configuration that is served all the
// same: its deprecated keys and, unless they are left out, those that no field
// takes.
func (g *lineage) warnings(unknown *tree.Node) (found tree.ProblemList) {
	for _, s := range g.strata {
		for path, key := range s.old.Leaves {
			if key.Kind() != tree.String {
				continue
			}
			path = path.Child()
			found.Add(Problem{
				Path: path, Kind: tree.Deprecated, Origin: g.origin(s, path), Field: g.binder.Describe(path).Field,
				Err: fmt.Errorf("key %q is deprecated; use %q", key.Text(), path[len(path)-1]),
			})
		}
	}
	for path := range unknown.Leaves {
		if found.IsFull() {
			found.More++
		} else {
			found.Add(g.unknown(path.Child()))
		}
	}
	return found
}
