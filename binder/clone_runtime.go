//go:build gc && !go1.28

package binder

import (
	"reflect"
	_ "unsafe" // for go:linkname
)

// cloneMap asks the runtime, as [maps.Clone] does. That copies the map's tables
// rather than inserting its entries one by one, and is what an update below a
// large Go map spends most of its time on. maps.Clone itself needs the type at
// compile time. The symbol is one that the runtime of the gc compiler offers to
// package maps. It is used with the versions of Go it was seen to work with, 1.25
// to 1.27, and no others.
func cloneMap(m reflect.Value) reflect.Value { return reflect.ValueOf(runtimeClone(m.Interface())) }

//go:linkname runtimeClone maps.clone
func runtimeClone(m any) any
