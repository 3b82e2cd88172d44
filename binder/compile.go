package binder

import (
	"encoding"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"time"

	"github.com/go-viper/mapstructure/v2"

	"github.com/confsync/confsync/tree"
)

// compiler compiles the plans of one root type.
type compiler struct {
	hooks []mapstructure.DecodeHookFunc
	plans map[reflect.Type]*plan
	open  map[*plan]bool // those that are being compiled
	later []func()       // checks that need all plans
	errs  []error
}

var (
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
	revealer        = reflect.TypeFor[interface{ Reveal() string }]()
	nodeType        = reflect.TypeFor[*tree.Node]()
	durationType    = reflect.TypeFor[time.Duration]()
	timeType        = reflect.TypeFor[time.Time]()
	urlType         = reflect.TypeFor[url.URL]()
	bytesType       = reflect.TypeFor[[]byte]()
)

func (c *compiler) compile(t reflect.Type, where string) *plan {
	if p := c.plans[t]; p != nil {
		return p
	}
	p := &plan{typ: t, remain: -1, hooked: len(c.hooks) > 0, secret: t.Implements(revealer) || reflect.PointerTo(t).Implements(revealer)}
	c.plans[t], c.open[p] = p, true
	defer delete(c.open, p)
	switch {
	case t == nodeType:
		p.shape = raw
	case t == timeType:
		p.decode = decodeTime
	case reflect.PointerTo(t).Implements(textUnmarshaler):
		p.decode = decodeText
	case t == durationType:
		p.decode = decodeDuration
	case t == urlType:
		p.decode = decodeURL
	case t == bytesType:
		p.decode = decodeBytes
	default:
		c.compileKind(p, t, where)
	}
	return p
}

func (c *compiler) compileKind(p *plan, t reflect.Type, where string) {
	switch t.Kind() {
	case reflect.Interface:
		p.shape = dynamic
	case reflect.Pointer:
		p.shape, p.elem = pointer, c.compile(t.Elem(), where)
		c.checkPointer(p, where)
	case reflect.Slice:
		p.shape, p.elem = sequence, c.compile(t.Elem(), where+"[]")
	case reflect.Array:
		p.shape, p.elem = array, c.compile(t.Elem(), where+"[]")
	case reflect.Map:
		p.shape, p.elem = mapping, c.compile(t.Elem(), where+"[]")
		if p.decodeKey = keyDecoder(t.Key()); p.decodeKey == nil {
			c.fail(where, "a map's key can't be a %s", t.Key())
		}
		p.verbatim = isVerbatim(t.Key())
	case reflect.Struct:
		p.shape = structure
		c.compileStruct(p, t, where)
	case reflect.Chan, reflect.Func, reflect.UnsafePointer, reflect.Uintptr, reflect.Complex64, reflect.Complex128:
		if p.hooked {
			return // the user's hooks may make one
		}
		c.fail(where, "a %s can't be configured; tag it `config:\"-\"`", t)
	default:
		p.decode = scalarDecoder(t)
	}
}

func (c *compiler) fail(where, format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf("%s: %w", where, fmt.Errorf(format, args...)))
}

func (c *compiler) compileStruct(p *plan, t reflect.Type, where string) {
	for i := range t.NumField() {
		sf := t.Field(i)
		tag, ok := parseTag(sf)
		if !ok {
			p.partial = true
			continue
		}
		where := where + "." + sf.Name
		f := field{name: sf.Name, key: tag.name, index: i, inline: tag.inline, required: tag.required, secret: tag.secret}
		f.plan = c.compile(sf.Type, where)
		if tag.remain {
			if f.plan.shape != mapping || sf.Type.Key().Kind() != reflect.String {
				c.fail(where, "only a map with string keys takes the remaining keys, not a %s", sf.Type)
				continue
			}
			if p.remain >= 0 {
				c.fail(where, "another field takes the remaining keys already")
				continue
			}
			p.remain = len(p.fields)
		}
		if tag.inline && !c.checkInline(f.plan, where) {
			continue
		}
		p.partial = p.partial || tag.inline && f.plan.partial
		if tag.hasDefault {
			f.fallback = c.defaultNode(f.plan, tag.fallback, where)
		}
		p.fields = append(p.fields, f)
	}
	c.index(p, where)
}

// checkPointer refuses a type that is nothing but pointers to itself.
func (c *compiler) checkPointer(p *plan, where string) {
	for q := p.elem; q != nil && q.shape == pointer; q = q.elem {
		if q == p {
			c.fail(where, "a %s can't be configured: it points to nothing but itself", p.typ)
			p.shape, p.elem = leaf, nil
			return
		}
	}
}

// checkInline tells whether a field's keys can stand among its parent's.
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
	p.layouts, p.renamings = map[*string]*layout{}, map[*string]*renaming{}
	owner := map[string]string{}
	add := func(key, name string, i int, sub *plan) {
		fold := tree.Fold(key)
		if other, ok := owner[fold]; ok {
			c.fail(where, "fields %s and %s are both named by the key %q", other, name, key)
			return
		}
		owner[fold], p.folded[fold], p.known[key] = name, key, i
		p.subs[key] = sub
	}
	for i, f := range p.fields {
		switch {
		case i == p.remain:
		case f.inline:
			for _, key := range f.plan.structPlan().keys() {
				add(key, f.name, -1, f.plan.structPlan().subs[key])
			}
		default:
			add(f.key, f.name, i, f.plan)
		}
	}
}

// defaultNode is the node of a default tag: a list where the field is one, so
// that its elements can be replaced one by one, else the text itself.
func (c *compiler) defaultNode(p *plan, text, where string) *tree.Node {
	n := tree.NewScalar(tree.String, text)
	switch p.structPlan().shape {
	case leaf, dynamic:
	case sequence, array, mapping, structure:
		expanded, err := expand(p.structPlan(), text)
		if err != nil {
			c.fail(where, "default tag: %w", err)
			return nil
		}
		n = expanded
	default:
		c.fail(where, "a %s can't have a default tag", p.typ)
		return nil
	}
	// A default that doesn't decode is the programmer's error: say so at once.
	c.later = append(c.later, func() {
		d := &decoder{hooks: c.hooks}
		d.bind(p, nil, n, true, reflect.New(p.typ).Elem(), false)
		for _, problem := range d.problems {
			c.fail(where, "default tag: %w", problem.Err)
		}
	})
	return n
}

// finish computes what depends on plans that refer to one another.
func (c *compiler) finish() error {
	for again := true; again; {
		again = false
		for _, p := range c.plans {
			keyed := p.shape == structure || p.elem != nil && p.elem.keyed
			again = again || keyed != p.keyed
			p.keyed = keyed
		}
	}
	if len(c.errs) == 0 {
		for _, check := range c.later {
			check()
		}
	}
	return errors.Join(c.errs...)
}
