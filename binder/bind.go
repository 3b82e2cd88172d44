package binder

import (
	"errors"
	"reflect"
	"slices"

	"github.com/go-viper/mapstructure/v2"

	"github.com/confsync/confsync/tree"
)

// Binder fills values of one type. Canonical and Bind are for one goroutine at
// a time; the other methods may be called from any.
type Binder struct {
	root     *plan
	hooks    []mapstructure.DecodeHookFunc
	defaults tree.Tree
}

// New compiles a type, which is best a struct. Its error tells everything
// about the type that can't be configured: fields of impossible types, two
// fields with one name, a default tag that doesn't fit. Hooks are tried in
// order before a scalar is decoded, and on any interface that has methods.
func New(t reflect.Type, hooks ...mapstructure.DecodeHookFunc) (*Binder, error) {
	c := &compiler{hooks: hooks, plans: map[reflect.Type]*plan{}, open: map[*plan]bool{}}
	root := c.compile(t, TypeName(t))
	if err := c.finish(); err != nil {
		return nil, err
	}
	b := &Binder{root: root, hooks: hooks}
	b.defaults = b.makeDefaults()
	return b, nil
}

// Bound is a filled value and what it was filled from. The zero Bound is
// nothing yet.
type Bound struct {
	Root    *tree.Node
	Value   reflect.Value // a pointer to the type; never written to again
	Unknown []tree.Path   // keys that no field takes, sorted
}

// Bind fills a value from the merged tree. When nothing that the type takes
// has changed the Value is the very pointer of prev. With problems, the value
// is not to be used; prev stays as it is.
func (b *Binder) Bind(prev Bound, root *tree.Node) (Bound, []tree.Problem) {
	d := &decoder{hooks: b.hooks, root: TypeName(b.root.typ)}
	value := reflect.New(b.root.typ)
	fresh := !prev.Value.IsValid()
	if !fresh {
		value.Elem().Set(prev.Value.Elem())
	}
	changed := d.bind(b.root, prev.Root, root, fresh, value.Elem(), false)
	if len(d.problems) > 0 {
		return prev, d.problems
	}
	if !changed && !fresh {
		value = prev.Value
	}
	return Bound{Root: root, Value: value, Unknown: d.allUnknown(prev.Unknown, root)}, nil
}

// decoder is one run of Bind.
type decoder struct {
	hooks    []mapstructure.DecodeHookFunc
	path     tree.Path
	root     string   // the Go type's name
	names    []string // of the fields on the path, or mapElement or listElement
	problems []tree.Problem
	unknown  []tree.Path
	deep     bool // maxDepth was passed
}

// What stands for the name of a field where the path goes into an element.
const (
	mapElement  = "map"
	listElement = "list"
)

func (d *decoder) push(key, name string) {
	d.path, d.names = append(d.path, key), append(d.names, name)
}

func (d *decoder) pop() {
	d.path, d.names = d.path[:len(d.path)-1], d.names[:len(d.names)-1]
}

// bind makes out, which holds what prev gave, hold what n gives, and reports
// whether that changed it. It never writes to memory that out's old value
// refers to. With fresh, out is zero and was never filled.
func (d *decoder) bind(p *plan, prev, n *tree.Node, fresh bool, out reflect.Value, secret bool) bool {
	if n == prev && !fresh {
		return false
	}
	secret = secret || p.secret
	if p.shape >= pointer && n.Kind().IsScalar() && len(d.hooks) > 0 {
		changed, err := d.hooked(p)(n, out)
		switch {
		case err == nil:
			return changed
		case err != errMistyped: // a hook's own
			d.mistyped(p, n, err, secret)
			return false
		}
	}
	switch p.shape {
	case structure:
		changed := d.bindStruct(p, prev, n, fresh, out, secret)
		d.noteUnknown(p, n)
		return changed
	case pointer:
		return d.bindPointer(p, prev, n, fresh, out, secret, d.bind)
	case raw:
		return assign(out, reflect.ValueOf(n))
	}
	if n.Kind() <= tree.Null {
		changed := !out.IsZero()
		out.SetZero()
		return changed
	}
	switch p.shape {
	case mapping:
		return d.bindMap(p, prev, n, fresh, out, secret)
	case sequence:
		return d.bindSlice(p, prev, n, fresh, out, secret)
	case array:
		return d.bindArray(p, prev, n, fresh, out, secret)
	case dynamic:
		return d.bindDynamic(p, n, out, secret)
	}
	return d.bindLeaf(p, n, out, secret)
}

