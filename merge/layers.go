package merge

import (
	"slices"

	"github.com/confsync/confsync/tree"
)

// Role is the part that a layer has in the result at a path.
type Role uint8

// The roles.
const (
	Used   Role = iota // the result is this layer's value alone
	Merged             // the result is made of this layer's value and others'
	Hidden             // a higher layer hides this layer's value
	Hides              // it leaves nothing of what lower layers hold here: a null, or a value that stands above the path
)

// MarshalText returns the role's name.
func (r Role) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

func (r Role) String() string { return [...]string{"used", "merged", "hidden", "hides"}[r] }

// Contribution is what one layer holds at a path, and what becomes of it.
type Contribution struct {
	Layer int        // index in the layers
	Path  tree.Path  // where Value stands: the path asked for or, with Hides, a path it stands below
	Value *tree.Node // never nil
	Role  Role

	// By is the lowest layer that hides this one. It means something with Hidden only.
	By int

	// Conflict says that By hides it because the one is a map, a list or a scalar,
	// and the other is not. A null is in conflict with nothing.
	Conflict bool
}

// Layers returns the contributions of the layers, lowest first, at a path, highest
// precedence first. A layer is left out that neither holds anything at the path
// nor hides what another one holds there. The paths found share memory with path.
func Layers(path tree.Path, layers []*tree.Node) []Contribution {
	var found []Contribution
	row := slices.Clone(layers)
	for depth := range len(path) + 1 {
		if depth > 0 {
			for i, n := range row {
				row[i] = n.Child(path[depth-1])
			}
		}
		found = append(found, hiddenAt(path, depth, row)...)
	}
	sum := uncover(row)
	for i, n := range row {
		switch {
		case n == nil:
			continue
		case n.Kind() == tree.Null:
			found = append(found, Contribution{Layer: i, Path: path, Value: n, Role: Hides})
		case sum.used == 1:
			found = append(found, Contribution{Layer: i, Path: path, Value: n, Role: Used})
		default:
			found = append(found, Contribution{Layer: i, Path: path, Value: n, Role: Merged})
		}
	}
	slices.SortStableFunc(found, func(a, b Contribution) int { return b.Layer - a.Layer })
	return found
}

// hiddenAt returns the layers whose value at the path is hidden by a node of
// row, which is what the layers hold at the first depth segments of it; and
// those that hide them, if they hold nothing at the path themselves. It takes
// the hidden nodes out of the row.
func hiddenAt(path tree.Path, depth int, row []*tree.Node) []Contribution {
	var found []Contribution
	for by, over := range row {
		below := slices.Clone(row[:by])
		uncover(row[:by+1])
		hides := false
		for i, n := range below {
			value := n.Lookup(path[depth:])
			if value == nil || row[i] != nil {
				continue
			}
			hides = true
			found = append(found, Contribution{Layer: i, Path: path, Value: value, Role: Hidden,
				By: by, Conflict: conflict(n, over)})
		}
		if hides && over.Lookup(path[depth:]) == nil {
			found = append(found, Contribution{Layer: by, Path: path[:depth], Value: over, Role: Hides})
		}
	}
	return found
}

// conflict reports whether two values are of different sorts.
func conflict(a, b *tree.Node) bool {
	sort := func(n *tree.Node) tree.Kind {
		if n.Kind().IsScalar() {
			return tree.String
		}
		return n.Kind()
	}
	return sort(a) != tree.Null && sort(b) != tree.Null && sort(a) != sort(b)
}
