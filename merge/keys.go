package merge

import (
	"slices"
	"strconv"

	"github.com/confsync/confsync/tree"
)

// allKeys returns the sorted keys of all present nodes of the row.
func (r row) allKeys() []string {
	var keys []string
	for _, n := range r.in {
		keys = union(keys, keysOf(n))
	}
	return keys
}

// eachChanged calls visit for every key whose child differs in any layer, in
// order.
func (r row) eachChanged(visit func(key string)) {
	changed := -1 // the one layer that has changed
	for i, n := range r.in {
		switch {
		case r.was[i] == n:
		case changed >= 0 || isList(r.was[i]) || isList(n):
			for _, key := range r.changedKeys() {
				visit(key)
			}
			return
		default:
			changed = i
		}
	}
	if changed >= 0 {
		tree.Changes(r.was[changed], r.in[changed], func(key string, _, _ *tree.Node) { visit(key) })
	}
}

func isList(n *tree.Node) bool { return n.Kind() == tree.List }

// changedKeys returns the sorted keys whose child differs in any layer.
func (r row) changedKeys() []string {
	var keys []string
	for i, n := range r.in {
		if r.was[i] != n {
			keys = union(keys, changedIn(r.was[i], n))
		}
	}
	return keys
}

// keysOf returns the sorted keys of a map, or the indexes of a list sorted as
// keys.
func keysOf(n *tree.Node) []string {
	if !isList(n) {
		return n.Keys()
	}
	keys := make([]string, n.Len())
	for i := range keys {
		keys[i] = strconv.Itoa(i)
	}
	slices.Sort(keys)
	return keys
}

// changedIn returns the sorted keys whose child differs between two nodes.
func changedIn(was, n *tree.Node) []string {
	if isList(was) || isList(n) {
		same := func(key string) bool { return was.Child(key) == n.Child(key) }
		return slices.DeleteFunc(slices.Clone(union(keysOf(was), keysOf(n))), same)
	}
	var changed []string
	tree.Changes(was, n, func(key string, _, _ *tree.Node) { changed = append(changed, key) })
	return changed
}

// union returns the sorted union of two sorted sets, and a itself when b adds
// nothing to it: maps with the same keys then share them.
func union(a, b []string) []string {
	if len(a) == 0 {
		return b
	}
	if added := countAdded(a, b); added == 0 {
		return a
	} else if added == len(b)-len(a) {
		return b // it has all of a
	}
	out := make([]string, 0, len(a)+len(b))
	i := 0
	for _, key := range b {
		for i < len(a) && a[i] < key {
			out = append(out, a[i])
			i++
		}
		if i < len(a) && a[i] == key {
			i++
		}
		out = append(out, key)
	}
	return append(out, a[i:]...)
}

// countAdded returns how many of b are not in a.
func countAdded(a, b []string) int {
	if len(a) == len(b) && &a[0] == &b[0] {
		return 0
	}
	added, i := 0, 0
	for _, key := range b {
		for i < len(a) && a[i] != key && a[i] < key {
			i++
		}
		if i == len(a) || a[i] != key {
			added++
		}
	}
	return added
}
