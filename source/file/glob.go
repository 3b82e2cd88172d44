package file

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

// Glob returns the source of all documents in a directory whose names match a
// pattern, as in Glob("conf.d/*.yaml", nil). The last element of the pattern is
// one of [filepath.Match]; it matches names that begin with a dot only where it
// does so itself.
//
// The documents are read in the order of their names, and a later one wins, as
// layers do: maps are merged key by key, and everything else replaces what it
// stands over. They may come and go; without any, the source has no keys. They are
// all of one snapshot: while one of them can't be read, what was read before stays.
// Limits.Bytes bounds all of them together.
//
// It is otherwise like [New]. A malformed pattern is a programmer's error: Glob
// panics.
func Glob(pattern string, opts *Options) source.Source {
	dir, base := filepath.Split(pattern)
	if _, err := filepath.Match(base, ""); err != nil {
		panic(fmt.Sprintf("file.Glob: %s: %v", pattern, err))
	}
	if dir == "" {
		dir = "."
	}
	w := newWatched("files "+pattern, opts, dir)
	w.pattern = base
	w.read = (*watched).readGlob
	return w
}

// readGlob finds the contents of all files that match.
func (w *watched) readGlob(r *reading) content {
	base := w.pattern
	given := w.paths[0]
	dir, info, err := r.resolve(root(w.abs[0]))
	if err == nil && !info.IsDir() {
		err = errors.New("not a directory")
	}
	if err != nil {
		return content{err: w.problem(tree.Unusable, given, err)}
	}
	dir = r.version(dir)
	r.look(dir, "")
	entries, err := os.ReadDir(dir)
	if err != nil {
		return content{err: w.problem(tree.Unusable, given, err)}
	}
	var all []content
	for _, e := range entries { // sorted by name
		if ok, _ := filepath.Match(base, e.Name()); !ok || strings.HasPrefix(e.Name(), ".") && !strings.HasPrefix(base, ".") {
			continue
		}
		path := filepath.Join(given, e.Name())
		real, info, err := r.resolve(dir, e.Name())
		var data []byte
		if err == nil {
			r.lookAt(real)
			data, err = r.file(real, info)
		}
		all = append(all, w.contentOf(path, data, err))
	}
	return together(all, w.shape)
}

// together returns the content of several files, of which a later one wins.
func together(all []content, shape *tree.Shape) content {
	var problems []error
	var size int64
	h := newHash()
	maphash.WriteComparable(h, len(all))
	for _, c := range all {
		problems = append(problems, c.err)
		maphash.WriteComparable(h, c.sum)
		size += c.size
	}
	if err := errors.Join(problems...); err != nil {
		return content{err: err}
	}
	both := content{sum: fingerprint(h.Sum64()), size: size, empty: len(all) == 0}
	both.decode = func(ctx context.Context) (tree.Tree, string, error) { return decodeAll(ctx, all, shape) }
	return both
}

func decodeAll(ctx context.Context, all []content, shape *tree.Shape) (tree.Tree, string, error) {
	var root *tree.Node
	var note string
	var problems []error
	trees := make([]tree.Tree, len(all))
	for i, c := range all {
		t, n, err := c.decode(ctx)
		if ctx.Err() != nil {
			return tree.Tree{}, "", ctx.Err()
		}
		problems = append(problems, err)
		note = join(note, n)
		trees[i], root = t, overlay(root, t.Root(), shape)
	}
	if err := errors.Join(problems...); err != nil {
		return tree.Tree{}, "", err
	}
	return tree.Of(root).Located(func(p tree.Path, _ tree.Place) tree.Origin {
		for i := len(trees) - 1; i >= 0; i-- {
			if o, ok := trees[i].Origin(respelled(trees[i].Root(), p, shape)); ok {
				return o
			}
		}
		if len(trees) > 0 {
			return trees[len(trees)-1].Where(p)
		}
		return tree.Origin{}
	}), note, nil
}

// overlay puts a document over another, as merging layers does.
func overlay(lower, upper *tree.Node, shape *tree.Shape) *tree.Node {
	if upper.IsIndexed() && upper.Len() > 0 && lower.Kind() == tree.List {
		lower = indexed(lower)
	}
	switch {
	case upper == nil:
		return lower
	case lower.Kind() != tree.Map || upper.Kind() != tree.Map:
		return upper
	}
	changes := make(map[string]*tree.Node, upper.Len())
	for i, key := range upper.Keys() {
		name := spelling(lower, key, shape)
		changes[name] = overlay(lower.Child(name), upper.At(i), shape.Sub(tree.Path{key}))
	}
	return lower.With(changes, nil)
}

// spelling returns how a map writes a key that stands for a field of the shape:
// maxConns and max_conns are one.
func spelling(n *tree.Node, key string, shape *tree.Shape) string {
	if n.Child(key) != nil || shape == nil || len(shape.Fields) == 0 || shape.Sub(tree.Path{key}) == nil {
		return key
	}
	for _, k := range n.Keys() {
		if tree.Fold(k) == tree.Fold(key) {
			return k
		}
	}
	return key
}

// respelled returns a path with its keys as a document writes them.
func respelled(n *tree.Node, p tree.Path, shape *tree.Shape) tree.Path {
	q := make(tree.Path, len(p))
	for i, key := range p {
		q[i] = spelling(n, key, shape)
		n, shape = n.Child(q[i]), shape.Sub(tree.Path{key})
	}
	return q
}

// indexed returns a list as the map of its elements by index.
func indexed(list *tree.Node) *tree.Node {
	kids := make(map[string]*tree.Node, list.Len())
	for i := range list.Len() {
		kids[strconv.Itoa(i)] = list.At(i)
	}
	return (*tree.Node)(nil).With(kids, nil)
}
