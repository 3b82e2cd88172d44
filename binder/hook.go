package binder

import (
	"fmt"
	"reflect"

	"github.com/go-viper/mapstructure/v2"
)

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

func (d *decoder) askHooks(in any, to reflect.Type) (made any, err error) {
	defer contain(&err, "decoder")
	hook := mapstructure.ComposeDecodeHookFunc(d.hooks...)
	return mapstructure.DecodeHookExec(hook, reflect.ValueOf(&in).Elem().Elem(), reflect.New(to).Elem())
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
