package binder

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/go-viper/mapstructure/v2"

	"github.com/confsync/confsync/tree"
)

// compiled is all that a type is compiled to. It is never changed.
type compiled struct {
	root     *plan
	structs  int // how many plans of structs there are
	notes    []string
	defaults tree.Tree
	ready    Canonical // of defaults
	shape    *tree.Shape
}

// compiledTypes are the types that were compiled without hooks: a *compiled for
// each reflect.Type. A program has few of them, and opens some more than once.
var compiledTypes sync.Map

func compiledOf(t reflect.Type, hooks []mapstructure.DecodeHookFunc) (*compiled, error) {
	if len(hooks) == 0 {
		if known, ok := compiledTypes.Load(t); ok {
			return known.(*compiled), nil
		}
	}
	c := &compiler{hooks: hooks, plans: map[planKey]*plan{}, open: map[*plan]bool{}}
	root := c.compileRoot(t)
	if err := c.finish(); err != nil {
		return nil, err
	}
	slices.Sort(c.notes)
	made := &compiled{root: root, structs: c.structs, notes: slices.Compact(c.notes)}
	made.defaults = made.makeDefaults()
	made.ready = (&Binder{compiled: made}).Canonical(Canonical{}, made.defaults.Root())
	made.shape = root.makeShape(len(hooks) > 0)
	if len(hooks) == 0 {
		compiledTypes.Store(t, made)
	}
	return made, nil
}

// compiler compiles the plans of one root type.
type compiler struct {
	hooks   []mapstructure.DecodeHookFunc
	plans   map[planKey]*plan
	structs int
	open    map[*plan]bool // those that are being compiled
	later   []func()       // checks that need all plans
	notes   []string
	errs    []error
}

// planKey tells the plans of a type apart: by its fields, or as it reads itself.
type planKey struct {
	typ      reflect.Type
	byFields bool
}

type defaulter interface{ SetDefaults() }

var (
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
	jsonUnmarshaler = reflect.TypeFor[json.Unmarshaler]()
	setsDefaults    = reflect.TypeFor[defaulter]()
	revealer        = reflect.TypeFor[interface{ Reveal() string }]()
	nodeType        = reflect.TypeFor[*tree.Node]()
	timeType        = reflect.TypeFor[time.Time]()
	durationType    = reflect.TypeFor[time.Duration]()
	rawJSON         = reflect.TypeFor[json.RawMessage]()
)

// decoders are those of types that a text fills and that don't read it themselves.
var decoders = map[reflect.Type]decodeFunc{
	timeType:                            decodeTime,
	durationType:                        decodeDuration,
	reflect.TypeFor[url.URL]():          decodeURL,
	reflect.TypeFor[net.HardwareAddr](): decodeHardwareAddr,
	rawJSON:                             decodeRawJSON,
}

// compileRoot compiles the whole type, which is filled field by field whatever
// it could read by itself.
func (c *compiler) compileRoot(t reflect.Type) *plan {
	if t.Kind() == reflect.Struct && decoders[t] == nil && !reflect.PointerTo(t).Implements(textUnmarshaler) {
		return c.compileFields(t, TypeName(t))
	}
	return c.compile(t, TypeName(t))
}

func (c *compiler) newPlan(t reflect.Type, byFields bool) *plan {
	p := &plan{typ: t, remain: -1, movable: true, secret: isSecret(t)}
	p.holds = p.secret
	c.plans[planKey{t, byFields}] = p
	return p
}

// newOpaque makes the plan of a type that reads what fills it by itself.
func (c *compiler) newOpaque(t reflect.Type, shape shape, decode decodeFunc, where string) *plan {
	p := c.newPlan(t, false)
	p.shape, p.decode, p.movable, p.holds = shape, decode, isMovable(t), holdsSecret(t, map[reflect.Type]bool{})
	c.checkDefaults(p, where)
	return p
}

func (c *compiler) compile(t reflect.Type, where string) *plan {
	if p := c.plans[planKey{t, false}]; p != nil {
		return p
	}
	reads, readsJSON := reflect.PointerTo(t).Implements(textUnmarshaler), reflect.PointerTo(t).Implements(jsonUnmarshaler)
	decode := decoders[t]
	if decode == nil && reads {
		decode = decodeText
	}
	switch {
	case t == nodeType:
		return c.newOpaque(t, raw, nil, where)
	case readsJSON && (decode == nil || t == rawJSON) && t.Kind() != reflect.Pointer && t.Kind() != reflect.Interface:
		return c.newOpaque(t, viaJSON, decode, where)
	case decode != nil:
		return c.newOpaque(t, leaf, decode, where)
	case t.Kind() == reflect.Struct:
		return c.compileFields(t, where)
	}
	p := c.newPlan(t, false)
	c.compileKind(p, where)
	c.checkDefaults(p, where)
	return p
}

