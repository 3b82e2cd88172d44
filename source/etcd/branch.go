package etcd

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/confsync/confsync/tree"
)

// maxProblems is how many keys that can't be used are named.
const maxProblems = 100

// branch is the view of the keys below a prefix.
type branch struct {
	store *store
	tree  tree.Tree
	bad   map[string]error // keys that have no place in the tree
}

// update puts what the store holds at the touched keys where they belong. A key
// that can't be used makes the whole unusable for as long as it is there.
func (b *branch) update(c *contents, touched []string) (tree.Tree, error) {
	edit := b.tree.Edit()
	for _, key := range touched {
		path, folder, err := b.store.keys.Path(key)
		if err = b.check(c, key, folder, err); err != nil {
			continue
		}
		name := strings.TrimSuffix(key, b.store.opts.Separator)
		value, isValue := c.entries[name]
		mark, isFolder := c.entries[name+b.store.opts.Separator]
		switch {
		case isValue:
			edit.Set(path, value.value, tree.Place{Revision: value.revision})
		case isFolder && mark.value == "":
			edit.SetFolder(path, tree.Place{Revision: mark.revision})
		default:
			edit.Delete(path)
		}
	}
	b.tree = edit.Tree()
	if len(b.bad) > 0 {
		return tree.Tree{}, b.problems()
	}
	return b.tree, nil
}

// check notes whether a key can be used, err being what its name says about it.
func (b *branch) check(c *contents, key string, folder bool, err error) error {
	e, ok := c.entries[key]
	if err == nil && ok && folder && e.value != "" {
		err = fmt.Errorf("key ends in %q, as a folder does, and has a value", b.store.opts.Separator)
	}
	if err == nil || !ok {
		delete(b.bad, key)
		return err
	}
	if b.bad == nil {
		b.bad = map[string]error{}
	}
	b.bad[key] = tree.Problem{Kind: tree.Unusable, Origin: b.store.origin(key, e.revision), Err: err}
	return err
}

// problems are those of the keys that can't be used, in order.
func (b *branch) problems() error {
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(b.bad)) {
		if len(errs) == maxProblems {
			errs = append(errs, fmt.Errorf("%d more keys", len(b.bad)-maxProblems))
			break
		}
		errs = append(errs, b.bad[key])
	}
	return errors.Join(errs...)
}

// locate tells the origin of a value of a branch.
func (s *store) locate(p tree.Path, at tree.Place) tree.Origin {
	return s.origin(s.keys.Key(p), at.Revision)
}
