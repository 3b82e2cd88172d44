package binder

import "reflect"

// Equal reports whether two values of one type are equal: by their type's Equal
// method where it has one, else by == where the type allows it, else deeply. It
// decides which subscribers are called. What is stored is decided without it,
// since an Equal method may be coarser than what a value shows.
func Equal(a, b reflect.Value) bool {
	if !nilReceiver(a) && !nilReceiver(b) {
		if equal := a.MethodByName("Equal"); equal.IsValid() && isEqual(equal.Type(), a.Type()) {
			return equal.Call([]reflect.Value{b})[0].Bool()
		}
	}
	return identical(a, b)
}

// identical reports whether two values are equal by == or deeply.
func identical(a, b reflect.Value) bool {
	if k := a.Kind(); k <= reflect.Complex128 && k != reflect.Invalid || k == reflect.String {
		return a.Equal(b) || a.CanFloat() && a.Float() != a.Float() && b.Float() != b.Float()
	}
	if a.Comparable() && b.Comparable() && a.Kind() != reflect.Pointer && a.Equal(b) {
		return true
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}

// isEqual reports whether a method of a t is func(t) bool.
func isEqual(method, t reflect.Type) bool {
	return method.NumIn() == 1 && method.In(0) == t && method.NumOut() == 1 && method.Out(0).Kind() == reflect.Bool
}

func nilReceiver(v reflect.Value) bool {
	return (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) && v.IsNil()
}
