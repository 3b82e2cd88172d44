package binder

import (
	"encoding"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"reflect"
	"time"
	"unsafe"

	"github.com/confsync/confsync/tree"
)

// ToTree returns a Go value as a tree, structs by the tags that name their keys
// for [Binder.Bind]. It is what fills an equal value of the type. Fields that
// are not bound are left out, and so are nil pointers, maps, slices and
// interfaces. The error names the path of a value that can't be part of a
// configuration, such as one that holds itself; a method that panics is one too.
func ToTree(v any) (_ tree.Tree, err error) {
	defer contain(&err, "method")
	e := encoder{}
	plain, _ := e.toPlain(reflect.ValueOf(v), true)
	return tree.FromGo(plain)
}

// encoder makes plain values of a Go value. It holds the pointers, maps and slices
// that the value at hand is in.
type encoder map[reference]bool

type reference struct {
	to  unsafe.Pointer
	len int
	of  reflect.Type
}

// holdsItself stands for a value that holds itself, which tree.FromGo then refuses at
// its path.
type holdsItself struct{ of reflect.Type }

func (s holdsItself) MarshalText() ([]byte, error) {
	return nil, fmt.Errorf("a %s that holds itself is not a configuration value", s.of)
}

// toPlain returns a value with its structs as maps, and reports whether it is
// there.
func (e encoder) toPlain(v reflect.Value, top bool) (any, bool) {
	if !v.IsValid() {
		return nil, top
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice:
		r := reference{to: v.UnsafePointer(), of: v.Type()}
		if v.Kind() == reflect.Slice {
			r.len = v.Len()
		}
		if e[r] && !v.IsNil() {
			return holdsItself{v.Type()}, true
		}
		e[r] = true
		defer delete(e, r)
	}
	if plain, ok := written(v); ok {
		return plain, true
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil, top
		}
		if n, ok := v.Interface().(*tree.Node); ok {
			plain, _ := toGo(n)
			return plain, true
		}
		return e.toPlain(v.Elem(), top)
	case reflect.Struct:
		m := map[string]any{}
		e.structToPlain(v, m)
		return m, true
	case reflect.Map:
		return e.mapToPlain(v, top)
	case reflect.Slice, reflect.Array:
		return e.listToPlain(v, top)
	}
	return v.Interface(), true
}

// written returns a value that is written as one text, or as JSON by itself. A
// secret is written as it is.
func written(v reflect.Value) (any, bool) {
	if v.Kind() == reflect.Interface || v.Kind() == reflect.Pointer && v.IsNil() {
		return nil, false
	}
	if v.Kind() != reflect.Pointer { // its methods may be those of a pointer to it
		p := reflect.New(v.Type())
		p.Elem().Set(v)
		v = p
	}
	if x, ok := v.Interface().(interface{ Reveal() string }); ok && (v.Type().Elem().Kind() != reflect.Struct || v.Type().Implements(textUnmarshaler)) {
		return x.Reveal(), true
	}
	switch x := v.Interface().(type) {
	case *time.Time, *time.Duration, encoding.TextMarshaler:
		return x, true
	case *url.URL:
		return x.String(), true
	case *net.HardwareAddr:
		return x.String(), true
	case json.Marshaler:
		if spelled, err := x.MarshalJSON(); err == nil {
			if n, err := readJSON(string(spelled)); err == nil {
				return toGo(n)
			}
		}
	}
	return nil, false
}

func (e encoder) structToPlain(v reflect.Value, m map[string]any) {
	t := v.Type()
	for i := range t.NumField() {
		tag, bound, _ := parseTag(t.Field(i))
		if !bound {
			continue
		}
		f := v.Field(i)
		for tag.inline && f.Kind() == reflect.Pointer && !f.IsNil() {
			f = f.Elem()
		}
		switch {
		case tag.inline && f.Kind() == reflect.Struct:
			e.structToPlain(f, m)
		case tag.remain && f.Kind() == reflect.Map:
			for it := f.MapRange(); it.Next(); {
				if plain, ok := e.toPlain(it.Value(), false); ok {
					m[it.Key().String()] = plain
				}
			}
		case tag.inline:
		default:
			if plain, ok := e.toPlain(f, false); ok {
				m[tag.key] = plain
			}
		}
	}
}

func (e encoder) mapToPlain(v reflect.Value, top bool) (any, bool) {
	if v.IsNil() {
		return nil, top
	}
	m := map[string]any{}
	for it := v.MapRange(); it.Next(); {
		plain, _ := e.toPlain(it.Value(), true)
		m[keyText(it.Key())] = plain
	}
	return m, true
}

func (e encoder) listToPlain(v reflect.Value, top bool) (any, bool) {
	switch {
	case v.Kind() == reflect.Slice && v.IsNil():
		return nil, top
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8:
		return string(v.Bytes()), true
	}
	list := make([]any, v.Len())
	for i := range list {
		list[i], _ = e.toPlain(v.Index(i), true)
	}
	return list, true
}

// keyText returns a map's key as it is written.
func keyText(k reflect.Value) string {
	for k.Kind() == reflect.Interface && !k.IsNil() {
		k = k.Elem()
	}
	t, err := tree.FromGo(k.Interface())
	if err != nil {
		return fmt.Sprint(k.Interface())
	}
	return t.Root().Text()
}
