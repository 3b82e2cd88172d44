package binder

import "reflect"

// isSecret reports whether a type hides its value.
func isSecret(t reflect.Type) bool {
	return t.Implements(revealer) || reflect.PointerTo(t).Implements(revealer)
}

// holdsSecret reports whether a value of a type that reads its text itself has a
// secret in it, anywhere: also in fields that only the type can fill.
func holdsSecret(t reflect.Type, seen map[reflect.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	if isSecret(t) {
		return true
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return holdsSecret(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			if tag, _, _ := parseTag(f); tag.secret || holdsSecret(f.Type, seen) {
				return true
			}
		}
	}
	return false
}

// isMovable reports whether values of a type can be copied while others use
// them. What has fields of its own that nobody else sees may be writing to them,
// as a cache does; the standard library's times and addresses don't.
func isMovable(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Array:
		return isMovable(t.Elem())
	case reflect.Struct:
		if t == timeType || t.PkgPath() == "net/netip" {
			return true
		}
		for i := range t.NumField() {
			if f := t.Field(i); !f.IsExported() || !isMovable(f.Type) {
				return false
			}
		}
	}
	return true
}
