package source

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/confsync/confsync/tree"
)

// CommandLine is a set of flags, by whatever library they are parsed. Packages
// flags and pflag make a source of one.
type CommandLine struct {
	// Layer is the name of the source.
	Layer string

	// Dash is what stands before a flag's name: "-" or "--".
	Dash string

	// Names tells the path of a flag that is named otherwise than its field. A
	// flag whose path is "" doesn't belong to the configuration.
	Names map[string]string

	// Parsed reports whether the command line has been parsed.
	Parsed func() bool

	// Each calls yield with every flag that is defined: its name, and its value if
	// the command line has set it, else nil.
	Each func(yield func(name string, value *tree.Node))
}

// Source returns the source of the flags that were set. What is left at its
// default holds nothing, and hides nothing. The flags are read at the beginning
// of each Watch, so they may be parsed after Source was called.
func (c CommandLine) Source() Source {
	s, err := commandLine{CommandLine: c, single: new(Single)}.WithShape(nil)
	if err != nil {
		panic(err) // no shape, no fields that clash
	}
	return s
}

type commandLine struct {
	CommandLine
	shape  *tree.Shape
	names  *Names
	single *Single // shared by what WithShape makes
}

// WithShape returns the source for a type. Two fields with one name are an error,
// and so is a path in the table that isn't a field's.
func (c commandLine) WithShape(shape *tree.Shape) (Source, error) {
	names, err := NewNames(shape, ".-_")
	if err != nil {
		return nil, err
	}
	c.shape, c.names = shape, names
	for _, flag := range slices.Sorted(maps.Keys(c.Names)) {
		path, err := tree.ParsePath(c.Names[flag])
		if err == nil && shape != nil && shape.Sub(path) == nil {
			err = fmt.Errorf("no field is at %s", path)
		}
		if err != nil {
			return nil, fmt.Errorf("flag %s%s: %w", c.Dash, flag, err)
		}
	}
	return c, nil
}

func (c commandLine) Name() string { return c.Layer }

func (c commandLine) Watch(ctx context.Context, emit func(Snapshot)) error {
	if err := c.single.Enter(); err != nil {
		return err
	}
	defer c.single.Leave()
	emit(c.read())
	<-ctx.Done()
	return ctx.Err()
}

// path returns the path of the field that a flag is for. It is [ErrUnknownName]
// when the flag doesn't belong to the configuration.
func (c commandLine) path(flag string, value *tree.Node) (tree.Path, error) {
	text, ok := c.Names[flag]
	switch {
	case !ok:
		return c.names.ResolveValue(flag, value.Text())
	case text == "" || c.shape == nil:
		return nil, ErrUnknownName
	}
	return tree.ParsePath(text)
}

func (c commandLine) read() Snapshot {
	if !c.Parsed() {
		return Snapshot{Err: errors.New("the flags have not been parsed")}
	}
	flags := make(map[string]string) // the flag that is set, by path
	defined := make(map[string]string)
	values := make(map[string]*tree.Node)
	var paths []tree.Path
	var problems []error
	c.Each(func(name string, value *tree.Node) {
		path, err := c.path(name, value)
		if err == nil {
			defined[path.String()] = name
		}
		switch {
		case value == nil || errors.Is(err, ErrUnknownName):
			return
		case err != nil:
			err = tree.Problem{Kind: tree.Unusable, Origin: c.origin(name), Err: err}
		case flags[path.String()] != "":
			err = c.rivals(path, flags[path.String()], name)
		default:
			flags[path.String()], values[path.String()] = name, value
			paths = append(paths, path)
			return
		}
		problems = append(problems, err)
	})
	if err := errors.Join(problems...); err != nil {
		return Snapshot{Err: err}
	}
	return Snapshot{Tree: build(paths, values).Located(func(p tree.Path, _ tree.Place) tree.Origin {
		for q := p; len(q) > 0; q = q[:len(q)-1] { // an element of a list was set with its list
			if name, ok := flags[q.String()]; ok {
				return c.origin(name)
			}
		}
		return c.origin(defined[p.String()])
	})}
}

// build puts values at their paths, those that are lists and maps first.
func build(paths []tree.Path, values map[string]*tree.Node) tree.Tree {
	edit := tree.Tree{}.Edit()
	for _, path := range paths {
		if n := values[path.String()]; !n.Kind().IsScalar() {
			edit.Graft(path, tree.Of(n))
		}
	}
	for _, path := range paths {
		if n := values[path.String()]; n.Kind().IsScalar() {
			edit.Set(path, n.Text(), tree.Place{})
		}
	}
	return edit.Tree()
}

func (c commandLine) rivals(path tree.Path, x, y string) tree.Problem {
	return tree.Problem{
		Path:    path,
		Kind:    tree.Duplicate,
		Origin:  c.origin(x),
		Err:     fmt.Errorf("%s%s and %s%s are one field, set one of them", c.Dash, x, c.Dash, y),
		Related: []tree.Value{{Path: path, Origin: c.origin(y)}},
	}
}

// origin returns that of a flag, or of no flag if name is "".
func (c commandLine) origin(name string) tree.Origin {
	o := tree.Origin{Layer: c.Layer, Kind: "flag"}
	if name != "" {
		o.Key = c.Dash + name
	}
	return o
}
