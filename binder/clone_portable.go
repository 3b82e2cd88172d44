//go:build !go1.26 || go1.27

package binder

import "reflect"

func cloneMap(m reflect.Value) reflect.Value { return cloneByHand(m) }
