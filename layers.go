package confsync

import (
	"errors"
	"fmt"
	"slices"

	"github.com/confsync/confsync/binder"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

// layer is one tree in the order of precedence. The reducer alone uses it.
type layer struct {
	name  string
	raw   tree.Tree          // as the source gave it
	canon binder.Canonical   // with the keys of the user's type
	parts []binder.Canonical // of each section
	root  *tree.Node         // with the keys of all types
}

// take makes a tree the layer's.
func (l *layer) take(t *types, raw tree.Tree) {
	l.raw, l.canon = raw, t.root.Canonical(l.canon, raw.Root())
	l.refine(t)
}

// refine rewrites what is below the sections to their types' keys.
func (l *layer) refine(t *types) {
	root := l.canon.Root()
	l.parts = append(l.parts, make([]binder.Canonical, len(t.sections))...)[:len(t.sections)]
	for i, s := range t.sections {
		below := root.Lookup(s.at)
		l.parts[i] = s.binder.Canonical(l.parts[i], below)
		if made := l.parts[i].Root(); made != below {
			e := tree.Of(root).Edit()
			e.Graft(s.at, tree.Of(made))
			root = e.Tree().Root()
		}
	}
	if root != l.canon.Root() {
		root = tree.Reuse(tree.Of(l.root), tree.Of(root)).Root() // what has not changed is the same node
	}
	l.root = root
}

// sourceLayer is a source and the layer that it fills. The reducer alone uses the
// fields below the line.
type sourceLayer struct {
	*layer
	sup *source.Supervisor

	version  uint64
	reported source.Status // what was last logged of it
}

// refresh takes the newest snapshot and reports whether it is a new one.
func (f *sourceLayer) refresh(t *types) bool {
	snap, version, ok := f.sup.Latest()
	if !ok || version == f.version {
		return false
	}
	f.version = version
	f.take(t, snap.Tree)
	return true
}

// layers holds the layers of a configuration.
type layers struct {
	all     []*layer       // lowest first; the default tags are the first
	sources []*sourceLayer // those that sources fill, in the same order
}

// roots returns the layers' trees with the type's own keys.
func (s *layers) roots() []*tree.Node {
	roots := make([]*tree.Node, len(s.all))
	for i, l := range s.all {
		roots[i] = l.root
	}
	return roots
}

func (s *layers) add(l *layer) *layer {
	s.all = append(s.all, l)
	return l
}

const defaultLayer = "default" // the name of the layer of the default tags

// newLayers makes a layer of each source, above the layer of the default tags.
func newLayers(t *types, sources []source.Source, p source.Policy, changed func()) (*layers, error) {
	s := &layers{all: make([]*layer, 0, 1+len(sources))}
	s.add(&layer{name: defaultLayer}).take(t, t.defaults())
	var errs []error
	for i, src := range sources {
		if src == nil {
			errs = append(errs, fmt.Errorf("source %d is nil", i))
			continue
		}
		name := src.Name()
		if slices.ContainsFunc(s.sources, func(f *sourceLayer) bool { return f.name == name }) {
			errs = append(errs, fmt.Errorf("two sources are named %q: tell them apart with source.Named", name))
		}
		src, err := shaped(src, t.root.Shape())
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
			continue
		}
		f := &sourceLayer{layer: s.add(&layer{name: name}), sup: source.NewSupervisor(src, p, changed)}
		s.sources = append(s.sources, f)
	}
	return s, errors.Join(errs...)
}

// shaped tells a source that wants to know it which type it fills.
func shaped(src source.Source, shape *tree.Shape) (source.Source, error) {
	if s, ok := src.(source.Shaped); ok {
		return s.WithShape(shape)
	}
	return src, nil
}
