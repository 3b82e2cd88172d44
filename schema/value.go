package schema

import (
	"encoding"
	"encoding/json"
	"reflect"
	"regexp"
	"strconv"

	"github.com/confsync/confsync/tree"
)

var number = regexp.MustCompile(`^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$`)

// value returns what a default tag says, as a document writes it.
func (s *Schema) value(shape *tree.Shape, n *tree.Node) any {
	switch n.Kind() {
	case tree.Absent, tree.Null:
		return nil
	case tree.List:
		list := make([]any, n.Len())
		for i := range list {
			list[i] = s.value(elem(shape), n.At(i))
		}
		return list
	case tree.Map:
		object := properties{}
		for i, key := range n.Keys() {
			object = append(object, property{key, s.value(shape.Sub(tree.Path{key}), n.At(i))})
		}
		return object
	}
	return s.scalar(shape, n.Text())
}

func elem(s *tree.Shape) *tree.Shape {
	if s == nil {
		return nil
	}
	return s.Elem
}

func (s *Schema) scalar(shape *tree.Shape, text string) any {
	if shape == nil {
		return text
	}
	switch l, _ := s.leafOf(shape); {
	case l.types == nil:
	case l.types[0] == "boolean":
		if v, err := strconv.ParseBool(text); err == nil {
			return v
		}
	case l.types[0] == "integer", l.types[0] == "number":
		if number.MatchString(text) {
			return json.Number(text)
		}
	}
	return text
}

// zero returns the value that leaves a type as it is with no document at all,
// as a document writes it. Where there must be one it is not nil.
func (s *Schema) zero(shape *tree.Shape, required bool) any {
	if shape.List && shape.Type.Kind() == reflect.Array && shape.Elem.Elem == nil && len(shape.Elem.Fields) == 0 {
		list := make([]any, shape.Type.Len())
		for i := range list {
			list[i] = s.zero(shape.Elem, required)
		}
		return list
	}
	if shape.List {
		return []any{}
	}
	l, ok := s.leafOf(shape)
	switch {
	case !ok:
		return properties{}
	case l.name == "duration":
		return "0s"
	case l.name == "time" && !required:
		return nil
	case reflect.PointerTo(shape.Type).Implements(textUnmarshaler):
		if text, ok := zeroText(shape.Type); ok {
			return text
		}
	case len(l.types) == 0:
	case l.types[0] == "boolean":
		return false
	case l.types[0] == "integer", l.types[0] == "number":
		return json.Number("0")
	default:
		return ""
	}
	if required {
		return ""
	}
	return nil
}

// zeroText returns the text of a type's zero value, if it is one that the type
// reads back.
func zeroText(t reflect.Type) (text string, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	zero, again := reflect.New(t), reflect.New(t)
	m, marshals := zero.Interface().(encoding.TextMarshaler)
	if !marshals {
		return "", false
	}
	data, err := m.MarshalText()
	if err != nil || again.Interface().(encoding.TextUnmarshaler).UnmarshalText(data) != nil {
		return "", false
	}
	return string(data), reflect.DeepEqual(zero.Elem().Interface(), again.Elem().Interface())
}
