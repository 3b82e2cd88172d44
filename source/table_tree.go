package source

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

// Tree returns the tree of the keys. It shares with the one before all that
// didn't change: a value that was written again as it was has a new place in
// the Same tree. The error is that of [Table.TooLarge], or else the
// problems of all keys that can't be used, of which a hundred are named; what
// has changed meanwhile is in the next tree.
func (t *Table) Tree() (tree.Tree, error) {
	if err := t.TooLarge(); err != nil {
		return tree.Tree{}, err
	}
	if len(t.touched) > 0 {
		t.edit()
	}
	if len(t.bad) > 0 {
		return tree.Tree{}, t.problems()
	}
	return t.tree, nil
}

// edit puts what is held at the touched keys where it belongs.
func (t *Table) edit() {
	sep := t.Keys.separator()
	edit := t.tree.Edit()
	for _, key := range t.touched {
		path, folder, ok := t.check(key)
		if !ok {
			continue
		}
		if folder {
			key = strings.TrimSuffix(key, sep)
		}
		if r, ok := t.usable(key); ok && len(path) > 0 {
			edit.Set(path, r.Value, tree.Place{Revision: r.Revision})
		} else if r, ok := t.usable(key + sep); ok {
			edit.SetFolder(path, tree.Place{Revision: r.Revision})
		} else {
			edit.Delete(path)
		}
	}
	t.tree = edit.Tree().Located(t.locate)
	t.touched = nil
}

// check notes the problem of a key, if it is there and has one, and else
// returns its path.
func (t *Table) check(key string) (path tree.Path, folder, ok bool) {
	path, folder, err := t.Keys.Path(key)
	named := err == nil
	r, held := t.Get(key)
	switch {
	case err != nil:
	case len(path) == 0 && !folder:
		err = errors.New("key is the root itself, which has no value")
	case t.refused[key] != nil:
		err = t.refused[key]
	case folder && r.Value != "":
		err = fmt.Errorf("key ends in %q, as a folder does, and has a value", t.Keys.separator())
	}
	if err == nil || !held {
		delete(t.bad, key)
		return path, folder, named
	}
	if t.bad == nil {
		t.bad = make(map[string]error)
	}
	t.bad[key] = tree.Problem{Path: path, Kind: tree.Unusable, Origin: t.Origin(key, r.Revision), Err: err}
	return nil, false, false
}

// usable returns the row of a key, if it is there and none of the bad.
func (t *Table) usable(key string) (Row, bool) {
	r, ok := t.Get(key)
	return r, ok && t.bad[key] == nil
}

// problems returns those of the keys that can't be used, in order.
func (t *Table) problems() error {
	keys := slices.Sorted(maps.Keys(t.bad))
	named := keys[:min(len(keys), maxProblems)]
	var all []error
	for _, key := range named {
		all = append(all, t.bad[key])
	}
	if more := len(keys) - len(named); more > 0 {
		err := fmt.Errorf("%d more keys that can't be used", more)
		all = append(all, tree.Problem{Kind: tree.Unusable, Origin: t.Origin(t.Keys.Key(nil), 0), Err: err})
	}
	return errors.Join(all...)
}

func (t *Table) locate(p tree.Path, at tree.Place) tree.Origin {
	return t.Origin(t.Keys.Key(p), at.Revision)
}
