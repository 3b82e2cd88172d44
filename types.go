package confsync

import (
	"errors"
	"fmt"
	"path"
	"reflect"
	"slices"

	"github.com/confsync/confsync/binder"
	"github.com/confsync/confsync/interpolate"
	"github.com/confsync/confsync/tree"
)

// types is what is known of the keys: the user's type, and those of the sections
// below it. It is immutable.
type types struct {
	root     *binder.Binder
	sections []*section
	ignore   []string // patterns of keys that don't concern the program
}

// section is a part of the configuration with a type that the user's type doesn't
// know.
type section struct {
	at     tree.Path
	of     reflect.Type
	binder *binder.Binder
	index  int  // among all
	shared bool // the user's type knows keys of the part too
}

// defaults returns the layer of the default tags.
func (t *types) defaults() tree.Tree {
	if len(t.sections) == 0 {
		return t.root.Defaults()
	}
	e := tree.Of(t.root.Defaults().Root()).Edit()
	for _, s := range t.sections {
		if own := s.binder.Defaults(); own.Root() != nil {
			e.Graft(s.at, tree.Of(own.Root()))
		}
	}
	return e.Tree().Located(func(p tree.Path, _ tree.Place) tree.Origin {
		return tree.Origin{Kind: "default", Key: t.Describe(p).Field}
	})
}

// with returns the types and one section more.
func (t *types) with(s *section) *types {
	more := *t
	more.sections = append(more.sections[:len(t.sections):len(t.sections)], s)
	return &more
}

// covering returns the section that knows a path of fields' own keys, and the path
// within it. What the user's type alone knows of a part is in none.
func (t *types) covering(path tree.Path) (s *section, within tree.Path) {
	for _, s := range t.sections {
		if !path.HasPrefix(s.at) {
			continue
		}
		within := path[len(s.at):]
		if s.shared && !s.binder.Describe(within).Known && t.root.Describe(path).Known {
			break
		}
		return s, within
	}
	return nil, nil
}

// knowsKeys reports whether a type knows keys of what is at a path, or below.
func knowsKeys(s *tree.Shape, path tree.Path) bool {
	for s = shapeAt(s, path); s != nil && s.Elem != nil; {
		s = s.Elem
	}
	return s != nil && (s.Fields != nil || s.Rest != nil)
}

// Describe is [binder.Binder.Describe], of sections too.
func (t *types) Describe(path tree.Path) binder.Info {
	info := t.root.Describe(path)
	if s, within := t.covering(info.Path); s != nil {
		secret := info.Secret
		info = s.binder.Describe(within)
		info.Path, info.Secret = s.at.Child(info.Path...), info.Secret || secret
	}
	return info
}

// Raw is [binder.Binder.Raw], of sections too.
func (t *types) Raw(layer *tree.Node, path tree.Path) tree.Path {
	s, within := t.covering(path)
	if s == nil {
		return t.root.Raw(layer, path)
	}
	at := t.root.Raw(layer, s.at)
	raw := at.Child(s.binder.Raw(layer.Lookup(at), within)...)
	if s.shared && layer.Lookup(raw) == nil {
		return t.root.Raw(layer, path) // by a name that only the user's type knows
	}
	return raw
}

// Lookup is [binder.Binder.Lookup], of sections too.
func (t *types) Lookup(root *tree.Node, path tree.Path) (n *tree.Node, at tree.Path) {
	s, within := t.covering(path)
	if s == nil {
		return t.root.Lookup(root, path)
	}
	n, at = s.binder.Lookup(root.Lookup(s.at), within)
	return n, s.at.Child(at...)
}

// Hides is [binder.Binder.Hides], of sections too: what holds one with a secret
// is a secret.
func (t *types) Hides(path tree.Path, n *tree.Node) bool {
	if s, within := t.covering(path); s != nil {
		own := s.shared && s.binder.Describe(within).Known && !t.root.Describe(path).Known
		return s.binder.Hides(within, n) || !own && t.root.Hides(path, n)
	}
	for _, s := range t.sections {
		if s.at.HasPrefix(path) && n != nil && s.holdsSecret() {
			return true
		}
	}
	return t.root.Hides(path, n)
}

