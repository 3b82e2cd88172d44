package tree

import (
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
)

// Shape is what a Go type says about the keys that fill it. Sources whose names
// are flat, such as the environment's, need it to know where a name splits, and
// schemas are made of it. A Shape with neither Fields nor Elem takes a single
// value. Shapes of recursive types are recursive.
type Shape struct {
	Fields []Field // of a struct, in order, embedded structs' fields among them
	Elem   *Shape  // of the elements of a map or a list
	List   bool    // the elements are named by index, not by key
	Rest   *Shape  // of a struct's keys that are none of Fields; nil when it takes no others
	Text   bool    // of a struct: any text may fill it, by a decode hook; without, a JSON object does
	Secret bool    // no value here or below may be shown or stored

	Type reflect.Type // that is filled, behind any pointers; nil in a Shape that was made by hand
}

// Field is one key of a struct.
type Field struct {
	Key     string   // as it is written in paths
	AliasOf string   // of another name of a field: the field's own key; else ""
	Env     []string // environment variables that fill it, by their whole names
	Shape   *Shape

	Required bool
	Default  *Node               // of the default tag; nil when there is none
	Go       reflect.StructField // the zero value in a Shape that was made by hand
	Owner    reflect.Type        // the struct that declares it, which may be an embedded one
}

// Hides reports whether n, at a value of this shape, must be neither shown nor
// stored: it is a secret or was made of one, or it is one text and there is a secret anywhere in
// what it fills.
func (s *Shape) Hides(n *Node) bool {
	if s == nil || n.Kind() <= Null {
		return n.IsSecret()
	}
	return n.secret || s.Secret || (n.Kind().IsScalar() || n.Own() != nil) && s.holdsSecret(map[*Shape]bool{})
}

func (s *Shape) holdsSecret(seen map[*Shape]bool) bool {
	if s == nil || seen[s] {
		return false
	}
	seen[s] = true
	return s.Secret || s.Elem.holdsSecret(seen) || s.Rest.holdsSecret(seen) ||
		slices.ContainsFunc(s.Fields, func(f Field) bool { return f.Shape.holdsSecret(seen) })
}

// Sub returns the shape at a path, nil when nothing there can be filled. Below a
// value that may be anything, as that of an interface, it is that value's shape.
func (s *Shape) Sub(p Path) *Shape {
	for _, seg := range p {
		if s == nil || s.isAny() {
			return s
		}
		if s.Elem != nil {
			s = s.Elem
			continue
		}
		s = s.field(seg)
	}
	return s
}

// isAny reports whether any value fits: of an interface, of a Node, and of a type
// that reads JSON and no text.
func (s *Shape) isAny() bool {
	if s.Type == nil || s.Fields != nil || s.Elem != nil || s.Rest != nil {
		return false
	}
	reads := reflect.PointerTo(s.Type).Implements
	return s.Type.Kind() == reflect.Interface || s.Type == nodeType || reads(jsonUnmarshaler) && !reads(textUnmarshaler)
}

var (
	nodeType        = reflect.TypeFor[*Node]()
	jsonUnmarshaler = reflect.TypeFor[json.Unmarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// field returns the shape of the field with a name, or of the keys that no field
// takes.
func (s *Shape) field(name string) *Shape {
	for _, f := range s.Fields {
		if f.Key == name || Fold(f.Key) == Fold(name) {
			return f.Shape
		}
	}
	return s.Rest
}

var folder = strings.NewReplacer("_", "", "-", "")

// Fold returns a name without its case, underscores and dashes: the form in which
// "maxConns", "max_conns" and "MAX-CONNS" are one.
func Fold(name string) string { return strings.ToLower(folder.Replace(name)) }
