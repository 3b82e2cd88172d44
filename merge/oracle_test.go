package merge_test

import (
	"maps"
	"slices"
	"strconv"

	"github.com/confsync/confsync/tree"
)

// The oracle merges plain Go values, two layers at a time, as the package
// comment says it. A value is nil (absent), a leaf, a []any or an object.

type leaf struct {
	kind tree.Kind
	text string
}

type object struct {
	own  leaf // the zero leaf: none
	kids map[string]any
}

func plain(n *tree.Node) any {
	switch n.Kind() {
	case tree.Absent:
		return nil
	case tree.List:
		list := make([]any, n.Len())
		for i := range list {
			list[i] = plain(n.At(i))
		}
		return list
	case tree.Map:
		o := object{kids: make(map[string]any)}
		if own := n.Own(); own != nil {
			o.own = leaf{own.Kind(), own.Text()}
		}
		for _, key := range n.Keys() {
			o.kids[key] = plain(n.Child(key))
		}
		return o
	}
	return leaf{n.Kind(), n.Text()}
}

func oracle(layers []*tree.Node) any {
	var result any
	for _, n := range layers {
		result = over(result, plain(n))
	}
	return result
}

func over(low, high any) any {
	if high == nil {
		return low
	}
	top, ok := high.(object)
	if !ok {
		return high
	}
	switch low := low.(type) {
	case object:
		return join(low, top)
	case []any:
		if isIndexed(top) {
			return patch(low, top)
		}
	}
	return high
}

func join(low, high object) object {
	out := object{own: low.own, kids: maps.Clone(low.kids)}
	if high.own != (leaf{}) {
		out.own = high.own
	}
	for key, kid := range high.kids {
		out.kids[key] = over(low.kids[key], kid)
	}
	return out
}

func isIndexed(o object) bool {
	for key := range o.kids {
		if i, err := strconv.Atoi(key); err != nil || strconv.Itoa(i) != key || i < 0 {
			return false
		}
	}
	return o.own == leaf{}
}

func patch(low []any, by object) any {
	all := object{kids: make(map[string]any)}
	for i, element := range low {
		all.kids[strconv.Itoa(i)] = element
	}
	all = join(all, by)
	list := slices.Clone(low)
	for i := range len(all.kids) {
		kid, ok := all.kids[strconv.Itoa(i)]
		if !ok {
			return all
		}
		list = append(list[:i], kid)
	}
	return list
}
