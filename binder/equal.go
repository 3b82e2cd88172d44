package binder

import "reflect"

// Same reports whether two values of one type are the same configuration: by
// their type's Equal method where it has one, else by == where the type allows
// it, else deeply.
func Same(a, b reflect.Value) bool {
	t := a.Type()
	if m, ok := t.MethodByName("Equal"); ok && isEqualMethod(m.Type, t) && !nilReceiver(a) && !nilReceiver(b) {
		return a.Method(m.Index).Call([]reflect.Value{b})[0].Bool()
	}
	if t.Comparable() && a.Comparable() && b.Comparable() && t.Kind() != reflect.Pointer && a.Equal(b) {
		return true
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}

// isEqualMethod reports whether a method is func (t T) Equal(T) bool.
func isEqualMethod(m, t reflect.Type) bool {
	return m.NumIn() == 2 && m.In(1) == t && m.NumOut() == 1 && m.Out(0).Kind() == reflect.Bool
}

func nilReceiver(v reflect.Value) bool {
	return (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) && v.IsNil()
}
