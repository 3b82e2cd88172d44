package binder

import (
	"cmp"
	"slices"

	"github.com/confsync/confsync/tree"
)

// keySets remembers what the keys of a node mean to a struct. Maps of one kind
// share their keys, so that is found once and serves them all.
type keySets struct {
	all  map[keySet]*meaning
	last []lastSeen // for each plan of a struct, by its number
}

// lastSeen is the key set that a struct was asked about last.
type lastSeen struct {
	first *string
	size  int
	*meaning
}

func newKeySets(structs int) *keySets {
	return &keySets{all: map[keySet]*meaning{}, last: make([]lastSeen, structs)}
}

// keySet is a set of keys, known by the slice it is, and the struct it fills.
type keySet struct {
	plan  *plan
	first *string
	size  int
}

// meaning has what was asked for so far.
type meaning struct {
	layout   *layout
	renaming *renaming
}

const maxKeySets = 4096 // remembered; past that they are made anew

func (m *keySets) of(p *plan, keys []string) *meaning {
	last := &m.last[p.number]
	if last.first == &keys[0] && last.size == len(keys) {
		return last.meaning
	}
	set := keySet{p, &keys[0], len(keys)}
	found := m.all[set]
	if found == nil {
		if len(m.all) >= maxKeySets {
			clear(m.all)
		}
		found = &meaning{}
		m.all[set] = found
	}
	*last = lastSeen{set.first, set.size, found}
	return found
}

// layout tells where a struct's fields are among the keys of a node.
type layout struct {
	at      []int // for each field, the child that fills it, or -1
	unknown []int // children that no field takes
}

// layout returns that of a node's keys, nil when it has none.
func (m *keySets) layout(p *plan, n *tree.Node) *layout {
	keys := n.Keys()
	if len(keys) == 0 {
		return nil
	}
	known := m.of(p, keys)
	if known.layout == nil {
		known.layout = newLayout(p, keys)
	}
	return known.layout
}

func newLayout(p *plan, keys []string) *layout {
	l := &layout{at: make([]int, len(p.fields))}
	for i := range l.at {
		l.at[i] = -1
	}
	for i, key := range keys {
		own, _ := p.field(key) // in any spelling: what a hook makes is not in canonical form
		f, ok := p.known[own]
		switch {
		case !ok:
			l.unknown = append(l.unknown, i)
		case f >= 0:
			l.at[f] = i
		}
	}
	return l
}

// shaped is a node and the layout of its keys.
type shaped struct {
	*tree.Node
	*layout
}

// rest returns the keys of a node that no field takes, nil when there are none.
func (n shaped) rest() *tree.Node {
	if n.layout == nil || len(n.unknown) == 0 {
		return nil
	}
	keys, kids := make([]string, len(n.unknown)), make([]*tree.Node, len(n.unknown))
	for i, k := range n.unknown {
		keys[i], kids[i] = n.Keys()[k], n.At(k)
	}
	return tree.NewMap(keys, kids, nil)
}

// renaming is how the keys of a struct's node become those of its fields.
type renaming struct {
	keys  []string    // as they become, sorted; nil where none changes
	order []int       // for each of keys, the child it was
	plans []*plan     // for each child of the node, what it fills, nil where nothing below can be rewritten
	twice [][2]string // keys that are one
	stale [][2]string // a field's own key, and the deprecated one it is under
}

// renaming returns that of a node's keys, of which there is at least one. A nil
// m remembers nothing.
func (m *keySets) renaming(p *plan, keys []string) *renaming {
	if m == nil {
		return newRenaming(p, keys)
	}
	known := m.of(p, keys)
	if known.renaming == nil {
		known.renaming = newRenaming(p, keys)
	}
	return known.renaming
}

func newRenaming(p *plan, keys []string) *renaming {
	r := &renaming{plans: make([]*plan, len(keys))}
	type rename struct {
		key string
		was int
	}
	renames, changed := make([]rename, len(keys)), false
	for i, key := range keys {
		name, sub := p.field(key)
		renames[i] = rename{name, i}
		changed = changed || name != key
		if sub != nil && sub.rewritten {
			r.plans[i] = sub
		}
		if p.deprecated[tree.Fold(key)] {
			r.stale = append(r.stale, [2]string{name, key})
		}
	}
	if !changed {
		return r
	}
	slices.SortStableFunc(renames, func(a, b rename) int { return cmp.Compare(a.key, b.key) })
	for i, n := range renames {
		if i > 0 && n.key == renames[i-1].key {
			r.twice = append(r.twice, [2]string{keys[renames[i-1].was], keys[n.was]})
			continue
		}
		r.keys, r.order = append(r.keys, n.key), append(r.order, n.was)
	}
	return r
}