// compileFields compiles a struct that is filled field by field.
func (c *compiler) compileFields(t reflect.Type, where string) *plan {
	if p := c.plans[planKey{t, true}]; p != nil {
		return p
	}
	p := c.newPlan(t, true)
	p.shape, p.number = structure, c.structs
	c.structs++
	c.open[p] = true
	c.compileStruct(p, t, where)
	delete(c.open, p)
	c.checkDefaults(p, where)
	ptr := reflect.PointerTo(t) // asked by constants, so that the linker may leave out other methods
	_, json := ptr.MethodByName("UnmarshalJSON")
	_, yaml := ptr.MethodByName("UnmarshalYAML")
	_, toml := ptr.MethodByName("UnmarshalTOML")
	for name, has := range map[string]bool{"UnmarshalJSON": json, "UnmarshalYAML": yaml, "UnmarshalTOML": toml} {
		if has {
			c.note(where, "%s is filled field by field: its %s is not called", TypeName(t), name)
		}
	}
	return p
}

func (c *compiler) compileKind(p *plan, where string) {
	switch t := p.typ; t.Kind() {
	case reflect.Interface:
		p.shape = dynamic
	case reflect.Pointer:
		p.shape, p.elem = pointer, c.compile(t.Elem(), where)
		c.checkPointer(p, where)
	case reflect.Slice:
		p.shape, p.elem = sequence, c.compile(t.Elem(), where+"[]")
		if t.Elem().Kind() == reflect.Uint8 {
			p.decode = decodeBytes
		}
	case reflect.Array:
		p.shape, p.elem = array, c.compile(t.Elem(), where+"[]")
		p.movable = p.elem.movable
	case reflect.Map:
		p.shape, p.elem = mapping, c.compile(t.Elem(), where+"[]")
		if p.decodeKey = keyDecoder(t.Key()); p.decodeKey == nil {
			c.fail(where, "a map's key can't be a %s", t.Key())
		} else if holdsSecret(t.Key(), map[reflect.Type]bool{}) {
			c.fail(where, "a map's key can't be a %s: keys are shown, and a secret must not be", t.Key())
		}
		p.verbatim = isVerbatim(t.Key())
	case reflect.Chan, reflect.Func, reflect.UnsafePointer, reflect.Uintptr, reflect.Complex64, reflect.Complex128:
		if len(c.hooks) == 0 { // which may make one
			c.fail(where, "a %s can't be configured; tag it `config:\"-\"`", t)
		}
	default:
		p.decode = scalarDecoder(t)
	}
}

func (c *compiler) fail(where, format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf("%s: %w", where, fmt.Errorf(format, args...)))
}

func (c *compiler) note(where, format string, args ...any) {
	c.notes = append(c.notes, where+": "+fmt.Sprintf(format, args...))
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

// checkDefaults finds out whether a type sets defaults of its own, and tries it.
func (c *compiler) checkDefaults(p *plan, where string) {
	if p.shape == pointer || p.shape == dynamic || !reflect.PointerTo(p.typ).Implements(setsDefaults) {
		return
	}
	err := callSetDefaults(reflect.New(p.typ))
	switch {
	case err == nil:
		p.defaults = true
	case !embedsDefaults(p.typ): // else it is that of an embedded pointer, which is nil
		c.fail(where, "%w", err)
	}
}

func embedsDefaults(t reflect.Type) bool {
	if t.Kind() != reflect.Struct {
		return false
	}
	for i := range t.NumField() {
		if f := t.Field(i); f.Anonymous && f.Type.Kind() == reflect.Pointer && f.Type.Implements(setsDefaults) {
			return true
		}
	}
	return false
}

// finish computes what depends on plans that refer to one another.
func (c *compiler) finish() error {
	for again := true; again; {
		again = false
		for _, p := range c.plans {
			rewritten := p.shape == structure || p.shape == mapping || p.elem != nil && p.elem.rewritten
			holds := p.holds || p.elem != nil && p.elem.holds ||
				slices.ContainsFunc(p.fields, func(f field) bool { return f.secret || f.plan.holds })
			again = again || rewritten != p.rewritten || holds != p.holds
			p.rewritten, p.holds = rewritten, holds
		}
	}
	if len(c.errs) == 0 {
		for _, check := range c.later {
			check()
		}
	}
	return errors.Join(c.errs...)
}
