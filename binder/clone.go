package binder

import "reflect"

// cloneByHand returns a copy of a Go map of any type.
func cloneByHand(m reflect.Value) reflect.Value {
	out := reflect.MakeMapWithSize(m.Type(), m.Len()+1)
	key, elem := reflect.New(m.Type().Key()).Elem(), reflect.New(m.Type().Elem()).Elem()
	for it := m.MapRange(); it.Next(); {
		key.SetIterKey(it)
		elem.SetIterValue(it)
		out.SetMapIndex(key, elem)
	}
	return out
}
