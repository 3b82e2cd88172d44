// Package flags reads configuration from the flags of a command line.
//
// Which flag fills which field is derived from the type that is filled: a field
// db.maxConns is set by -db.max-conns, -db-max-conns or -db.maxConns, whichever
// the program has defined. See [source.Names] for the rules.
package flags

import (
	"context"
	"errors"
	"flag"
	"fmt"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

// New is a source of the flags that were set on the command line; a flag that
// was left at its default holds nothing, and hides nothing. nil is
// [flag.CommandLine]. The set must have been parsed before it is watched, and
// must not be changed while a Watch begins.
//
// Values are the text of their [flag.Value]: what it means is for the type it
// fills. Flags that no field answers to are the program's own, and are left out.
// If a flag fits two fields, or two flags that were set are one field,
// [source.Snapshot].Err has a [tree.Problem] for each.
func New(set *flag.FlagSet) source.Source {
	if set == nil {
		set = flag.CommandLine
	}
	shapeless, err := flags{set: set, single: new(source.Single)}.WithShape(nil)
	if err != nil {
		panic(err) // no shape, no fields that clash
	}
	return shapeless
}

type flags struct {
	set    *flag.FlagSet
	names  *source.Names
	single *source.Single // shared by what WithShape makes
}

// WithShape is the source for a type. Two fields with one name are an error.
func (f flags) WithShape(shape *tree.Shape) (source.Source, error) {
	names, err := source.NewNames(shape, ".-_")
	if err != nil {
		return nil, err
	}
	f.names = names
	return f, nil
}

func (f flags) Name() string { return "flags" }

func (f flags) Watch(ctx context.Context, emit func(source.Snapshot)) error {
	if err := f.single.Enter(); err != nil {
		return err
	}
	defer f.single.Leave()
	emit(f.read())
	<-ctx.Done()
	return ctx.Err()
}

func (f flags) read() source.Snapshot {
	if !f.set.Parsed() {
		return source.Snapshot{Err: errors.New("the flag set has not been parsed")}
	}
	edit := tree.Tree{}.Edit()
	setBy := make(map[string]string) // a path's flag
	var problems []error
	f.set.Visit(func(each *flag.Flag) {
		path, err := f.names.Resolve(each.Name)
		if errors.Is(err, source.ErrUnknownName) {
			return
		}
		if err != nil {
			problems = append(problems, tree.Problem{Kind: tree.Unusable, Origin: f.origin(each.Name), Err: err})
			return
		}
		if other, ok := setBy[path.String()]; ok {
			problems = append(problems, f.rivals(path, other, each.Name))
			return
		}
		setBy[path.String()] = each.Name
		edit.Set(path, each.Value.String(), tree.Place{})
	})
	if len(problems) > 0 {
		return source.Snapshot{Err: errors.Join(problems...)}
	}
	return source.Snapshot{Tree: edit.Tree().Located(f.locator(setBy))}
}

func (f flags) rivals(path tree.Path, x, y string) tree.Problem {
	return tree.Problem{
		Path:    path,
		Kind:    tree.Duplicate,
		Origin:  f.origin(x),
		Err:     fmt.Errorf("-%s and -%s are one field, set one of them", x, y),
		Related: []tree.Value{{Path: path, Origin: f.origin(y)}},
	}
}

// locator tells the flag of a value and, where none was set, the one that can be.
func (f flags) locator(setBy map[string]string) tree.Locate {
	defined := make(map[string]string)
	f.set.VisitAll(func(each *flag.Flag) {
		if path, err := f.names.Resolve(each.Name); err == nil {
			defined[path.String()] = each.Name
		}
	})
	return func(p tree.Path, _ tree.Place) tree.Origin {
		if name, ok := setBy[p.String()]; ok {
			return f.origin(name)
		}
		return f.origin(defined[p.String()])
	}
}

// origin is that of a flag, or of no flag if name is "".
func (f flags) origin(name string) tree.Origin {
	o := tree.Origin{Layer: f.Name(), Kind: "flag"}
	if name != "" {
		o.Key = "-" + name
	}
	return o
}
