package confsync

import (
	"fmt"
	"strings"

	"github.com/confsync/confsync/binder"
	"github.com/confsync/confsync/interpolate"
	"github.com/confsync/confsync/merge"
	"github.com/confsync/confsync/tree"
)

// provenance is one merge of the layers: immutable, and all that is needed to
// tell where a value came from.
type provenance struct {
	types  *types
	layers []layerState       // lowest first
	filled interpolate.Result // placeholders; zero where they mean nothing
	merged *tree.Node         // what was bound
	root   *tree.Node         // what is served: merged, and what completes it
	over   *layerState        // that; nil when there is none
}

// layerState is a layer as it was when it was merged.
type layerState struct {
	name string
	raw  tree.Tree  // keys as the source has them
	root *tree.Node // keys as the types have them
	old  *tree.Node // deprecated keys of it, at the paths of the new ones
}

func newProvenance(t *types, layers []*layer, merged *tree.Node, filled interpolate.Result) *provenance {
	g := &provenance{types: t, filled: filled, merged: merged, root: merged, layers: make([]layerState, len(layers))}
	for i, l := range layers {
		g.layers[i] = layerState{name: l.name, raw: l.raw, root: l.root, old: l.canon.Deprecated}
	}
	return g
}

// origin returns where a layer has, or would have, the value at a path.
func (g *provenance) origin(s layerState, path tree.Path) tree.Origin {
	return s.locate(g.types.Raw(s.raw.Root(), path))
}

// locate returns where the value at a path of the source's own keys stands.
func (s layerState) locate(raw tree.Path) tree.Origin {
	o := s.raw.Where(raw)
	o.Layer = s.name
	if o.Kind == "" {
		o.Kind = s.name
	}
	return o
}

// contributions returns what the layers hold at a path, highest precedence
// first.
func (g *provenance) contributions(path tree.Path) []merge.Contribution {
	roots := make([]*tree.Node, len(g.layers))
	for i, s := range g.layers {
		roots[i] = s.root
	}
	return merge.Layers(path, roots)
}

// value returns a contribution as it is shown.
func (g *provenance) value(path tree.Path, c merge.Contribution) tree.Value {
	return tree.Value{Path: path, Text: g.types.Show(c.Path, c.Value), Origin: g.origin(g.layers[c.Layer], c.Path)}
}

// locate completes a problem of the merged tree: where the value came from,
// what it hides, or where it was looked for.
func (g *provenance) locate(p Problem) Problem {
	info := g.types.Describe(p.Path)
	if p.Field == "" && info.Known && len(p.Path) > 0 {
		p.Field = info.Field
	}
	if p.Kind == tree.Missing {
		for _, s := range g.layers[1:] { // a default would have been found
			p.Searched = append(p.Searched, g.origin(s, p.Path).String())
		}
		return p
	}
	_, at := g.types.Lookup(g.root, p.Path) // of an element of a text, that of the text
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
func (g *provenance) duplicates(layers []*layer) (found tree.ProblemList) {
	for i, l := range layers {
		for _, p := range l.canon.Problems.Problems {
			p.Origin = g.origin(g.layers[i], p.Path)
			found.Add(p)
		}
		found.More += l.canon.Problems.More
		for j, part := range l.parts {
			for _, p := range part.Problems.Problems {
				p.Path = g.types.sections[j].at.Child(p.Path...)
				p.Origin = g.origin(g.layers[i], p.Path)
				found.Add(p)
			}
			found.More += part.Problems.More
		}
	}
	return found
}

// unknownKey returns the problem that an unknown key is, yet to be located, nil
// for one that is to be ignored.
func (g *provenance) unknownKey(path tree.Path) *Problem {
	path = path.Child()
	if len(g.types.ignore) > 0 && g.types.ignored(path, g.originOf(path).Key) {
		return nil
	}
	if meant := g.variableMeant(path); meant != "" {
		return &Problem{Path: path, Kind: tree.Unknown, Err: fmt.Errorf("unknown key; did you mean %s?", meant)}
	}
	return &Problem{Path: path, Kind: tree.Unknown, Err: g.types.UnknownKey(path)}
}

// variableMeant returns the variable that an unknown one of the environment was
// most likely meant to be, "" for any other key. Its path is its name behind the
// prefix, which all that fill a field have.
func (g *provenance) variableMeant(path tree.Path) string {
	held := g.contributions(path)
	if len(held) == 0 || len(path) != 1 || len(path[0]) > longName {
		return ""
	}
	s := g.layers[held[0].Layer]
	at := g.origin(s, path)
	prefix, ok := strings.CutSuffix(at.Key, path[0])
	if at.Kind != "env" || !ok {
		return ""
	}
	meant := binder.Nearest(path[0], func(yield func(string) bool) {
		for _, field := range g.types.unset(nil) {
			if name, ok := strings.CutPrefix(s.locate(field).Key, prefix); ok && !yield(name) {
				return
			}
		}
	})
	if meant == "" {
		return ""
	}
	return prefix + meant
}

const longName = 100 // bytes of a variable's name that is looked at for what it was meant to be

// originOf returns where the value that counts at a path came from.
func (g *provenance) originOf(path tree.Path) (o tree.Origin) {
	if held := g.contributions(path); len(held) > 0 {
		return g.origin(g.layers[held[0].Layer], held[0].Path)
	}
	return o
}

// warnings returns what is to be said of a configuration that is served all the
// same: its deprecated keys and, unless they are left out, those that no field
// takes.
func (g *provenance) warnings(unknown *tree.Node) (found tree.ProblemList) {
	for _, s := range g.layers {
		for path, key := range s.old.Leaves {
			if own := key.Own(); own != nil { // and there are others below it
				key = own
			}
			path = path.Child()
			found.Add(Problem{
				Path: path, Kind: tree.Deprecated, Origin: g.origin(s, path), Field: g.types.Describe(path).Field,
				Err: fmt.Errorf("key %q is deprecated; use %q", key.Text(), path[len(path)-1]),
			})
		}
	}
	for path := range unknown.Leaves {
		if found.IsFull() && len(g.types.ignore) == 0 {
			found.More++
			continue
		}
		p := g.unknownKey(path)
		switch {
		case p == nil:
		case found.IsFull():
			found.More++
		default:
			found.Add(g.locate(*p))
		}
	}
	return found
}
