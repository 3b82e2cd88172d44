package tree

import "strings"

// Shape is what a Go type says about the keys that fill it. Sources whose
// names are flat, such as the environment's, need it to tell where a name
// splits. A Shape with neither Fields nor Elem takes a single value. Shapes of
// recursive types are recursive.
type Shape struct {
	Fields []Field // of a struct, in order, embedded structs' fields among them
	Elem   *Shape  // of the elements of a map or a list
	List   bool    // the elements are named by index, not by key
	Rest   *Shape  // of a struct's keys that are none of Fields; nil when it takes no others
	Secret bool    // no value here or below may be shown or stored
}

// Field is one key of a struct.
type Field struct {
	Key   string // as it is written in paths
	Shape *Shape
}

// Sub is the shape at a path, nil when nothing there can be filled.
func (s *Shape) Sub(p Path) *Shape {
	for _, seg := range p {
		if s == nil {
			return nil
		}
		if s.Elem != nil {
			s = s.Elem
			continue
		}
		s = s.field(seg)
	}
	return s
}

func (s *Shape) field(name string) *Shape {
	for _, f := range s.Fields {
		if f.Key == name || Fold(f.Key) == Fold(name) {
			return f.Shape
		}
	}
	return nil
}

var folder = strings.NewReplacer("_", "", "-", "")

// Fold is a name without its case, underscores and dashes: the form in which
// "maxConns", "max_conns" and "MAX-CONNS" are one.
func Fold(name string) string { return strings.ToLower(folder.Replace(name)) }
