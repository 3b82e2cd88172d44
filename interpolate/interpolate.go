package interpolate

import (
	"os"
	"strings"

	"github.com/confsync/confsync/tree"
)

// Options say what placeholders mean. The zero Options are sensible.
type Options struct {
	// Path returns a path with the keys that the tree has, for one written in any
	// spelling. nil: as it is written.
	Path func(tree.Path) tree.Path

	// Env returns a variable of the environment, and whether it is set. nil:
	// os.LookupEnv.
	Env func(name string) (string, bool)

	// Secret reports whether the value at a path must not be shown. What is made
	// of it is marked ([tree.Node.AsSecret]). nil: only what is marked already.
	Secret func(tree.Path, *tree.Node) bool
}

// Result is a tree with its placeholders filled. The zero Result is of no tree.
// It is immutable.
type Result struct {
	in, out   *tree.Node
	templates *tree.Node // the texts of in that have placeholders, at their paths
	values    *tree.Node // what they became, at the same paths

	// Problems are placeholders that can't be filled, of kind Unresolved or
	// TooLarge. The other values that a problem is about are Related to it. With
	// any, the tree is not to be used.
	Problems tree.ProblemList
}

// Root returns the tree: the very node that came in where there was nothing to fill.
func (r Result) Root() *tree.Node { return r.out }

// Expand fills the placeholders of a tree. Its value is that of
// Expand(Result{}, root, opts), whatever prev is. Each value that no change has
// reached is the node it was.
func Expand(prev Result, root *tree.Node, opts Options) Result {
	next := Result{in: root, out: root, templates: findTemplates(prev.in, prev.templates, root)}
	if next.templates == nil {
		return next
	}
	e := newEvaluator(root, next.templates, opts)
	next.values = e.all(nil, next.templates, prev.values)
	next.Problems = e.problems
	next.out = overlay(
		layered{prev.in, prev.values, prev.out}, next.in, next.templates, next.values)
	return next
}

// findTemplates returns the texts of n that have placeholders, given that found
// are those of was.
func findTemplates(was, found, n *tree.Node) *tree.Node {
	switch {
	case n == was:
		return found
	case n.Kind() == tree.String && isTemplate(n.Text()):
		return n
	case n.Len() == 0:
		return nil
	}
	if was.Kind() != tree.Map || n.Kind() != tree.Map {
		return findAmong(was, found, n)
	}
	changes := map[string]*tree.Node{}
	tree.Changes(was, n, func(key string, a, b *tree.Node) {
		before := found.Child(key)
		if now := findTemplates(a, before, b); now != before {
			changes[key] = now
		}
	})
	if len(changes) == 0 {
		return found
	}
	return present(found.With(changes, nil))
}

// findAmong looks at every child.
func findAmong(was, found, n *tree.Node) *tree.Node {
	all := map[string]*tree.Node{}
	for i := range n.Len() {
		var before, beforeFound *tree.Node
		if n.Kind() == tree.List && was.Kind() == tree.List && i < was.Len() {
			if before = was.At(i); before == n.At(i) && found == nil {
				continue
			}
			beforeFound = found.Child(n.Segment(i))
		}
		if now := findTemplates(before, beforeFound, n.At(i)); now != nil {
			all[n.Segment(i)] = now
		}
	}
	if len(all) == 0 {
		return nil
	}
	var none *tree.Node
	return none.With(all, nil)
}

func present(n *tree.Node) *tree.Node {
	if n.Len() == 0 {
		return nil
	}
	return n
}

// layered is a tree, the values that were put into it, and what came of that.
type layered struct{ in, values, out *tree.Node }

// overlay puts the values of templates into a tree.
func overlay(was layered, in, templates, values *tree.Node) *tree.Node {
	switch {
	case templates == nil:
		return in
	case templates.Kind().IsScalar():
		return values
	case in == was.in && values == was.values:
		return was.out
	}
	kids := make([]*tree.Node, in.Len())
	for i := range kids {
		kids[i] = in.At(i)
		key := in.Segment(i)
		if t := templates.Child(key); t != nil {
			var before layered
			if was.in.Kind() == in.Kind() {
				before = layered{was.in.Child(key), was.values.Child(key), was.out.Child(key)}
			}
			kids[i] = overlay(before, kids[i], t, values.Child(key))
		}
	}
	if in.Kind() == tree.List {
		return tree.NewList(kids)
	}
	return tree.NewMap(in.Keys(), kids, in.Own())
}

// Ref is what a placeholder stands for.
type Ref struct {
	Path tree.Path // with the keys that the tree has; nil for a variable
	Env  string    // the name of a variable; "" for a path
}

// Refs returns the placeholders in the text at a path, or in the one above it that
// became what is there, and the path and the text of that one. It returns a nil
// path where there is none.
func (r Result) Refs(path tree.Path, opts Options) (at tree.Path, text string, refs []Ref) {
	n := r.templates
	for i := 0; n != nil; i++ {
		if n.Kind().IsScalar() {
			t, err := parse(n.Text())
			if err == nil {
				refs = t.refs(opts, nil)
			}
			return path[:i:i], n.Text(), refs
		}
		if i == len(path) {
			break
		}
		n = n.Child(path[i])
	}
	return nil, "", nil
}

func (t template) refs(opts Options, all []Ref) []Ref {
	for _, p := range t {
		if p.name == "" {
			continue
		}
		if env, ok := strings.CutPrefix(p.name, "env:"); ok {
			all = append(all, Ref{Env: env})
		} else if path, err := opts.path(p.name); err == nil {
			all = append(all, Ref{Path: path})
		}
		all = p.or.refs(opts, all)
	}
	return all
}

func (o Options) path(name string) (tree.Path, error) {
	path, err := tree.ParsePath(name)
	if err == nil && o.Path != nil {
		path = o.Path(path)
	}
	return path, err
}

func (o Options) env(name string) (string, bool) {
	if o.Env != nil {
		return o.Env(name)
	}
	return os.LookupEnv(name)
}
