package confsync

import (
	"cmp"
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
	"time"

	"github.com/confsync/confsync/binder"
	"github.com/confsync/confsync/merge"
	"github.com/confsync/confsync/tree"
)

// shown returns a value as it may be shown: secrets are redacted, keys that no
// field takes are left out, index keys of a list are a list, and the text of a
// number or a bool is one. It is nil when nothing is left.
func shown(s *tree.Shape, n *tree.Node) *tree.Node {
	switch {
	case s == nil || n == nil:
		return nil
	case n.Kind().IsScalar() || n.Kind() == tree.Null:
		return shownScalar(s, n)
	case s.List:
		return shownList(s, n)
	case takesAny(s):
		return shownAny(s, n)
	}
	kids := map[string]*tree.Node{}
	for i, key := range n.Keys() {
		own, sub := below(s, key)
		if kid := shown(sub, n.At(i)); kid != nil {
			kids[own] = kid
		}
	}
	return tree.NewMap(nil, nil, nil).With(kids, nil)
}

var (
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
	jsonUnmarshaler = reflect.TypeFor[json.Unmarshaler]()
	durationType    = reflect.TypeFor[time.Duration]()
)

// takesAny reports whether a type takes whatever there is, as an interface does,
// or a type that reads JSON by itself.
func takesAny(s *tree.Shape) bool {
	return s.Elem == nil && s.Fields == nil && s.Rest == nil && s.Type != nil &&
		(s.Type.Kind() != reflect.Struct || reflect.PointerTo(s.Type).Implements(jsonUnmarshaler))
}

// shapeAt returns the shape of a value at a path, nil when nothing takes it.
func shapeAt(s *tree.Shape, path tree.Path) *tree.Shape {
	for _, segment := range path {
		if s == nil || takesAny(s) {
			break
		}
		_, s = below(s, segment)
	}
	return s
}

// below returns what takes a key, nil when nothing does, and the key as it is
// its own.
func below(s *tree.Shape, key string) (own string, sub *tree.Shape) {
	if s.Elem != nil {
		return key, s.Elem
	}
	for _, f := range s.Fields {
		if f.Key == key || tree.Fold(f.Key) == tree.Fold(key) {
			return cmp.Or(f.AliasOf, f.Key), f.Shape
		}
	}
	return key, s.Rest
}

func shownList(s *tree.Shape, n *tree.Node) *tree.Node {
	kids := make([]*tree.Node, n.Len())
	for i := range kids {
		at, ok := tree.Index(n.Segment(i))
		if !ok || at >= len(kids) {
			return nil // a list with a gap isn't served
		}
		if kids[at] = shown(s.Elem, n.At(i)); kids[at] == nil {
			kids[at] = tree.NewScalar(tree.Null, "")
		}
	}
	return tree.NewList(kids)
}

// shownAny returns what fills an interface: whatever it is, but for the secrets
// in it.
func shownAny(s *tree.Shape, n *tree.Node) *tree.Node {
	switch {
	case s.Secret || n.IsSecret():
		return redacted(s)
	case n.Len() == 0:
		return n
	}
	kids := make([]*tree.Node, n.Len())
	for i := range kids {
		kids[i] = shownAny(s, n.At(i))
	}
	if n.Kind() == tree.List {
		return tree.NewList(kids)
	}
	return tree.NewMap(n.Keys(), kids, nil)
}

// redacted stands for a secret: a text where the type takes any, else a null, so
// that what is shown can be read back.
func redacted(s *tree.Shape) *tree.Node {
	if s.Type != nil && (s.Type.Kind() == reflect.String || s.Type.Kind() == reflect.Interface) {
		return tree.NewScalar(tree.String, binder.Redacted)
	}
	return tree.NewScalar(tree.Null, "")
}

// isNumber reports whether a text is a number as JSON has it.
func isNumber(text string) bool {
	return text != "" && strings.ContainsRune("-0123456789", rune(text[0])) && json.Valid([]byte(text))
}

func shownScalar(s *tree.Shape, n *tree.Node) *tree.Node {
	if s.Hides(n) {
		return redacted(s)
	}
	if n.Kind() != tree.String || s.Type == nil || reflect.PointerTo(s.Type).Implements(textUnmarshaler) {
		return n
	}
	switch kind, text := s.Type.Kind(), strings.TrimSpace(n.Text()); {
	case kind == reflect.Bool && (text == "true" || text == "false"):
		return tree.NewScalar(tree.Bool, text)
	case s.Type == durationType: // its text has a unit
	case kind >= reflect.Int && kind <= reflect.Uint64 && isNumber(text) && !strings.ContainsAny(text, ".eE"):
		return tree.NewScalar(tree.Int, text)
	case (kind == reflect.Float32 || kind == reflect.Float64) && isNumber(text):
		return tree.NewScalar(tree.Float, text)
	}
	return n
}

// shown returns what is served at a path, as it may be shown: what either type
// takes, and nothing that either hides.
func (t *types) shown(path tree.Path, n *tree.Node) *tree.Node {
	if len(t.sections) > 0 {
		n = t.marked(path, n)
	}
	whole := shown(shapeAt(t.root.Shape(), path), n)
	for _, s := range t.sections {
		switch {
		case path.HasPrefix(s.at):
			return s.over(whole, shown(shapeAt(s.binder.Shape(), path[len(s.at):]), n))
		case s.at.HasPrefix(path):
			below := s.at[len(path):]
			if part := whole.Lookup(below); part != nil {
				e := tree.Of(whole).Edit()
				e.Graft(below, tree.Of(s.over(part, shown(s.binder.Shape(), n.Lookup(below)))))
				whole = e.Tree().Root()
			}
		}
	}
	return whole
}

// over returns what is shown of a section, and what the user's type shows there.
func (s *section) over(whole, part *tree.Node) *tree.Node {
	if !s.shared {
		return part
	}
	return merge.Merge(merge.Result{}, []*tree.Node{whole, part}).Root()
}

// marked returns a value with all that is hidden in it marked so.
func (t *types) marked(path tree.Path, n *tree.Node) *tree.Node {
	if n.Len() == 0 {
		if t.Hides(path, n) {
			return n.AsSecret()
		}
		return n
	}
	kids := make([]*tree.Node, n.Len())
	for i := range kids {
		kids[i] = t.marked(path.Child(n.Segment(i)), n.At(i))
	}
	if n.Kind() == tree.List {
		return tree.NewList(kids)
	}
	return tree.NewMap(n.Keys(), kids, n.Own())
}
