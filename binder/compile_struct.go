package binder

import (
	"reflect"

	"github.com/confsync/confsync/tree"
)

func (c *compiler) compileStruct(p *plan, t reflect.Type, where string) {
	for i := range t.NumField() {
		sf := t.Field(i)
		where := where + "." + sf.Name
		tag, bound, err := parseTag(sf)
		if err != nil {
			c.fail(where, "%w", err)
			continue
		}
		if !bound {
			p.movable = false
			continue
		}
		for _, what := range tag.ignored {
			c.note(where, "%s is not honoured", what)
		}
		f := field{tag: tag, index: i}
		if f.plan = c.compileField(tag, sf.Type, where); f.plan == nil {
			continue
		}
		if tag.remain {
			if p.remain >= 0 {
				c.fail(where, "another field takes the remaining keys already")
				continue
			}
			p.remain = len(p.fields)
		}
		p.movable = p.movable && f.plan.movable
		if tag.hasDefault {
			f.fallback = c.defaultNode(f.plan, tag.text, where)
		}
		p.fields = append(p.fields, f)
	}
	c.index(p, where)
}

// compileField compiles what fills a field. It is nil when that can't be.
func (c *compiler) compileField(tag tag, t reflect.Type, where string) *plan {
	if !tag.inline {
		p := c.compile(t, where)
		if tag.remain && (p.shape != mapping || t.Key().Kind() != reflect.String) {
			c.fail(where, "only a map with string keys takes the remaining keys, not a %s", t)
			return nil
		}
		return p
	}
	compile := c.compile
	if t.Kind() == reflect.Struct && c.compile(t, where).shape == viaJSON {
		compile = c.compileFields
	}
	if p := compile(t, where); c.checkInline(p, where) {
		return p
	}
	return nil
}

// checkInline reports whether a field's keys can stand among its parent's.
func (c *compiler) checkInline(p *plan, where string) bool {
	s := p
	if p.shape == pointer {
		s = p.elem
	}
	switch {
	case s.shape != structure:
		c.fail(where, "only the keys of a struct or a map can be inlined, not those of a %s", p.typ)
	case c.open[s]:
		c.fail(where, "a struct can't be inlined into itself")
	case s.remain >= 0:
		c.fail(where, "an inlined struct can't take the remaining keys")
	default:
		return true
	}
	return false
}

// index gathers the keys a struct knows and finds those that are one key.
func (c *compiler) index(p *plan, where string) {
	p.known, p.folded, p.subs = map[string]int{}, map[string]string{}, map[string]*plan{}
	p.deprecated = map[string]bool{}
	owner := map[string]string{}
	claim := func(key, own, name string) bool {
		fold := tree.Fold(key)
		if other, ok := owner[fold]; ok {
			c.fail(where, "fields %s and %s are both named by the key %q", other, name, key)
			return false
		}
		owner[fold], p.folded[fold] = name, own
		return true
	}
	for i := range p.fields {
		f := &p.fields[i]
		switch inner := f.plan.structPlan(); {
		case i == p.remain:
		case f.inline:
			for _, key := range inner.keys() {
				if claim(key, key, f.name) {
					p.known[key], p.subs[key] = -1, inner.subs[key]
				}
			}
			for fold, own := range inner.folded {
				if fold != tree.Fold(own) && claim(fold, own, f.name) {
					p.deprecated[fold] = inner.deprecated[fold]
				}
			}
		default:
			if claim(f.key, f.key, f.name) {
				p.known[f.key], p.subs[f.key] = i, f.plan
			}
			for _, alias := range f.aliases {
				claim(alias, f.key, f.name)
			}
			for _, alias := range f.deprecated {
				p.deprecated[tree.Fold(alias)] = claim(alias, f.key, f.name)
			}
		}
	}
}

// defaultNode returns the node of a default tag: a list where the field is one,
// so that its elements can be replaced one by one, else the text itself.
func (c *compiler) defaultNode(p *plan, text, where string) *tree.Node {
	n := tree.NewScalar(tree.String, text)
	switch q := p.structPlan(); {
	case q.decode != nil:
	case q.shape == sequence || q.shape == array || q.shape == mapping || q.shape == structure:
		spelled, err := spell(q, text)
		if err != nil {
			c.fail(where, "default tag: %w", err)
			return nil
		}
		n = spelled
	case q.shape == raw:
		c.fail(where, "a %s can't have a default tag", p.typ)
		return nil
	}
	// A default that doesn't decode is the programmer's error: say so at once.
	c.later = append(c.later, func() {
		d := &decoder{Binder: &Binder{compiled: &compiled{root: p}, hooks: c.hooks, keySet: newKeySets(c.structs)}}
		d.bind(&slot{plan: p, n: n, out: reflect.New(p.typ).Elem()})
		for _, problem := range d.problems.Problems {
			c.fail(where, "default tag: %w", problem.Err)
		}
	})
	return n
}
