package confsync

import (
	"fmt"

	"github.com/confsync/confsync/binder"
	"github.com/confsync/confsync/merge"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

// layer is one source with what is known of it. The reducer alone uses the
// fields below the line.
type layer struct {
	name string
	sup  *source.Supervisor // nil for the layer of the default tags

	raw     tree.Tree // as the source gave it
	canon   binder.Canonical
	version uint64
	known   source.Status // what was last logged of it
}

// refresh takes the newest snapshot of the layer and reports whether it is a
// new one.
func (l *layer) refresh(b *binder.Binder) bool {
	if l.sup == nil {
		if l.canon.Root() == nil && l.raw.Root() != nil {
			l.canon = b.Canonical(l.canon, l.raw.Root())
			return true
		}
		return false
	}
	snap, version, ok := l.sup.Latest()
	if !ok || version == l.version {
		return false
	}
	l.version, l.raw = version, snap.Tree
	l.canon = b.Canonical(l.canon, snap.Tree.Root())
	return true
}

// view is one merge of the layers: immutable, and all that is needed to tell
// where a value came from.
type view struct {
	binder *binder.Binder
	layers []viewLayer // lowest first
	root   *tree.Node  // merged
}

type viewLayer struct {
	name string
	raw  tree.Tree  // keys as the source has them
	root *tree.Node // keys as the type has them
}

func newView(b *binder.Binder, layers []*layer, merged merge.Result) *view {
	v := &view{binder: b, root: merged.Root(), layers: make([]viewLayer, len(layers))}
	for i, l := range layers {
		v.layers[i] = viewLayer{name: l.name, raw: l.raw, root: l.canon.Root()}
	}
	return v
}

// origin is where a layer has, or would have, the value at a path.
func (v *view) origin(l viewLayer, path tree.Path) tree.Origin {
	o := l.raw.Where(v.binder.Raw(l.raw.Root(), path))
	o.Layer = l.name
	if o.Kind == "" {
		o.Kind = l.name
	}
	return o
}

// contributions are what the layers hold at a path, highest precedence first.
func (v *view) contributions(path tree.Path) []merge.Contribution {
	roots := make([]*tree.Node, len(v.layers))
	for i, l := range v.layers {
		roots[i] = l.root
	}
	return merge.Layers(path, roots)
}

// value is a contribution as it is shown.
func (v *view) value(path tree.Path, c merge.Contribution, secret bool) tree.Value {
	text := binder.Redacted
	if !secret {
		text = binder.Show(c.Value)
	}
	return tree.Value{Path: path, Text: text, Origin: v.origin(v.layers[c.Layer], c.Path)}
}

// locate completes a problem of the merged tree: where the value came from,
// what it hides, or where it was looked for.
func (v *view) locate(p Problem) Problem {
	info := v.binder.Describe(p.Path)
	if p.Field == "" && info.Known && len(p.Path) > 0 {
		p.Field = info.Field
	}
	if p.Kind == tree.Missing {
		for _, l := range v.layers[1:] { // a default would have been found
			p.Searched = append(p.Searched, v.origin(l, p.Path).String())
		}
		return p
	}
	for i, c := range v.contributions(p.Path) {
		value := v.value(p.Path, c, info.Secret)
		if i == 0 {
			p.Origin = value.Origin
		} else if p.Kind != tree.Unknown {
			p.Hides = append(p.Hides, value)
		}
	}
	for i, r := range p.Related {
		if cs := v.contributions(r.Path); len(cs) > 0 {
			p.Related[i] = v.value(r.Path, cs[0], v.binder.Describe(r.Path).Secret)
		}
	}
	return p
}

// unknown is the problem that an unknown key is.
func (v *view) unknown(path tree.Path) Problem {
	err := fmt.Errorf("unknown key")
	if meant, ok := v.binder.Suggest(path); ok {
		err = fmt.Errorf("unknown key; did you mean %q?", meant.String())
	}
	return v.locate(Problem{Path: path, Kind: tree.Unknown, Err: err})
}
