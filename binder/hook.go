package binder

import (
	"reflect"

	"github.com/go-viper/mapstructure/v2"

	"github.com/confsync/confsync/tree"
)

// hooked is a decoder that asks the user's hooks first. What they leave as it
// is goes to the type's own decoder, or to mapstructure where it has none.
func (d *decoder) hooked(p *plan) decodeFunc {
	return func(n *tree.Node, out reflect.Value) (bool, error) {
		in, ok := toGo(n)
		if !ok {
			return false, errMistyped
		}
		fresh := reflect.New(p.typ)
		if len(d.hooks) > 0 {
			hook := mapstructure.ComposeDecodeHookFunc(d.hooks...)
			made, err := mapstructure.DecodeHookExec(hook, reflect.ValueOf(&in).Elem().Elem(), fresh.Elem())
			if err != nil {
				return false, err
			}
			if p.decode != nil && reflect.DeepEqual(made, in) {
				return p.decode(n, out)
			}
			in = made
		}
		m, err := mapstructure.NewDecoder(&mapstructure.DecoderConfig{
			Result:     fresh.Interface(),
			DecodeHook: mapstructure.ComposeDecodeHookFunc(mapstructure.StringToURLHookFunc(), bytesHook),
		})
		if err != nil {
			return false, err
		}
		if err := m.Decode(in); err != nil {
			return false, errMistyped // mapstructure's own words quote the value
		}
		return assign(out, fresh.Elem()), nil
	}
}

// bytesHook gives a []byte the bytes of the text.
func bytesHook(from, to reflect.Type, v any) (any, error) {
	if from.Kind() == reflect.String && to == bytesType {
		return []byte(v.(string)), nil
	}
	return v, nil
}
