package binder

import (
	"fmt"
	"reflect"
)

// hookFunc is the one of the forms of a hook that the others are turned to.
type hookFunc = func(from, to reflect.Value) (any, error)

// hookFuncs returns hooks in one form. mapstructure isn't imported for it: that
// would link package net, and with cgo the C library, into every program.
func hookFuncs(hooks []any) (funcs []hookFunc, err error) {
	for i, h := range hooks {
		f := hookFuncOf(reflect.ValueOf(h))
		if f == nil {
			return nil, fmt.Errorf("decode hook %d: a %T is not a function that mapstructure takes", i, h)
		}
		funcs = append(funcs, f)
	}
	return funcs, nil
}

func hookFuncOf(h reflect.Value) hookFunc {
	if h.Kind() != reflect.Func || h.IsNil() {
		return nil
	}
	if f, ok := as[hookFunc](h); ok {
		return f
	}
	if f, ok := as[func(from, to reflect.Type, data any) (any, error)](h); ok {
		return func(from, to reflect.Value) (any, error) { return f(from.Type(), to.Type(), from.Interface()) }
	}
	if f, ok := as[func(from, to reflect.Kind, data any) (any, error)](h); ok {
		return func(from, to reflect.Value) (any, error) { return f(from.Kind(), to.Kind(), from.Interface()) }
	}
	return nil
}

// as returns a function as one of a type that has no name.
func as[F any](h reflect.Value) (f F, ok bool) {
	if t := reflect.TypeFor[F](); h.CanConvert(t) {
		return h.Convert(t).Interface().(F), true
	}
	return f, false
}

// hook asks the user's hooks about a node. It reports false in done where they
// leave it as it is, or make of it what isn't the type yet: that fills the slot
// as a source's value would, and replaces the node.
func (d *decoder) hook(s *slot) (done, changed bool) {
	in, ok := toGo(s.n)
	if !ok {
		d.conflict(s.plan)
		return true, false
	}
	made, err := d.askHooks(in, s.plan.typ)
	switch {
	case err != nil:
		d.mistyped(s, err)
		return true, false
	case reflect.DeepEqual(made, in):
		return false, false
	}
	if v, ok := fit(reflect.ValueOf(made), s.plan.typ); ok {
		s.out.Set(v)
		s.unknown = nil
		return true, s.differs()
	}
	t, err := ToTree(made)
	if err != nil {
		d.mistyped(s, fmt.Errorf("a hook made a %T of it", made))
		return true, false
	}
	s.forget()
	s.n, s.hooked = t.Root(), true
	return false, false
}

// askHooks has each hook make something of what the one before made.
func (d *decoder) askHooks(in any, to reflect.Type) (made any, err error) {
	defer contain(&err, "decoder")
	from, target := reflect.ValueOf(in), reflect.New(to).Elem()
	made = in
	for _, hook := range d.hooks {
		if made, err = hook(from, target); err != nil {
			return nil, err
		}
		if v, ok := made.(reflect.Value); ok {
			made = v.Interface()
		}
		from = reflect.ValueOf(made)
	}
	return made, nil
}

// fit returns a value as one of a type, if it is one: itself, what it points
// to, or a pointer to it.
func fit(v reflect.Value, t reflect.Type) (reflect.Value, bool) {
	switch {
	case !v.IsValid():
	case v.Type().AssignableTo(t):
		return v, true
	case v.Kind() == reflect.Pointer && !v.IsNil() && v.Type().Elem().AssignableTo(t):
		return v.Elem(), true
	case t.Kind() == reflect.Pointer && v.Type().AssignableTo(t.Elem()):
		p := reflect.New(t.Elem())
		p.Elem().Set(v)
		return p, true
	}
	return v, false
}

// contain makes an error of a panic in code of the user's. It says only the
// type of what that panicked with, which may be the value.
func contain(err *error, what string) {
	if v := recover(); v != nil {
		*err = fmt.Errorf("its %s panicked with a %T", what, v)
	}
}
