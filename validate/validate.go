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
	"regexp"
	"strings"

	"github.com/go-playground/validator/v10"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/tree"
)

// Struct returns a function for Options.Validate that holds a value against its
// tags by v. A nil v is validator.New with required structs enabled. It panics
// for a type that [confsync.Open] doesn't take.
func Struct[T any](v *validator.Validate) func(old, next *T) error {
	if v == nil {
		v = validator.New(validator.WithRequiredStructEnabled())
	}
	shape, err := confsync.ShapeOf[T]()
	if err != nil {
		panic(err)
	}
	return func(_, next *T) error {
		err := v.Struct(next)
		var failed validator.ValidationErrors
		if !errors.As(err, &failed) {
			return err
		}
		all := make([]error, len(failed))
		for i, f := range failed {
			all[i] = confsync.Invalid(complaint(f), keyOf(shape, f.StructNamespace()).String())
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

var step = regexp.MustCompile(`\[([^\]]*)\]|[^.\[]+`)

// keyOf returns the path of keys for a namespace of Go names, such as
// "App.Services[web].Port". What is not known of the type stays as it is.
func keyOf(shape *tree.Shape, namespace string) tree.Path {
	_, fields, _ := strings.Cut(namespace, ".")
	var path tree.Path
	for _, m := range step.FindAllStringSubmatch(fields, -1) {
		if inBrackets := strings.HasPrefix(m[0], "["); inBrackets {
			path = append(path, m[1])
			if shape != nil {
				shape = shape.Elem
			}
			continue
		}
		key, below, inlined := fieldOf(shape, m[0])
		if inlined {
			continue // an embedded struct's fields stand among its parent's
		}
		path, shape = append(path, key), below
	}
	return path
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
