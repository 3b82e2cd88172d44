package binder

import (
	"reflect"

	"github.com/confsync/confsync/tree"
)

// Info is what the type says about one path.
type Info struct {
	Path    tree.Path    // with the fields' own keys
	Known   bool         // a value there would be used
	Field   string       // the Go field, as "App.Server.Port"
	Type    reflect.Type // nil when not known
	Secret  bool         // the value must not be shown, whatever it is; see also Show
	Default *tree.Node   // of the field's default tag

	holds bool // there is a secret in the value or below it
}

// Describe returns what the type says about a path, whose segments may be
// spelled in any way that binds. What is not known is taken for a secret: a
// misspelled "pasword" may be one.
func (b *Binder) Describe(path tree.Path) Info {
	info := Info{Field: TypeName(b.root.typ)}
	p := b.root
	for _, seg := range path {
		info.Secret, info.Default = info.Secret || p.secret, nil
		p = p.structPlan()
		switch {
		case p.shape == dynamic || p.shape == raw || p.shape == viaJSON:
			info.Path = append(info.Path, seg) // everything below fills it
			info.Secret = info.Secret || p.holds
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
	info.Known, info.Type, info.Secret, info.holds = true, p.typ, info.Secret || p.secret, p.holds
	return info
}

// Show returns a node as it may be shown for the value at a path, on one line and
// not too long: "<redacted>" for a secret, and for one text that fills what holds
// a secret anywhere, as [tree.Shape.Hides] has it.
func (b *Binder) Show(path tree.Path, n *tree.Node) string {
	if b.Hides(path, n) {
		return Redacted
	}
	return show(n)
}

// Hides reports whether a node at a path must not be shown.
func (b *Binder) Hides(path tree.Path, n *tree.Node) bool {
	info := b.Describe(path)
	return n != nil && (n.IsSecret() || info.Secret || info.holds && (n.Kind().IsScalar() || n.Own() != nil))
}

// Lookup returns the node at a path of fields' own keys, also of one that stands
// in a text: "ports.1" where ports is "80,443". at is the path of what the tree
// itself has, the text's or the whole one.
func (b *Binder) Lookup(root *tree.Node, path tree.Path) (n *tree.Node, at tree.Path) {
	p := b.root
	n, at = root, path
	for i, seg := range path {
		p = p.structPlan()
		if n.Kind().IsScalar() {
			if len(at) == len(path) {
				at = path[:i]
			}
			spelled, err := spell(p, n.Text())
			if err != nil || p.decode != nil {
				return nil, path
			}
			n = spelled
		}
		if n = n.Child(seg); n == nil {
			return nil, path
		}
		p = p.below(seg)
	}
	return n, at
}

// below returns the plan of what a key names, one that takes everything where
// nothing is known of it.
func (p *plan) below(seg string) *plan {
	switch _, sub := p.field(seg); {
	case p.elem != nil:
		return p.elem
	case sub != nil:
		return sub
	}
	return &plan{shape: dynamic, remain: -1}
}

// takes reports whether a map or a list may have an element by that name.
func (p *plan) takes(seg string) bool {
	_, isIndex := tree.Index(seg)
	return p.shape == mapping || isIndex
}

func indexed(p *plan, seg string) string {
	if p.shape == mapping {
		return "[" + quote(seg) + "]"
	}
	return "[" + seg + "]"
}

// fieldOf returns the field that takes a key, found in inlined structs too, or
// the one that takes the remaining keys.
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
		f.name += indexed(f.plan, key)
		f.plan = f.plan.elem
		return key, &f
	}
	return key, nil
}

// Raw returns the path under which a layer, as its source gave it, has what is at a
// path of fields' own keys. Segments the layer lacks are as they are in path.
func (b *Binder) Raw(layer *tree.Node, path tree.Path) tree.Path {
	out, p := make(tree.Path, 0, len(path)), b.root
	for _, seg := range path {
		name := seg
		if p = p.structPlan(); p.shape == structure {
			name = p.spelling(layer, seg)
		}
		out, layer, p = append(out, name), layer.Child(name), p.below(seg)
	}
	return out
}

// spelling returns the key under which a struct's node has a field.
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
