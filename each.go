package confsync

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"sync/atomic"

	"github.com/confsync/confsync/binder"
)

// Entry is a change of one entry of a map.
type Entry[K comparable, V any] struct {
	Key        K
	Old, New   *V     // copies; Old is nil for one that came, New for one that went
	Generation uint64 // that New is of, or that lacks it
}

// Each calls fn for every entry of the map that pick returns: for those present,
// before it returns itself, and from then on for each that has come, changed or
// gone, compared as [Watch] compares. It is for a live map of members, as service
// discovery keeps one.
//
// Calls are made as by [Watch]: they come one at a time, and while one runs
// later changes are gathered, so that each entry is reported once with the
// newest value. The entries of one change come in the order of their keys.
func Each[T any, K comparable, V any](v View[T], pick func(*T) map[K]V, fn func(Entry[K, V])) (cancel func()) {
	var over atomic.Bool
	h := hubOf(v)
	tell := func(old, next map[K]V, of *generation) {
		tellEach(h, entries(old, next, of), func(e Entry[K, V]) {
			if !over.Load() {
				fn(e)
			}
		})
	}
	stop := observe(v, pick, oneMap[K, V],
		func(present map[K]V, of *generation) { tell(nil, present, of) },
		func(c Change[map[K]V], of *generation) { tell(c.Old, c.New, of) })
	return func() {
		over.Store(true)
		stop()
	}
}

// oneMap reports whether two maps are the same one.
func oneMap[K comparable, V any](a, b map[K]V) bool {
	return reflect.ValueOf(a).UnsafePointer() == reflect.ValueOf(b).UnsafePointer()
}

// entries returns what differs between two maps, by key.
func entries[K comparable, V any](old, next map[K]V, of *generation) []Entry[K, V] {
	var all []Entry[K, V]
	see := func(key K) {
		e := Entry[K, V]{Key: key, Generation: of.number}
		if was, ok := old[key]; ok {
			e.Old = &was
		}
		if is, ok := next[key]; ok {
			e.New = &is
		}
		if !equalPointed(e.Old, e.New) {
			all = append(all, e)
		}
	}
	if keys, ok := touched(old, next, of); ok {
		for _, key := range keys {
			see(key.Interface().(K))
		}
	} else {
		for key := range old {
			see(key)
		}
		for key := range next {
			if _, ok := old[key]; !ok {
				see(key)
			}
		}
	}
	slices.SortFunc(all, func(a, b Entry[K, V]) int { return compareKeys(a.Key, b.Key) })
	return all
}

// touched returns the keys in which two maps of neighbouring generations differ
// at most, if that is known without looking at them all.
func touched[K comparable, V any](old, next map[K]V, of *generation) ([]reflect.Value, bool) {
	i := slices.IndexFunc(of.maps, func(m binder.MapChange) bool {
		return m.New.UnsafePointer() == reflect.ValueOf(next).UnsafePointer() &&
			m.Old.UnsafePointer() == reflect.ValueOf(old).UnsafePointer() && m.New.Type() == reflect.TypeFor[map[K]V]()
	})
	if i < 0 {
		return nil, false
	}
	return of.maps[i].Keys, true
}

func compareKeys[K comparable](a, b K) int {
	v, w := reflect.ValueOf(a), reflect.ValueOf(b)
	switch {
	case v.Kind() != w.Kind():
	case v.Kind() == reflect.String:
		return cmp.Compare(v.String(), w.String())
	case v.CanInt():
		return cmp.Compare(v.Int(), w.Int())
	case v.CanUint():
		return cmp.Compare(v.Uint(), w.Uint())
	case v.CanFloat():
		return cmp.Compare(v.Float(), w.Float())
	}
	return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b))
}
