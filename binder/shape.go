package binder

import (
	"slices"

	"github.com/confsync/confsync/tree"
)

// Shape returns what the type says to sources with flat names.
func (c *compiled) Shape() *tree.Shape { return c.shape }

// Notes returns what the type's tags and methods say that is not honoured, a line
// for each. It is for telling once, at the start.
func (c *compiled) Notes() []string { return slices.Clone(c.notes) }

// makeShape returns the shape of a type. With hooks, any text may fill a
// struct; without, one behind a pointer is switched on and off by a text.
func (p *plan) makeShape(hooks bool) *tree.Shape {
	m := shaper{hooks: hooks, made: map[shapeKey]*tree.Shape{}}
	return m.shape(p, shapeKey{named: p.named(map[*plan]bool{})})
}

// named reports whether a field of a struct, or below it, names variables.
func (p *plan) named(seen map[*plan]bool) bool {
	if p = p.structPlan(); seen[p] {
		return false
	}
	seen[p] = true
	return slices.ContainsFunc(p.fields, func(f field) bool { return f.env != nil || f.envNames != nil || f.plan.named(seen) })
}

// shapeKey is what a shape depends on beside its plan: a type has one for where
// it is secret and one for where it is not, and one for each prefix that
// variables have there. Elements of maps and lists have no variables: they would
// have the same.
type shapeKey struct {
	plan   *plan
	secret bool
	named  bool
	prefix string
}

type shaper struct {
	hooks bool
	made  map[shapeKey]*tree.Shape
	path  []*plan // the structs that are being made
}

func (m *shaper) shape(p *plan, at shapeKey) *tree.Shape {
	pointed := p.shape == pointer
	for at.secret = at.secret || p.secret; p.shape == pointer; at.secret = at.secret || p.secret {
		p = p.elem
	}
	if at.plan = p; slices.Contains(m.path, p) || !at.named {
		at.named, at.prefix = false, ""
	}
	s := m.made[at]
	if s == nil {
		s = m.make(p, at)
	}
	s.Text = s.Text || pointed && p.shape == structure && p.decode == nil
	return s
}

// make makes a shape that there isn't yet.
func (m *shaper) make(p *plan, at shapeKey) *tree.Shape {
	s := &tree.Shape{Secret: at.secret || p.holds && (p.decode != nil || p.shape == viaJSON), Type: p.typ}
	m.made[at] = s
	switch {
	case p.decode != nil:
	case p.shape == structure:
		m.path = append(m.path, p)
		s.Text = m.hooks
		for i := range p.fields {
			m.field(s, p, i, at)
		}
		m.path = m.path[:len(m.path)-1]
	case p.elem != nil:
		s.Elem, s.List = m.shape(p.elem, shapeKey{secret: at.secret}), p.shape != mapping
	}
	return s
}

func (m *shaper) field(s *tree.Shape, p *plan, i int, at shapeKey) {
	f := &p.fields[i]
	sub := m.shape(f.plan, shapeKey{secret: at.secret || f.secret, named: at.named, prefix: at.prefix + f.envPrefix})
	switch {
	case i == p.remain:
		s.Rest = sub.Elem
		return
	case f.inline:
		s.Fields = append(s.Fields, sub.Fields...)
		return
	}
	made := tree.Field{
		Key: f.key, Shape: sub, Required: f.required, Default: f.fallback,
		Go: p.typ.Field(f.index), Owner: p.typ,
	}
	if at.named {
		made.Env = slices.Clone(f.env)
		for _, name := range f.envNames {
			made.Env = append(made.Env, at.prefix+name)
		}
	}
	s.Fields = append(s.Fields, made)
	for _, alias := range slices.Concat(f.aliases, f.deprecated) {
		s.Fields = append(s.Fields, tree.Field{Key: alias, AliasOf: f.key, Shape: sub, Go: made.Go, Owner: made.Owner})
	}
}
