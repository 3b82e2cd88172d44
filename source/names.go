package source

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/confsync/confsync/tree"
)

// ErrUnknownName is the error of [Names.Resolve] for a name that nothing in the
// type answers to.
var ErrUnknownName = errors.New("unknown name")

// Names tells which path a flat name means: DB_MAX_CONNS in the environment, or
// db-max-conns of a flag. It asks the type's own fields, so that a separator
// inside a field's name is never taken for one between two.
//
//   - A field answers to its own name in any case, with or without the
//     separators between its words. A name leads on to something that takes a
//     value; a struct that one text can fill does where nothing else fits, and,
//     for [Names.ResolveValue], any struct does that a JSON object fills.
//   - An element of a list is its index.
//   - A key of a map is all of the name that is left, as it is written, or all
//     up to a double underscore where underscore is a separator.
//   - Between two segments there may be one separator or two.
//
// Names is not changed after it was made: any number of goroutines may use it.
type Names struct {
	shape     *tree.Shape
	seps      string
	fields    map[*tree.Shape]fieldIndex
	variables map[string]tree.Path // by the names that fields have of their own
	own       map[string][]string  // those names, by path
}

// fieldIndex has the fields of a struct by the two forms of their names.
type fieldIndex struct {
	words  map[string][]tree.Field // as Canonical writes them
	folded map[string][]tree.Field // as tree.Fold does
}

// NewNames returns the Names of a type, for names whose segments any of the bytes
// of seps separates. A nil shape has no names. Two values with one [Names.Canonical]
// name, as of fields DB_MAX and DB{MAX}, are an error, and so are two fields with one
// name in [tree.Field].Env.
func NewNames(shape *tree.Shape, seps string) (*Names, error) {
	n := &Names{
		shape: shape, seps: seps, fields: make(map[*tree.Shape]fieldIndex),
		variables: make(map[string]tree.Path), own: make(map[string][]string),
	}
	n.index(shape)
	if err := n.collect(shape, nil, n.named()); err != nil {
		return nil, err
	}
	if p, q := n.clash(); p != nil {
		return nil, fmt.Errorf("fields %s and %s have one name, %s", p, q, n.Canonical(p))
	}
	return n, nil
}

func (n *Names) index(s *tree.Shape) {
	if s == nil {
		return
	}
	if _, seen := n.fields[s]; seen {
		return
	}
	at := fieldIndex{make(map[string][]tree.Field), make(map[string][]tree.Field)}
	n.fields[s] = at
	n.index(s.Elem)
	for _, f := range s.Fields {
		word, fold := words(f.Key), tree.Fold(f.Key)
		at.words[word] = append(at.words[word], f)
		at.folded[fold] = append(at.folded[fold], f)
		n.index(f.Shape)
	}
}

// named returns the structs that have a name in [tree.Field].Env, or lead to one
// that has.
func (n *Names) named() map[*tree.Shape]bool {
	found := make(map[*tree.Shape]bool)
	for before := -1; before < len(found); {
		before = len(found)
		for s := range n.fields {
			if slices.ContainsFunc(s.Fields, func(f tree.Field) bool { return f.Env != nil || found[f.Shape] }) {
				found[s] = true
			}
		}
	}
	return found
}

// collect finds the names in [tree.Field].Env, below a struct that is named and
// not yet passed through. Within lists and maps there are none: one name can't
// fill many elements.
func (n *Names) collect(s *tree.Shape, path tree.Path, named map[*tree.Shape]bool) error {
	if !named[s] {
		return nil
	}
	named[s] = false
	defer func() { named[s] = true }()
	for _, f := range s.Fields {
		p := path.Child(f.Key)
		for _, name := range f.Env {
			if q, taken := n.variables[name]; taken {
				return fmt.Errorf("fields %s and %s have one variable, %s", q, p, name)
			}
			n.variables[name] = p
		}
		if f.Env != nil {
			n.own[p.String()] = f.Env
		}
		if err := n.collect(f.Shape, p, named); err != nil {
			return err
		}
	}
	return nil
}

// Variable returns the path of the field that has a name among its
// [tree.Field].Env, and how many stand before it there.
func (n *Names) Variable(name string) (path tree.Path, rank int, ok bool) {
	path, ok = n.variables[name]
	return path, slices.Index(n.own[path.String()], name), ok
}

// Variables returns the names in the [tree.Field].Env of the field at a path.
func (n *Names) Variables(path tree.Path) []string { return n.own[path.String()] }

// Resolve returns the path that a name means, with each field's own key. When a name
// fits several paths, the one whose Canonical name it is counts; when it is
// none's, that is an error which names two. A name that fits none is an error
// that wraps [ErrUnknownName].
func (n *Names) Resolve(name string) (tree.Path, error) {
	return n.resolve(name, takesValue, takesText)
}

// ResolveValue is like Resolve for a name whose value is known: one that is a JSON
// object may fill any struct.
func (n *Names) ResolveValue(name, value string) (tree.Path, error) {
	if !strings.HasPrefix(strings.TrimSpace(value), "{") {
		return n.Resolve(name)
	}
	return n.resolve(name, takesValue, takesText, takesObject)
}

// resolve looks for what takes a value, by one rule after the other.
func (n *Names) resolve(name string, rules ...func(*tree.Shape) bool) (tree.Path, error) {
	for _, takes := range rules {
		for _, exact := range []bool{true, false} {
			switch found := n.search(name, exact, takes); len(found) {
			case 1:
				return found[0], nil
			case 2:
				return nil, fmt.Errorf("name %q is ambiguous: it may be %s or %s", name, found[0], found[1])
			}
		}
	}
	return nil, fmt.Errorf("name %q: %w", name, ErrUnknownName)
}

// Canonical returns the one name to use for a path: the words of each field, which
// begin at its capitals, in upper case and joined by "_", and the keys of maps
// as they are, with "__" around them: DB_MAX_CONNS, LABELS__team, SERVERS_0_HOST.
func (n *Names) Canonical(p tree.Path) string {
	var b strings.Builder
	shape, wasKey := n.shape, false
	for i, seg := range p {
		isKey := isMap(shape)
		if i > 0 {
			b.WriteByte('_')
			if isKey || wasKey {
				b.WriteByte('_')
			}
		}
		if isKey {
			b.WriteString(seg)
		} else {
			b.WriteString(words(seg))
		}
		shape, wasKey = shape.Sub(tree.Path{seg}), isKey
	}
	return b.String()
}

func isMap(s *tree.Shape) bool { return s != nil && s.Elem != nil && !s.List }

// words returns a key as upper-case words joined by "_".
func words(key string) string {
	var b strings.Builder
	runes := []rune(key)
	gap := false // a word has ended
	for i, r := range runes {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			gap = true
			continue
		}
		if i > 0 && unicode.IsUpper(r) {
			afterSmall := !unicode.IsUpper(runes[i-1])
			beforeSmall := i+1 < len(runes) && unicode.IsLower(runes[i+1])
			gap = gap || afterSmall || beforeSmall
		}
		if gap && b.Len() > 0 {
			b.WriteByte('_')
		}
		gap = false
		b.WriteRune(unicode.ToUpper(r))
	}
	return b.String()
}
