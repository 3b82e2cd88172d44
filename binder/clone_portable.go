//go:build !gc || go1.28

package binder

import "reflect"

func cloneMap(m reflect.Value) reflect.Value { return cloneByHand(m) }
