package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/confsync/confsync/cmd/confsync/place"
	"github.com/confsync/confsync/tree"
)

// plan is what a push is to do.
type plan struct {
	changes []place.Change
	same    int      // keys that need not change
	others  []string // keys that the file hasn't, and that stay
}

// planKeys compares what a file holds with what a store does.
func planKeys(layout place.Layout, root *tree.Node, has map[string]place.Entry, prune bool) (plan, error) {
	wanted, err := keysOf(layout, root)
	if err != nil {
		return plan{}, err
	}
	return planValues(wanted, has, prune), nil
}

func planValues(wanted map[string]string, has map[string]place.Entry, prune bool) (p plan) {
	for _, key := range slices.Sorted(maps.Keys(wanted)) {
		value := wanted[key]
		old, there := has[key]
		switch {
		case !there:
			p.changes = append(p.changes, place.Change{Key: key, New: &value})
		case old.Value != value:
			p.changes = append(p.changes, place.Change{Key: key, Old: &old, New: &value})
		default:
			p.same++
		}
	}
	for _, key := range slices.Sorted(maps.Keys(has)) {
		if _, ok := wanted[key]; ok {
			continue
		}
		if old := has[key]; prune {
			p.changes = append(p.changes, place.Change{Key: key, Old: &old})
		} else {
			p.others = append(p.others, key)
		}
	}
	slices.SortFunc(p.changes, func(x, y place.Change) int { return cmp.Compare(x.Key, y.Key) })
	return p
}

// keysOf returns the keys and values that a tree is in a store. What no key can
// hold is an error.
func keysOf(layout place.Layout, root *tree.Node) (map[string]string, error) {
	keys := map[string]string{}
	var errs []error
	root.Leaves(func(path tree.Path, n *tree.Node) bool {
		switch {
		case len(path) == 0 || n.Kind() == tree.Map: // nothing, or an empty map, which is no key
			return true
		case n.Kind() == tree.Null:
			errs = append(errs, fmt.Errorf("%s: a null can't be kept in a key; leave the key out", path))
			return true
		}
		key := layout.Key(path)
		if back, folder, err := layout.Keys.Path(key); err != nil || folder || !back.Equal(path) {
			errs = append(errs, fmt.Errorf("%s: a segment that is empty, a dot or two, or holds the separator can't be part of a key", path))
			return true
		}
		keys[key] = n.Text()
		if n.Kind() == tree.List { // an empty one
			keys[key] = "[]"
		}
		return true
	})
	return keys, errors.Join(errs...)
}

// write describes the plan, without values: they may be secrets.
func (p plan) write(a *app, w io.Writer, batch int) {
	for _, c := range p.changes {
		switch {
		case c.Old == nil:
			fmt.Fprintln(w, a.color(green, fmt.Sprintf("  + %s (%d bytes)", c.Key, len(*c.New))))
		case c.New == nil:
			fmt.Fprintln(w, a.color(red, "  - "+c.Key))
		default:
			fmt.Fprintln(w, a.color(yellow, fmt.Sprintf("  ~ %s (%d bytes, were %d)", c.Key, len(*c.New), len(c.Old.Value))))
		}
	}
	fmt.Fprintf(w, "%d to change, %d unchanged", len(p.changes), p.same)
	if len(p.others) > 0 {
		fmt.Fprintf(w, ", %d only in the store (they stay; --prune deletes them)", len(p.others))
	}
	if batch > 0 && len(p.changes) > batch {
		fmt.Fprintf(w, "\nThe store takes %d changes in one transaction, so this takes %d: readers may see a part of it. A gate key\n(docs/stores.md) lets them wait for the whole.",
			batch, (len(p.changes)+batch-1)/batch)
	}
	fmt.Fprintln(w)
}
