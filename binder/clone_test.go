package binder

import (
	"fmt"
	"reflect"
	"testing"
)

func TestCloneMap(t *testing.T) {
	type named map[string][2]int
	for _, n := range []int{0, 1, 8, 9, 1000} {
		m := named{}
		for i := range n {
			m[fmt.Sprint(i)] = [2]int{i, -i}
		}
		for name, clone := range map[string]func(reflect.Value) reflect.Value{"chosen": cloneMap, "by hand": cloneByHand} {
			got, ok := clone(reflect.ValueOf(m)).Interface().(named)
			if !ok || !reflect.DeepEqual(got, m) {
				t.Fatalf("%s of %d entries: %v", name, n, got)
			}
			got["new"] = [2]int{1, 1}
			if _, leaked := m["new"]; leaked {
				t.Errorf("%s of %d entries is the map itself", name, n)
			}
		}
	}
}
