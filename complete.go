package confsync

import (
	"reflect"

	"github.com/confsync/confsync/binder"
	"github.com/confsync/confsync/merge"
	"github.com/confsync/confsync/tree"
)

// completer is the code that fills in what follows from other values.
type completer struct {
	bounded
	option func(value any) error // nil: none
}

// complete completes a candidate, on a value of its own that is filled from
// scratch: what was filled before, which the next one shares, is never written
// to.
func (r *reducer) complete(c *candidate) {
	if r.completer.option == nil {
		return
	}
	r.filling = true
	own, problems := r.types.root.Bind(binder.Bound{}, c.provenance.merged)
	r.filling = false
	if problems.Len() > 0 {
		c.wrong.Join(problems) // a hook has changed its mind
		return
	}
	value := own.Value.Interface()
	if err := r.completer.call(func() error { return r.completer.option(value) }, nil); err != nil {
		c.refuse(nil, err)
		return
	}
	c.value = value
	c.provenance = c.provenance.under(completed(c.filled(), value))
}

const completedLayer = "completed"

// completed returns the layer of what Complete has changed, nil when that is
// nothing.
func completed(filled, value any) *layerState {
	before, _ := binder.ToTree(filled)
	after, err := binder.ToTree(value)
	if err != nil {
		return nil // a value that no layer could hold
	}
	changed := without(after.Root(), before.Root())
	if changed == nil {
		return nil
	}
	return &layerState{name: completedLayer, root: changed, raw: tree.Of(changed).Located(func(tree.Path, tree.Place) tree.Origin {
		return tree.Origin{Kind: completedLayer}
	})}
}

// under returns a provenance with what completes it on top.
func (g *provenance) under(over *layerState) *provenance {
	if over == nil {
		return g
	}
	full := *g
	full.over = over
	full.layers = append(g.layers[:len(g.layers):len(g.layers)], *over)
	full.root = merge.Merge(merge.Result{}, []*tree.Node{g.merged, over.root}).Root()
	return &full
}

// without returns n without the values that base has too, nil when none is left.
func without(n, base *tree.Node) *tree.Node {
	if n == nil || n.Equal(base) {
		return nil
	}
	if n.Kind() != tree.Map || base.Kind() != tree.Map {
		return n
	}
	var keys []string
	var kids []*tree.Node
	for i, key := range n.Keys() {
		if kid := without(n.At(i), base.Child(key)); kid != nil {
			keys, kids = append(keys, key), append(kids, kid)
		}
	}
	if keys == nil {
		return nil
	}
	return tree.NewMap(keys, kids, nil)
}

// wrote returns the name of an exported field that differs between two values of
// a struct, one of which began as a copy of the other. It looks at what the
// struct itself holds, not at what that points to.
func wrote(before, after reflect.Value) (field string, ok bool) {
	switch before.Kind() {
	case reflect.Struct:
		for i := range before.NumField() {
			f := before.Type().Field(i)
			if !f.IsExported() {
				continue
			}
			if below, ok := wrote(before.Field(i), after.Field(i)); ok {
				if below == "" {
					return f.Name, true
				}
				return f.Name + "." + below, true
			}
		}
		return "", false
	case reflect.Slice:
		return "", before.Len() != after.Len() || before.UnsafePointer() != after.UnsafePointer()
	case reflect.Map:
		return "", before.UnsafePointer() != after.UnsafePointer()
	case reflect.Array:
		for i := range before.Len() {
			if _, ok := wrote(before.Index(i), after.Index(i)); ok {
				return "", true
			}
		}
		return "", false
	case reflect.Func:
		return "", before.IsNil() != after.IsNil()
	case reflect.Interface:
		return "", before.IsNil() != after.IsNil() || !before.IsNil() && before.Elem().Type() != after.Elem().Type()
	}
	return "", !before.Equal(after)
}
