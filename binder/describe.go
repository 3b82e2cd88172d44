package binder

import (
	"reflect"
	"strings"

	"github.com/agnivade/levenshtein"

	"github.com/confsync/confsync/tree"
)

// Info is what the type says about one path.
type Info struct {
	Path    tree.Path    // with the fields' own keys
	Known   bool         // a value there would be used
	Field   string       // the Go field, as "App.Server.Port"
	Type    reflect.Type // nil when not known
	Secret  bool         // the value must not be shown
	Default *tree.Node   // of the field's default tag
}

// Describe tells what the type says about a path, whose segments may be
// spelled in any way that binds. What is not known is taken for a secret: a
// misspelled "pasword" may be one.
func (b *Binder) Describe(path tree.Path) Info {
	info := Info{Field: TypeName(b.root.typ)}
	p := b.root
	for _, seg := range path {
		info.Secret, info.Default = info.Secret || p.secret, nil
		p = p.structPlan()
		switch {
		case p.shape == dynamic || p.shape == raw:
			info.Path = append(info.Path, seg) // everything below fills it
			continue
		case p.elem != nil && p.takes(seg):
			info.Field += indexed(p, seg)
			p = p.elem
		case p.shape == structure:
			own, f := p.fieldOf(seg)
			if f == nil {
				return Info{Path: append(info.Path, path[len(info.Path):]...), Secret: true}
			}
			seg, p = own, f.plan
			info.Field, info.Secret, info.Default = info.Field+"."+f.name, info.Secret || f.secret, f.fallback
		default:
			return Info{Path: append(info.Path, path[len(info.Path):]...), Secret: true}
		}
		info.Path = append(info.Path, seg)
	}
	info.Known, info.Type, info.Secret = true, p.typ, info.Secret || p.secret
	return info
}

// takes reports whether a map or a list may have an element by that name.
func (p *plan) takes(seg string) bool {
	_, isIndex := tree.Index(seg)
	return p.shape == mapping || isIndex
}

func indexed(p *plan, seg string) string {
	if p.shape == mapping {
		return `["` + seg + `"]`
	}
	return "[" + seg + "]"
}

// fieldOf is the field that takes a key, found in inlined structs too, or the
// one that takes the remaining keys.
func (p *plan) fieldOf(key string) (string, *field) {
	own, _ := p.field(key)
	for i := range p.fields {
		f := &p.fields[i]
		switch {
		case i == p.remain:
		case f.inline:
			if own, found := f.plan.structPlan().fieldOf(key); found != nil {
				inner := *found
				inner.name = f.name + "." + found.name
				inner.secret = found.secret || f.secret || f.plan.secret
				return own, &inner
			}
		case f.key == own:
			return own, f
		}
	}
	if p.remain >= 0 {
		f := p.fields[p.remain]
		f.plan = f.plan.elem
		return key, &f
	}
	return key, nil
}

// Raw is the path under which a layer, as its source gave it, has what is at a
// path of fields' own keys. Segments the layer lacks are as they are in path.
func (b *Binder) Raw(layer *tree.Node, path tree.Path) tree.Path {
	out, p := make(tree.Path, 0, len(path)), b.root
	for _, seg := range path {
		name := seg
		p = p.structPlan()
		switch {
		case p.shape == structure:
			name = p.spelling(layer, seg)
			_, sub := p.field(seg)
			if p = sub; p == nil {
				p = &plan{shape: dynamic}
			}
		case p.elem != nil:
			p = p.elem
		}
		out, layer = append(out, name), layer.Child(name)
	}
	return out
}

// spelling is the key under which a struct's node has a field.
func (p *plan) spelling(n *tree.Node, own string) string {
	if n.Child(own) != nil {
		return own
	}
	for _, key := range n.Keys() {
		if name, _ := p.field(key); name == own {
			return key
		}
	}
	return own
}

// Suggest is the known key that an unknown one was most likely meant to be: a
// sibling spelled much alike, else the one field anywhere of that very name.
func (b *Binder) Suggest(path tree.Path) (tree.Path, bool) {
	if len(path) == 0 {
		return nil, false
	}
	parent := path[:len(path)-1]
	last := path[len(path)-1]
	shape := b.Shape().Sub(parent)
	if shape == nil {
		return nil, false
	}
	best, distance := "", 1+len(last)/3
	for _, f := range shape.Fields {
		if d := levenshtein.ComputeDistance(tree.Fold(last), tree.Fold(f.Key)); d <= distance {
			best, distance = f.Key, d-1
		}
	}
	if best != "" {
		return parent.Child(best), true
	}
	var same []tree.Path
	b.root.each(nil, func(p tree.Path, _ *field) {
		if strings.EqualFold(tree.Fold(p[len(p)-1]), tree.Fold(last)) {
			same = append(same, p.Child())
		}
	})
	if len(same) != 1 {
		return nil, false
	}
	return same[0], true
}

// each visits the fields that are reached through structs alone.
func (p *plan) each(path tree.Path, visit func(tree.Path, *field)) {
	if p.shape != structure {
		return
	}
	for i := range p.fields {
		f := &p.fields[i]
		switch {
		case i == p.remain:
		case f.inline:
			f.plan.structPlan().each(path, visit)
		default:
			here := path.Child(f.key)
			visit(here, f)
			f.plan.each(here, visit)
		}
	}
}

// Defaults is the layer that the default tags make. Defaults of fields below a
// Go map, a list or a pointer are not in it: Bind fills those in where the
// element is there.
func (b *Binder) Defaults() tree.Tree { return b.defaults }

func (b *Binder) makeDefaults() tree.Tree {
	e := tree.Tree{}.Edit()
	b.root.each(nil, func(p tree.Path, f *field) {
		if f.fallback != nil {
			e.Graft(p, tree.Of(f.fallback))
		}
	})
	return e.Tree().Located(func(p tree.Path, _ tree.Place) tree.Origin {
		return tree.Origin{Kind: "default", Key: b.Describe(p).Field}
	})
}

// Shape is what the type says to sources with flat names.
func (b *Binder) Shape() *tree.Shape { return b.root.toShape(shapes{}, false) }

// shapes are those made so far: a type has one for where it is secret and one
// for where it is not.
type shapes map[bool]map[*plan]*tree.Shape

func (p *plan) toShape(made shapes, secret bool) *tree.Shape {
	for secret = secret || p.secret; p.shape == pointer; secret = secret || p.secret {
		p = p.elem
	}
	if s := made[secret][p]; s != nil {
		return s
	}
	s := &tree.Shape{Secret: secret, Type: p.typ}
	if made[secret] == nil {
		made[secret] = map[*plan]*tree.Shape{}
	}
	made[secret][p] = s
	switch p.shape {
	case mapping, sequence, array:
		s.Elem, s.List = p.elem.toShape(made, secret), p.shape != mapping
	case structure:
		for i := range p.fields {
			f := &p.fields[i]
			sub := f.plan.toShape(made, secret || f.secret)
			switch {
			case i == p.remain:
				s.Rest = sub.Elem
			case f.inline:
				s.Fields = append(s.Fields, sub.Fields...)
			default:
				s.Fields = append(s.Fields, tree.Field{
					Key: f.key, Shape: sub, Required: f.required, Default: f.fallback,
					Go: p.typ.Field(f.index), Owner: p.typ,
				})
			}
		}
	}
	return s
}
