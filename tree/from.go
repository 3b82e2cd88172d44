package tree

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"time"
	"unsafe"
)

// FromGo makes a tree of a Go value: nil, booleans, numbers, strings, times,
// durations, text marshalers, and slices and string-keyed maps of these. It has
// no places. A value of any other kind, and one that holds itself, is an error that
// names its path.
func FromGo(v any) (Tree, error) {
	c := converter{open: map[reference]bool{}}
	return c.fromGo(nil, reflect.ValueOf(v))
}

// converter makes a tree of a Go value.
type converter struct {
	Builder
	open map[reference]bool // the maps, lists and pointers that the value at hand is in
}

// reference is what a map, a slice or a pointer refers to.
type reference struct {
	to  unsafe.Pointer
	len int
	of  reflect.Type
}

func (b *converter) fromGo(p Path, v reflect.Value) (Tree, error) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice:
		r := reference{to: v.UnsafePointer(), of: v.Type()}
		if v.Kind() == reflect.Slice {
			r.len = v.Len()
		}
		if b.open[r] {
			return Tree{}, atPath(p, fmt.Errorf("a %s that holds itself is not a configuration value", v.Type()))
		}
		b.open[r] = true
		defer delete(b.open, r)
	}
	return b.convert(p, v)
}

func (b *converter) convert(p Path, v reflect.Value) (Tree, error) {
	var at Place
	if v.IsValid() && (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) && !v.IsNil() {
		_, marshals := v.Interface().(encoding.TextMarshaler)
		if _, ok := v.Interface().(*time.Time); !marshals || v.Kind() != reflect.Pointer || ok {
			return b.fromGo(p, v.Elem())
		}
	}
	if !v.IsValid() || (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) && v.IsNil() {
		return b.Null(at), nil
	}
	switch x := v.Interface().(type) {
	case time.Time:
		return b.Scalar(Time, x.Format(time.RFC3339Nano), at), nil
	case time.Duration:
		return b.Scalar(String, x.String(), at), nil
	case encoding.TextMarshaler:
		text, err := x.MarshalText()
		if err != nil {
			return Tree{}, atPath(p, err)
		}
		return b.Scalar(String, string(text), at), nil
	}
	switch v.Kind() {
	case reflect.String:
		return b.Scalar(String, v.String(), at), nil
	case reflect.Bool:
		return b.Scalar(Bool, strconv.FormatBool(v.Bool()), at), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return b.Scalar(Int, strconv.FormatInt(v.Int(), 10), at), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return b.Scalar(Int, strconv.FormatUint(v.Uint(), 10), at), nil
	case reflect.Float32, reflect.Float64:
		return b.Scalar(Float, strconv.FormatFloat(v.Float(), 'g', -1, v.Type().Bits()), at), nil
	case reflect.Slice, reflect.Array:
		return b.listFromGo(p, v)
	case reflect.Map:
		return b.mapFromGo(p, v)
	}
	return Tree{}, atPath(p, fmt.Errorf("a %s is not a configuration value", v.Type()))
}

func (b *converter) listFromGo(p Path, v reflect.Value) (Tree, error) {
	items := make([]Tree, v.Len())
	for i := range items {
		item, err := b.fromGo(p.Child(strconv.Itoa(i)), v.Index(i))
		if err != nil {
			return Tree{}, err
		}
		items[i] = item
	}
	return b.List(items, Place{}), nil
}

func (b *converter) mapFromGo(p Path, v reflect.Value) (Tree, error) {
	entries := make([]Entry, 0, v.Len())
	for it := v.MapRange(); it.Next(); {
		key := it.Key()
		if key.Kind() == reflect.Interface {
			key = key.Elem()
		}
		if key.Kind() != reflect.String {
			return Tree{}, atPath(p, fmt.Errorf("a map with a key of type %T is not a configuration value", it.Key().Interface()))
		}
		kid, err := b.fromGo(p.Child(key.String()), it.Value())
		if err != nil {
			return Tree{}, err
		}
		entries = append(entries, Entry{Key: key.String(), Tree: kid})
	}
	return b.Map(entries, Place{})
}

func atPath(p Path, err error) error {
	if len(p) == 0 {
		return err
	}
	return fmt.Errorf("%s: %w", p, err)
}