func (d *decoder) bindLeaf(p *plan, n *tree.Node, out reflect.Value, secret bool) bool {
	if !n.Kind().IsScalar() {
		if n.Own() != nil {
			d.conflict(p)
		} else {
			d.mistyped(p, n, errMistyped, secret)
		}
		return false
	}
	decode := p.decode
	if p.hooked {
		decode = d.hooked(p)
	}
	changed, err := decode(n, out)
	if err != nil {
		d.mistyped(p, n, err, secret)
	}
	return changed
}

type bindFunc func(p *plan, prev, n *tree.Node, fresh bool, out reflect.Value, secret bool) bool

// bindPointer fills a copy of what the pointer points to and points there when
// it differs.
func (d *decoder) bindPointer(p *plan, prev, n *tree.Node, fresh bool, out reflect.Value, secret bool, bind bindFunc) bool {
	if n.Kind() <= tree.Null {
		changed := !out.IsNil()
		out.SetZero()
		return changed
	}
	target := reflect.New(p.elem.typ)
	if out.IsNil() {
		fresh = true
	} else {
		target.Elem().Set(out.Elem())
	}
	changed := bind(p.elem, prev, n, fresh, target.Elem(), secret)
	if changed || out.IsNil() {
		out.Set(target)
		return true
	}
	return false
}

func (d *decoder) bindDynamic(p *plan, n *tree.Node, out reflect.Value, secret bool) bool {
	if p.hooked && (n.Kind().IsScalar() || p.typ.NumMethod() > 0) {
		changed, err := d.hooked(p)(n, out)
		if err != nil {
			d.mistyped(p, n, err, secret)
		}
		return changed
	}
	v, ok := toGo(n)
	if !ok {
		d.conflict(p)
		return false
	}
	if p.typ.NumMethod() > 0 {
		d.mistyped(p, n, errors.New("an interface with methods needs a decode hook"), secret)
		return false
	}
	return assign(out, reflect.ValueOf(&v).Elem())
}

// expanded is n, or the node that a scalar spells when the type is none that
// takes a scalar: "a,b" or `["a","b"]` for a list, `{"a": 1}` for a map.
func (d *decoder) expanded(p *plan, n *tree.Node, secret bool) (*tree.Node, bool) {
	if !n.Kind().IsScalar() {
		return n, true
	}
	spelled, err := expand(p, n.Text())
	if err != nil {
		d.mistyped(p, n, err, secret)
		return nil, false
	}
	return spelled, true
}

// allUnknown carries over the unknown keys that are still there. Whether a key
// is known depends on the type alone, so the ones in parts that were skipped
// need not be found again.
func (d *decoder) allUnknown(before []tree.Path, root *tree.Node) []tree.Path {
	if len(before) == 0 && len(d.unknown) == 0 {
		return nil
	}
	all := d.unknown
	for _, p := range before {
		if root.Lookup(p) != nil {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, tree.Path.Compare)
	return slices.CompactFunc(all, tree.Path.Equal)
}

// TypeName is a type as problems show it: a struct without a name is "struct".
func TypeName(t reflect.Type) string {
	switch {
	case t.Name() != "":
		return t.Name()
	case t.Kind() == reflect.Struct:
		return "struct"
	}
	return t.String()
}
