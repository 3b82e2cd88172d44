package binder

import (
	"fmt"
	"reflect"

	"github.com/go-viper/mapstructure/v2"

	"github.com/confsync/confsync/tree"
)

// hooked is a decoder that asks the user's hooks first. What they leave as it
// is goes to the type's own decoder; what they make, through mapstructure.
func (d *decoder) hooked(p *plan) decodeFunc {
	return func(n *tree.Node, out reflect.Value) (changed bool, err error) {
		defer contain(&err)
		in, ok := toGo(n)
		if !ok {
			return false, errMistyped
		}
		fresh := reflect.New(p.typ)
		hook := mapstructure.ComposeDecodeHookFunc(d.hooks...)
		made, err := mapstructure.DecodeHookExec(hook, reflect.ValueOf(&in).Elem().Elem(), fresh.Elem())
		if err != nil {
			return false, err
		}
		untouched := reflect.DeepEqual(made, in)
		switch {
		case untouched && p.decode != nil:
			return p.decode(n, out)
		case untouched && p.shape >= pointer:
			return false, errMistyped
		}
		if err := mapstructure.Decode(made, fresh.Interface()); err != nil {
			return false, errMistyped // mapstructure's own words quote the value
		}
		return assign(out, fresh.Elem()), nil
	}
}

// contain makes an error of a panic in code of the user's. It says only the
// type of what that panicked with, which may be the value.
func contain(err *error) {
	if v := recover(); v != nil {
		*err = fmt.Errorf("its decoder panicked with a %T", v)
	}
}
