package redis

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

// contents are keys and values, and the tree that they make. The tree is that
// of the last time that all of them could be used.
type contents struct {
	opts   Options
	keys   source.Keys
	origin func(key string) tree.Origin

	values  map[string]value // none absent
	bytes   int
	bad     map[string]error    // of keys that no tree can have
	changed map[string]struct{} // since tree was made
	tree    tree.Tree
}

func newContents(opts Options, keys source.Keys, origin func(string) tree.Origin) contents {
	return contents{
		opts: opts, keys: keys, origin: origin,
		values: make(map[string]value), bad: make(map[string]error), changed: make(map[string]struct{}),
	}
}

// put takes in what a key holds now.
func (c *contents) put(key string, v value) {
	old := c.values[key]
	if old == v {
		return
	}
	if old.kind != absent {
		c.bytes -= len(key) + len(old.text)
	}
	c.changed[key] = struct{}{}
	delete(c.bad, key)
	if v.kind == absent {
		delete(c.values, key)
		return
	}
	c.values[key] = v
	c.bytes += len(key) + len(v.text)
	if err := c.unusable(key, v); err != nil {
		c.bad[key] = err
	}
}

// replace takes in everything that there is now.
func (c *contents) replace(next map[string]value) {
	for key := range c.values {
		if _, ok := next[key]; !ok {
			c.put(key, value{})
		}
	}
	for key, v := range next {
		c.put(key, v)
	}
}

func (c *contents) unusable(key string, v value) error {
	_, folder, err := c.keys.Path(key)
	switch {
	case err != nil:
		return err
	case v.kind == other:
		return errors.New("key holds another type than a string")
	case folder && v.text != "":
		return fmt.Errorf("key ends in %q, as a folder does, and has a value", c.opts.Separator)
	}
	return nil
}

// snapshot is the tree, changed where the values are, or what is wrong with them.
func (c *contents) snapshot() source.Snapshot {
	if err := c.tooLarge(len(c.values), c.bytes); err != nil {
		return source.Snapshot{Err: err}
	}
	if len(c.bad) > 0 {
		return source.Snapshot{Err: c.problems()}
	}
	if len(c.changed) > 0 {
		c.tree = c.edited()
		clear(c.changed)
	}
	return source.Snapshot{Tree: c.tree}
}

func (c *contents) edited() tree.Tree {
	edit := c.tree.Edit()
	for key := range c.changed {
		path, folder, err := c.keys.Path(key)
		if err != nil {
			continue // it was bad, and is gone
		}
		if folder {
			key = strings.TrimSuffix(key, c.opts.Separator)
		}
		switch {
		case c.holds(key):
			edit.Set(path, c.values[key].text, tree.Place{})
		case c.holds(key + c.opts.Separator):
			edit.SetFolder(path, tree.Place{})
		default:
			edit.Delete(path)
		}
	}
	return edit.Tree().Located(func(p tree.Path, _ tree.Place) tree.Origin { return c.origin(c.keys.Key(p)) })
}

func (c *contents) holds(key string) bool { return c.values[key].kind != absent }

const maxProblems = 100

// problems are those of the first keys that no tree can have.
func (c *contents) problems() error {
	keys := slices.Sorted(maps.Keys(c.bad))
	var all []error
	for _, key := range keys[:min(len(keys), maxProblems)] {
		path, _, _ := c.keys.Path(key)
		all = append(all, tree.Problem{Path: path, Kind: tree.Unusable, Origin: c.origin(key), Err: c.bad[key]})
	}
	return errors.Join(all...)
}

// tooLarge is the problem of contents beyond the bounds, or nil.
func (c *contents) tooLarge(keys, bytes int) error {
	var err error
	switch {
	case c.opts.MaxKeys >= 0 && keys > c.opts.MaxKeys:
		err = fmt.Errorf("more than the %d keys of MaxKeys", c.opts.MaxKeys)
	case c.opts.MaxBytes >= 0 && bytes > c.opts.MaxBytes:
		err = fmt.Errorf("more than the %d bytes of MaxBytes", c.opts.MaxBytes)
	default:
		return nil
	}
	return tree.Problem{Kind: tree.TooLarge, Origin: c.origin(c.keys.Key(nil)), Err: err}
}
