// Package env reads configuration from environment variables.
//
// Which variable fills which field is derived from the type that is filled:
// with the prefix CHECKOUT, a field db.max_conns is CHECKOUT_DB_MAX_CONNS, so an
// underscore inside a field's name is never taken for one between two. An element
// of a list is named by its index, as in CHECKOUT_SERVERS_0_HOST, and a key of a
// map stands as it is written, as in CHECKOUT_LABELS__team. See [source.Names]
// for the rules.
package env

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

// Options are the choices of [New]. The zero value is the one to use.
type Options struct {
	// Environ tells the variables, as "NAME=value". nil: [os.Environ].
	Environ func() []string

	// IgnoreEmpty leaves out variables that are set and empty. By default such
	// a variable is an empty string, and hides what lower layers hold.
	IgnoreEmpty bool
}

// New returns a source of the variables that begin with prefix and an underscore;
// nil options are the zero Options. Names are compared as they are, values are
// strings as they are: what they mean, also several in one as "a,b", is for the
// type they fill.
//
// A struct that one text can fill, by JSON or by a decode hook, has a variable of
// its own: CHECKOUT_DB={"host": "h"}. A name in a field's env tag is a variable
// of that field, whatever the prefix.
//
// A variable with the prefix that no field answers to is a key of its own, so
// that it is reported as an unknown one. With the empty prefix every variable is
// considered, and those that no field answers to are left out. One that is named
// like a whole section at the top is left out too unless it holds JSON, for every
// process has a USER and a HOME.
//
// Of several variables for one field, the one with the field's canonical name
// counts, else the first in its env tag. If none is that, or if a name fits two
// fields, the environment can't be used: [source.Snapshot].Err has a
// [tree.Problem] for each.
//
// The environment of a process doesn't change under it, so it is read at the
// beginning of a Watch only.
func New(prefix string, opts *Options) source.Source {
	e := environment{prefix: strings.TrimSuffix(prefix, "_"), single: new(source.Single)}
	if opts != nil {
		e.opts = *opts
	}
	if e.opts.Environ == nil {
		e.opts.Environ = os.Environ
	}
	shapeless, err := e.WithShape(nil)
	if err != nil {
		panic(err) // no shape, no fields that clash
	}
	return shapeless
}

type environment struct {
	prefix string
	opts   Options
	shape  *tree.Shape
	names  *source.Names
	single *source.Single // shared by what WithShape makes
}

// WithShape returns the source for a type. Two fields with one name are an error.
func (e environment) WithShape(shape *tree.Shape) (source.Source, error) {
	names, err := source.NewNames(shape, "_")
	if err != nil {
		return nil, err
	}
	e.shape, e.names = shape, names
	return e, nil
}

func (e environment) Name() string {
	if e.prefix == "" {
		return "env"
	}
	return "env " + tree.Printable(e.prefix)
}

func (e environment) Watch(ctx context.Context, emit func(source.Snapshot)) error {
	if err := e.single.Enter(); err != nil {
		return err
	}
	defer e.single.Leave()
	emit(e.read())
	<-ctx.Done()
	return ctx.Err()
}

// variable is one that belongs to the configuration.
type variable struct {
	path        tree.Path
	rank        int // 0 with the canonical name of its path, then the names it has of its own, then all others
	name, value string
}

func (e environment) read() source.Snapshot {
	vars, err := e.variables()
	if err != nil {
		return source.Snapshot{Err: err}
	}
	edit, names := tree.Tree{}.Edit(), make(map[string]string)
	for _, v := range vars {
		edit.Set(v.path, v.value, tree.Place{})
		names[v.path.String()] = v.name
	}
	return source.Snapshot{Tree: edit.Tree().Located(func(p tree.Path, _ tree.Place) tree.Origin {
		if name, ok := names[p.String()]; ok {
			return e.origin(name)
		}
		if own := e.names.Variables(p); own != nil {
			return e.origin(own[0])
		}
		return e.origin(e.canonical(p))
	})}
}

// variables returns those to use, one for each path.
func (e environment) variables() ([]variable, error) {
	found, problems := e.resolve()
	slices.SortFunc(found, func(x, y variable) int {
		return cmp.Or(x.path.Compare(y.path), cmp.Compare(x.rank, y.rank), strings.Compare(x.name, y.name))
	})
	var used []variable
	for i, v := range found {
		if i == 0 || !v.path.Equal(found[i-1].path) {
			used = append(used, v)
			continue
		}
		if first := used[len(used)-1]; first.rank == v.rank {
			problems = append(problems, e.rivals(first, v))
		}
	}
	return used, errors.Join(problems...)
}

func (e environment) rivals(x, y variable) tree.Problem {
	return tree.Problem{
		Path:    x.path,
		Kind:    tree.Duplicate,
		Origin:  e.origin(x.name),
		Err:     fmt.Errorf("%s and %s are one field, set %s only", x.name, y.name, e.canonical(x.path)),
		Related: []tree.Value{{Path: y.path, Origin: e.origin(y.name)}},
	}
}

// resolve finds the paths of the variables. A variable that the environment
// has twice counts once, as it stands first.
func (e environment) resolve() (found []variable, problems []error) {
	seen := make(map[string]bool)
	for _, entry := range e.opts.Environ() {
		name, value, ok := strings.Cut(entry, "=")
		if !ok || name == "" || seen[name] || value == "" && e.opts.IgnoreEmpty {
			continue
		}
		seen[name] = true
		if path, rank, ok := e.names.Variable(name); ok {
			found = append(found, variable{path: path, rank: 1 + rank, name: name, value: value})
			continue
		}
		rest, ours := strings.CutPrefix(name, e.head())
		if !ours || rest == "" {
			continue
		}
		path, err := e.names.ResolveValue(rest, value)
		switch {
		case err == nil && e.othersOwn(path, value):
		case err == nil:
			found = append(found, e.variable(path, name, value))
		case !errors.Is(err, source.ErrUnknownName):
			problems = append(problems, tree.Problem{Kind: tree.Unusable, Origin: e.origin(name), Err: err})
		case e.prefix != "":
			found = append(found, e.variable(tree.Path{rest}, name, value))
		}
	}
	return found, problems
}

// othersOwn reports whether a variable is named like a section of the type by
// chance, as USER is.
func (e environment) othersOwn(path tree.Path, value string) bool {
	section := e.shape.Sub(path)
	return e.prefix == "" && len(path) == 1 && section != nil && len(section.Fields) > 0 &&
		!strings.HasPrefix(strings.TrimSpace(value), "{")
}

const otherSpelling = math.MaxInt // the rank of a name that is none of the field's

func (e environment) variable(path tree.Path, name, value string) variable {
	v := variable{path: path, rank: otherSpelling, name: name, value: value}
	if name == e.canonical(path) {
		v.rank = 0
	}
	return v
}

// head returns what the names of all variables begin with.
func (e environment) head() string {
	if e.prefix == "" {
		return ""
	}
	return e.prefix + "_"
}

// canonical returns the name to use for a path, and the prefix for the root.
func (e environment) canonical(p tree.Path) string {
	if len(p) == 0 {
		return e.prefix
	}
	return e.head() + e.names.Canonical(p)
}

func (e environment) origin(name string) tree.Origin {
	return tree.Origin{Layer: e.Name(), Kind: "env", Key: name}
}
