package file

import (
	"errors"
	"fmt"
	"slices"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

// WithShape returns the source for a type: it understands the flat names of dotenv
// files ([New]), and takes two spellings of a field for one ([Glob]). Two fields
// with one name are an error where there is a dotenv file.
func (w *watched) WithShape(shape *tree.Shape) (source.Source, error) {
	dotenv := func(path string) bool {
		format, _ := document.FormatOf(path)
		return w.opts.Format == document.Dotenv || w.opts.Format == 0 && format == document.Dotenv
	}
	flat := slices.ContainsFunc(w.paths, dotenv) || dotenv(w.pattern)
	if !flat && w.pattern == "" {
		return w, nil
	}
	names, err := source.NewNames(shape, "_")
	if err != nil && flat {
		return nil, err
	}
	shaped := *w
	shaped.shape, shaped.names, shaped.abs, shaped.seen = shape, names, nil, decoded{}
	return &shaped, nil
}

// unflatten puts each value of a dotenv file where its name says.
func (w *watched) unflatten(flat tree.Tree) (tree.Tree, error) {
	if flat.Root().Len() == 0 {
		return flat, nil
	}
	edit := tree.Tree{}.Edit()
	firsts := make(map[string]tree.Origin) // by path
	var problems []error
	for i, name := range flat.Root().Keys() {
		at, _ := flat.Origin(tree.Path{name})
		path, _, own := w.names.Variable(name)
		var err error
		if !own {
			path, err = w.names.ResolveValue(name, flat.Root().At(i).Text())
		}
		if errors.Is(err, source.ErrUnknownName) {
			path, err = tree.Path{name}, nil
		}
		kind := tree.Unusable
		if first, twice := firsts[path.String()]; twice && err == nil {
			kind, err = tree.Duplicate, fmt.Errorf("name %q: the value stands at line %d too", name, first.Line)
		}
		if err != nil {
			problems = append(problems, tree.Problem{Path: path, Kind: kind, Origin: at, Err: err})
			continue
		}
		firsts[path.String()] = at
		edit.Set(path, flat.Root().At(i).Text(), tree.Place{Line: int32(at.Line), Column: int32(at.Column)})
	}
	return edit.Tree(), errors.Join(problems...)
}