func (s *section) holdsSecret() bool { return s.binder.Shape().Hides(tree.NewScalar(tree.String, "")) }

// holdsSecret reports whether anything could be a secret.
func (t *types) holdsSecret() bool {
	holds := t.root.Shape().Hides(tree.NewScalar(tree.String, ""))
	for _, s := range t.sections {
		holds = holds || s.holdsSecret()
	}
	return holds
}

// Show is [binder.Binder.Show], of sections too.
func (t *types) Show(path tree.Path, n *tree.Node) string {
	if t.Hides(path, n) {
		return binder.Redacted
	}
	return t.root.Show(path, n)
}

// unknown returns the keys that no type takes, as each has noted them by itself:
// of a part that two types know, those that both have.
func (t *types) unknown(root *tree.Node, parts []binder.Bound) *tree.Node {
	e := tree.Of(root).Edit()
	for i, s := range t.sections {
		noted := parts[i].Unknown
		if s.shared {
			noted = inBoth(noted, root.Lookup(s.at))
		}
		e.Graft(s.at, tree.Of(noted))
	}
	return e.Tree().Root()
}

// inBoth returns the keys that are noted in two trees, nil for none.
func inBoth(a, b *tree.Node) *tree.Node {
	switch {
	case a == nil || b == nil:
		return nil
	case a.Len() == 0:
		return b
	case b.Len() == 0:
		return a
	}
	kids := map[string]*tree.Node{}
	for i, key := range a.Keys() {
		if kid := inBoth(a.At(i), b.Child(key)); kid != nil {
			kids[key] = kid
		}
	}
	if len(kids) == 0 {
		return nil
	}
	return tree.NewMap(nil, nil, nil).With(kids, nil)
}

// interpolation returns what placeholders mean.
func (t *types) interpolation() interpolate.Options {
	return interpolate.Options{
		Path:   func(p tree.Path) tree.Path { return t.Describe(p).Path },
		Secret: t.Hides,
	}
}

// unset returns the paths of the fields of structs that the tree has no value for.
func (t *types) unset(root *tree.Node) []tree.Path {
	all := unset(nil, nil, t.root.Shape(), root, nil)
	for _, s := range t.sections {
		all = unset(all, s.at, s.binder.Shape(), root.Lookup(s.at), nil)
	}
	return all
}

func unset(all []tree.Path, at tree.Path, s *tree.Shape, n *tree.Node, above []*tree.Shape) []tree.Path {
	switch {
	case s == nil || slices.Contains(above, s):
	case s.Fields != nil:
		for _, f := range s.Fields {
			if f.AliasOf == "" {
				all = unset(all, at.Child(f.Key), f.Shape, n.Child(f.Key), append(above, s))
			}
		}
	case n == nil:
		all = append(all, at)
	}
	return all
}

// Suggest is [binder.Binder.Suggest], of sections too.
func (t *types) Suggest(path tree.Path) (tree.Path, bool) {
	s, within := t.covering(path)
	if s == nil {
		return t.root.Suggest(path)
	}
	meant, ok := s.binder.Suggest(within)
	return s.at.Child(meant...), ok
}

// UnknownKey is [binder.Binder.UnknownKey], of sections too.
func (t *types) UnknownKey(path tree.Path) error {
	s, within := t.covering(path)
	if s == nil {
		return t.root.UnknownKey(path)
	}
	if meant, ok := t.Suggest(path); ok {
		return fmt.Errorf("unknown key; did you mean %q?", meant.String())
	}
	return s.binder.UnknownKey(within)
}

// ignored reports whether a key that no field takes is none of ours, by its path
// or by its name in its source.
func (t *types) ignored(key tree.Path, native string) bool {
	return slices.ContainsFunc(t.ignore, func(pattern string) bool {
		byPath, _ := path.Match(pattern, key.String())
		byName, _ := path.Match(pattern, native)
		return byPath || byName
	})
}

// wellFormed returns what is wrong with patterns.
func wellFormed(patterns []string) error {
	var errs []error
	for _, p := range patterns {
		if _, err := path.Match(p, ""); err != nil {
			errs = append(errs, fmt.Errorf("Options.Ignore: %q: %w", p, err))
		}
	}
	return errors.Join(errs...)
}
