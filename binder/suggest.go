package binder

import (
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/agnivade/levenshtein"

	"github.com/confsync/confsync/tree"
)

// UnknownKey returns what is wrong with a key that no field takes, with the key
// that was most likely meant.
func (b *Binder) UnknownKey(path tree.Path) error {
	if f := b.embedded(path); f != nil {
		return fmt.Errorf("unknown key; %s is embedded, so its keys stand without one: tag it `config:%q` to have them below this key", f.name, path[len(path)-1])
	}
	if meant, ok := b.Suggest(path); ok {
		return fmt.Errorf("unknown key; did you mean %q?", meant.String())
	}
	return errors.New("unknown key")
}

// Suggest returns the known key that an unknown one was most likely meant to be: a
// sibling spelled much alike, else the one field anywhere of that very name.
func (b *Binder) Suggest(path tree.Path) (tree.Path, bool) {
	if len(path) == 0 || len(path[len(path)-1]) > maxSuggested {
		return nil, false
	}
	parent := path[:len(path)-1]
	last := path[len(path)-1]
	shape := b.shape.Sub(parent)
	if shape == nil {
		return nil, false
	}
	best := Nearest(last, func(yield func(string) bool) {
		for _, f := range shape.Fields {
			if f.AliasOf == "" && !yield(f.Key) {
				return
			}
		}
	})
	if best != "" {
		return parent.Child(best), true
	}
	var same []tree.Path
	b.root.each(nil, func(p tree.Path, _ *field) {
		if strings.EqualFold(tree.Fold(p[len(p)-1]), tree.Fold(last)) {
			same = append(same, p.Child())
		}
	})
	if len(same) != 1 {
		return nil, false
	}
	return same[0], true
}

// Nearest returns the name among others that one was most likely meant to be, ""
// when none is much like it.
func Nearest(name string, others iter.Seq[string]) (best string) {
	distance := 1 + len(name)/3
	for other := range others {
		if d := levenshtein.ComputeDistance(tree.Fold(name), tree.Fold(other)); d <= distance {
			best, distance = other, d-1
		}
	}
	return best
}

const maxSuggested = 100 // bytes of a key that is looked at for what it was meant to be

// embedded returns the inlined field of the struct at a path's parent that the
// last key of the path is the name of, nil when there is none.
func (b *Binder) embedded(path tree.Path) *field {
	p := b.root
	for _, seg := range path[:max(0, len(path)-1)] {
		p = p.structPlan().below(seg)
	}
	for i := range p.structPlan().fields {
		if f := &p.structPlan().fields[i]; f.inline && tree.Fold(f.name) == tree.Fold(path[len(path)-1]) {
			return f
		}
	}
	return nil
}
