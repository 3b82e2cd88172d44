package binder

import "github.com/confsync/confsync/tree"

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

// Defaults returns the layer that the default tags make. Defaults of fields below a
// Go map, a list or a pointer are not in it: Bind fills those in where the
// element is there.
func (c *compiled) Defaults() tree.Tree { return c.defaults }

func (c *compiled) makeDefaults() tree.Tree {
	e := tree.Tree{}.Edit()
	c.root.each(nil, func(p tree.Path, f *field) {
		if f.fallback != nil {
			e.Graft(p, tree.Of(f.fallback))
		}
	})
	b := &Binder{compiled: c}
	return e.Tree().Located(func(p tree.Path, _ tree.Place) tree.Origin {
		return tree.Origin{Kind: "default", Key: b.Describe(p).Field}
	})
}
