package schema

import (
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/confsync/confsync/tree"
)

// Sample returns a YAML document with every key, each with its comment, type and
// variable, to be edited. As it stands it gives what no document gives: every
// value is the default, or the type's zero. Values that are required are to be
// filled in; those of maps, lists and pointers to structs have a commented
// example.
func (s *Schema) Sample() []byte {
	w := &sample{Schema: s, off: -1}
	w.fields(s.root, nil, "")
	return []byte(w.b.String())
}

// sample writes a document line by line.
type sample struct {
	*Schema
	b      strings.Builder
	indent int
	off    int // the indent from which on lines are comments, or -1
	open   []*tree.Shape
}

func (w *sample) line(text string) {
	if w.off < 0 {
		w.b.WriteString(strings.Repeat("  ", w.indent) + text + "\n")
		return
	}
	w.b.WriteString(strings.Repeat("  ", w.off) + "# " + strings.Repeat("  ", w.indent-w.off) + text + "\n")
}

// disabled writes lines that are comments.
func (w *sample) disabled(write func()) {
	off := w.off
	if off < 0 {
		w.off = w.indent
	}
	write()
	w.off = off
}

func (w *sample) fields(shape *tree.Shape, path tree.Path, p place) {
	w.open = append(w.open, shape)
	for i, f := range shape.Fields {
		if f.AliasOf != "" {
			continue
		}
		if i > 0 && w.indent == 0 {
			w.b.WriteString("\n")
		}
		w.field(f, path.Child(f.Key), p.in(shape.Type))
	}
	w.open = w.open[:len(w.open)-1]
}

func (w *sample) field(f tree.Field, path tree.Path, p place) {
	w.comment(f, path, p)
	isPointer := f.Go.Type.Kind() == reflect.Pointer
	switch {
	case f.Default != nil && f.Shape.Secret: // its default isn't for others' eyes
		w.disabled(func() { w.entry(f.Key, w.zero(f.Shape, f.Required)) })
	case f.Default != nil:
		w.entry(f.Key, w.value(f.Shape, f.Default))
	case isPointer && !f.Required && len(f.Shape.Fields) == 0:
		w.entry(f.Key, nil)
	case isPointer && !f.Required:
		w.disabled(func() { w.section(f.Key, f.Shape, path, p.below(f)) })
	case len(f.Shape.Fields) > 0:
		w.section(f.Key, f.Shape, path, p.below(f))
	default:
		w.entry(f.Key, w.zero(f.Shape, f.Required))
		w.example(f, path, p)
	}
}

// section writes a struct.
func (w *sample) section(key string, shape *tree.Shape, path tree.Path, p place) {
	if slices.Contains(w.open, shape) { // a type that holds itself
		w.entry(key, properties{})
		return
	}
	w.line(quoteYAML(key) + ":")
	w.indent++
	w.fields(shape, path, p)
	w.indent--
}

// example writes, as a comment, an element of a map or of a list of structs.
func (w *sample) example(f tree.Field, path tree.Path, p place) {
	shape := f.Shape
	if shape.Elem == nil || shape.List && len(shape.Elem.Fields) == 0 || slices.Contains(w.open, shape.Elem) {
		return
	}
	w.disabled(func() {
		w.line(quoteYAML(f.Key) + ":")
		w.indent++
		switch {
		case shape.List:
			w.line("-")
			w.indent++
			w.fields(shape.Elem, path.Child("0"), p.below(f))
			w.indent--
		case len(shape.Elem.Fields) > 0:
			w.section("key", shape.Elem, path.Child("<key>"), p.below(f))
		default:
			w.entry("key", w.zero(shape.Elem, true))
		}
		w.indent--
	})
}

// comment tells what a field is for.
func (w *sample) comment(f tree.Field, path tree.Path, p place) {
	if about := w.docs.describe(p, f); about != "" {
		for _, line := range strings.Split(about, "\n") {
			w.line(strings.TrimRight("# "+line, " "))
		}
	}
	inner := f.Shape
	for inner.Elem != nil {
		inner = inner.Elem
	}
	var facts []string
	if len(f.Shape.Fields) == 0 {
		facts = append(facts, w.typeName(f.Shape))
	}
	if f.Required {
		facts = append(facts, "required")
	}
	if f.Shape.Secret {
		facts = append(facts, "secret")
	}
	if f.Shape.Elem != nil && !f.Shape.List {
		path = path.Child("<key>")
	}
	env := w.env(path)
	if len(f.Env) > 0 {
		env = strings.Join(f.Env, ", ")
	}
	if env != "" && len(inner.Fields) == 0 {
		facts = append(facts, env)
	}
	if len(facts) > 0 {
		w.line("# " + strings.Join(facts, ", "))
	}
}

func (w *sample) entry(key string, v any) {
	w.line(quoteYAML(key) + ": " + flow(v))
}

var (
	plain    = regexp.MustCompile(`^[A-Za-z][\w./-]*$|^(\d+(ns|us|ms|s|m|h))+$`)
	reserved = regexp.MustCompile(`^(?i:true|false|yes|no|on|off|y|n|null|inf|nan)$`)
)

func quoteYAML(text string) string {
	if plain.MatchString(text) && !reserved.MatchString(text) {
		return text
	}
	quoted, _ := encode(text) // a text can be encoded
	return string(quoted)
}

// flow returns a value on one line. JSON is YAML.
func flow(v any) string {
	switch v := v.(type) {
	case string:
		return quoteYAML(v)
	case json.Number:
		return v.String()
	case []any:
		items := make([]string, len(v))
		for i, item := range v {
			items[i] = flow(item)
		}
		return "[" + strings.Join(items, ", ") + "]"
	case properties:
		items := make([]string, len(v))
		for i, item := range v {
			items[i] = quoteYAML(item.key) + ": " + flow(item.value)
		}
		return "{" + strings.Join(items, ", ") + "}"
	}
	text, _ := encode(v) // nil or a bool
	return string(text)
}
