// Package validate has the tags of github.com/go-playground/validator say what a
// configuration must be:
//
//	type App struct {
//		Pool struct {
//			Size int `validate:"min=1,max=64"`
//		}
//	}
//
//	confsync.Open(ctx, confsync.Options[App]{
//		Sources:  sources,
//		Validate: validate.Struct[App](nil),
//	})
//
// Each tag that fails is a problem of its own, at the key of its field, so that a
// rejection tells where the value came from. It is a module of its own: a program
// that doesn't use it doesn't require that validator.
package validate

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-playground/validator/v10"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/tree"
)

// Struct returns a function for Options.Validate that holds a value against its
// tags by v. A nil v is validator.New with required structs enabled. It panics
// for a type that is no struct, or that [confsync.Open] doesn't take.
func Struct[T any](v *validator.Validate) func(old, next *T) error {
	if v == nil {
		v = validator.New(validator.WithRequiredStructEnabled())
	}
	shape, err := confsync.ShapeOf[T]()
	if err != nil {
		panic(err)
	}
	of := reflect.TypeFor[T]()
	if of.Kind() != reflect.Struct {
		panic(fmt.Sprintf("validate: %v is not a struct", of))
	}
	return func(_, next *T) error {
		err := v.Struct(next)
		var failed validator.ValidationErrors
		if !errors.As(err, &failed) {
			return err
		}
		all := make([]error, len(failed))
		for i, f := range failed {
			below, _ := strings.CutPrefix(f.StructNamespace(), of.Name()+".") // a struct without a name has nothing before its fields
			all[i] = confsync.Invalid(complaint(f), keyOf(shape, reflect.ValueOf(next), below).String())
		}
		return errors.Join(all...)
	}
}

// complaint says which tag failed, and not the value, which may be a secret.
func complaint(f validator.FieldError) error {
	if f.Param() == "" {
		return fmt.Errorf("fails %q", f.Tag())
	}
	return fmt.Errorf("fails %q", f.Tag()+"="+f.Param())
}

// keyOf returns the path of keys for Go names, such as "Services[web].Port", of
// what stands in a value. What is not known of the type stays as it is.
func keyOf(shape *tree.Shape, in reflect.Value, names string) tree.Path {
	var path tree.Path
	for names = strings.TrimLeft(names, "."); names != ""; names = strings.TrimLeft(names, ".") {
		for in.Kind() == reflect.Pointer || in.Kind() == reflect.Interface {
			in = in.Elem()
		}
		if inside, ok := strings.CutPrefix(names, "["); ok {
			key, elem := elementOf(in, inside)
			path, in, names = append(path, key), elem, strings.TrimPrefix(inside[len(key):], "]")
			if shape != nil {
				shape = shape.Elem
			}
			continue
		}
		name := names
		if i := strings.IndexAny(names, ".["); i >= 0 {
			name = names[:i]
		}
		in, names = child(in, name), names[len(name):]
		if key, below, inlined := fieldOf(shape, name); !inlined { // an embedded struct's fields stand among their parent's
			path, shape = append(path, key), below
		}
	}
	return path
}

// elementOf returns the key that Go names have behind a bracket, and what it
// stands for. The key of a map may have brackets of its own.
func elementOf(in reflect.Value, inside string) (key string, elem reflect.Value) {
	key, _, _ = strings.Cut(inside, "]")
	switch in.Kind() {
	case reflect.Map:
		for k, v := range in.Seq2() {
			if name := fmt.Sprint(k); strings.HasPrefix(inside, name+"]") && (!elem.IsValid() || len(name) > len(key)) {
				key, elem = name, v
			}
		}
	case reflect.Slice, reflect.Array:
		if i, err := strconv.Atoi(key); err == nil && i >= 0 && i < in.Len() {
			elem = in.Index(i)
		}
	}
	return key, elem
}

// child returns the field of a struct, the zero Value if there is none.
func child(in reflect.Value, name string) reflect.Value {
	if in.Kind() == reflect.Struct {
		if f, ok := in.Type().FieldByName(name); ok && len(f.Index) == 1 {
			return in.Field(f.Index[0])
		}
	}
	return reflect.Value{}
}

// fieldOf returns the key and the shape of a Go field. A field that no key is for
// holds others that stand among their parent's.
func fieldOf(shape *tree.Shape, name string) (key string, below *tree.Shape, inlined bool) {
	if shape == nil {
		return name, nil, false
	}
	for _, f := range shape.Fields {
		if f.Go.Name == name && f.AliasOf == "" {
			return f.Key, f.Shape, false
		}
	}
	return "", shape, true
}
