package binder

import (
	"reflect"

	"github.com/go-viper/mapstructure/v2"

	"github.com/confsync/confsync/tree"
)

// Binder fills values of one type. Canonical and Bind are for one goroutine at
// a time; the other methods may be called from any.
type Binder struct {
	*compiled
	hooks  []mapstructure.DecodeHookFunc
	keySet *keySets
}

// New compiles a type, which is best a struct. Its error tells everything
// about the type that can't be configured: fields of impossible types, two
// fields with one name, options a tag can't have, a default tag that doesn't
// fit. Hooks are tried in order before a scalar is decoded, and on any interface
// that has methods.
func New(t reflect.Type, hooks ...mapstructure.DecodeHookFunc) (*Binder, error) {
	c, err := compiledOf(t, hooks)
	if err != nil {
		return nil, err
	}
	return &Binder{compiled: c, hooks: hooks, keySet: newKeySets(c.structs)}, nil
}

// Bound is a filled value and what it was filled from. The zero Bound is
// nothing yet.
type Bound struct {
	Root  *tree.Node
	Value reflect.Value // a pointer to the type; never written to again

	// Maps are the Go maps that this Bind changed element by element.
	Maps []MapChange

	// Unknown has a null at the path of each key that no field takes, and is nil
	// when there is none. It is the very node of before while the keys are the same.
	Unknown *tree.Node
}

// MapChange is a Go map of a value and what became of it: the two differ in the
// elements with these keys, which came, changed or went, and in no others.
type MapChange struct {
	Old, New reflect.Value
	Keys     []reflect.Value
}

// Bind fills a value from the merged tree. When nothing that the type takes
// has changed the Value is the very pointer of prev. With problems it is prev
// that is returned, but for Unknown, which tells of the new tree.
func (b *Binder) Bind(prev Bound, root *tree.Node) (Bound, tree.ProblemList) {
	d := &decoder{Binder: b, path: make([]step, 0, 8)}
	value := reflect.New(b.root.typ)
	s := slot{plan: b.root, prev: prev.Root, n: root, out: value.Elem(), unknown: prev.Unknown}
	if prev.Value.IsValid() {
		s.old = prev.Value.Elem()
	}
	changed := d.bind(&s)
	if d.problems.Len() > 0 {
		prev.Unknown = s.unknown
		return prev, d.problems
	}
	if !changed && prev.Value.IsValid() {
		value = prev.Value
	}
	return Bound{Root: root, Value: value, Maps: d.maps, Unknown: s.unknown}, tree.ProblemList{}
}

// TypeName returns a type as problems show it: a struct without a name is "struct".
func TypeName(t reflect.Type) string {
	switch {
	case t.Name() != "":
		return t.Name()
	case t.Kind() == reflect.Struct:
		return "struct"
	}
	return t.String()
}
