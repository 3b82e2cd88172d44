package schema

import (
	"reflect"
	"slices"
	"strings"

	"github.com/confsync/confsync/tree"
)

// define returns the definition of a type, which stands at a JSON pointer.
func (g *generator) define(s *tree.Shape, at string, p place) *definition {
	if name := g.named[s]; name != "" {
		if !slices.Contains(g.open, s) {
			g.open = append(g.open, s)
			i := len(g.defs)
			g.defs = append(g.defs, property{key: name})
			g.defs[i].value = g.defineType(s, "#/$defs/"+name, p)
		}
		return &definition{Ref: "#/$defs/" + name}
	}
	return g.defineType(s, at, p)
}

func (g *generator) defineType(s *tree.Shape, at string, p place) *definition {
	if l, ok := g.leafOf(s); ok {
		return g.defineLeaf(l)
	}
	switch {
	case s.Elem == nil:
		return g.defineStruct(s, at, p.in(s.Type))
	case s.List:
		return g.defineList(s, at, p)
	}
	return g.defineMap(s, at, p)
}

func (g *generator) defineLeaf(l leaf) *definition {
	if l.types == nil {
		return &definition{}
	}
	d := &definition{Type: nullable(l.types), Format: l.format, Minimum: l.low, Maximum: l.high}
	if slices.Contains(l.types, "array") { // of bytes
		b, _ := basicLeaf(reflect.TypeFor[byte]())
		d.Items, d.PropertyNames = g.defineLeaf(b), &definition{Pattern: indexes(-1)}
		d.AdditionalProperties = d.Items
	}
	if l.core == "" {
		return d
	}
	text := definition{Pattern: g.text(l.pattern()), PatternErrorMessage: "cannot use this text as " + l.name}
	if l.types[0] != "integer" {
		d.Pattern, d.PatternErrorMessage = text.Pattern, text.PatternErrorMessage
		return d
	}
	name := "text of " + l.name // a long expression, so it stands only once
	d.Ref = "#/$defs/" + escapeURI(name)
	if !slices.ContainsFunc(g.defs, func(p property) bool { return p.key == name }) {
		g.defs = append(g.defs, property{name, &text})
	}
	return d
}

// text returns the expression of a text that a placeholder may be in, which may
// become anything.
func (g *generator) text(expr string) string {
	if g.opts.Interpolate {
		return expr + `|\$[{$]`
	}
	return expr
}

func nullable(types []string) []string { return append(slices.Clone(types), "null") }

// defineList takes a list, index keys, or a text that spells one.
func (g *generator) defineList(s *tree.Shape, at string, p place) *definition {
	n := -1
	d := &definition{Type: []string{"array", "object"}}
	if s.Type.Kind() == reflect.Array {
		n = s.Type.Len()
		d.MinItems, d.MaxItems, d.MinProperties = &n, &n, n
	}
	d.Items = g.element(s, at+"/items", p)
	d.PropertyNames = &definition{Pattern: indexes(n)}
	d.AdditionalProperties = &definition{Ref: escapeURI(at + "/items")}
	text := g.textOfElement(s)
	if n < 0 || n == 1 {
		d.Type, d.Minimum, d.Maximum = append(d.Type, text.types...), text.low, text.high
		if isSwitched(s) && !g.maybeEmpty(s.Elem) {
			d.Not = oneOf([]any{true})
		}
	} else {
		d.Type = append(d.Type, "string")
	}
	d.Type, d.Pattern = append(d.Type, "null"), g.text(listText(text.core, n))
	return d
}

// textOf returns what a type takes of a text in which it is one element of a
// list.
func (g *generator) textOf(s *tree.Shape) leaf {
	l, ok := g.leafOf(s)
	switch {
	case ok && l.types == nil:
		return leaf{types: []string{"string", "number", "boolean"}}
	case ok:
		l = l.asText()
		if !slices.Contains(l.types, "string") {
			l.types = append(l.types, "string")
		}
		return l
	case s.List && (s.Type.Kind() == reflect.Slice || s.Type.Len() == 1):
		l := g.textOfElement(s)
		if l.core != "" && s.Type.Kind() == reflect.Slice {
			l.core = `(?:` + l.core + `)?` // an empty one
		}
		return l
	case s.List:
		return leaf{types: []string{"string"}, core: `\[[^,]*\]`}
	case s.Elem != nil:
		key, _ := g.leafOfType(s.Type.Key())
		return leaf{types: []string{"string"}, core: entryText(key.core, g.textOfElement(s).core)}
	case needs(s, false):
		return leaf{types: []string{"string"}, core: `\{[^,]*\}`}
	}
	return leaf{types: []string{"string"}, core: `(?:\{[^,]*\})?`}
}

// textOfElement is textOf for what a list or a map holds, which may be a pointer.
func (g *generator) textOfElement(s *tree.Shape) leaf {
	l := g.textOf(s.Elem)
	if !isSwitched(s) {
		return l
	}
	words := "false"
	if g.maybeEmpty(s.Elem) {
		words = "false|true"
	}
	return leaf{types: append(slices.Clone(l.types), "boolean"), core: `(?:` + l.core + `|` + words + `)`}
}

// isSwitched reports whether a list or a map holds pointers to structs, which
// "true" and "false" switch on and off.
func isSwitched(s *tree.Shape) bool {
	return s.Type.Elem().Kind() == reflect.Pointer && s.Elem.Text
}

// maybeEmpty reports whether a struct may be given without any key: as an empty
// text, or by "true".
func (g *generator) maybeEmpty(s *tree.Shape) bool { return g.opts.Partial || !needs(s, false) }

// defineMap takes keys of any name that the type's can have, or a text that
// spells a map.
func (g *generator) defineMap(s *tree.Shape, at string, p place) *definition {
	d := &definition{Type: []string{"object", "string", "null"}}
	key, _ := g.leafOfType(s.Type.Key()) // of no expression for an interface
	if key.core != "" {
		d.PropertyNames = &definition{Pattern: key.pattern()}
	}
	d.Pattern = g.text(mapText(key.core, g.textOfElement(s).core))
	d.AdditionalProperties = g.element(s, at+"/additionalProperties", p)
	return d
}

// element returns the definition of what a list or a map holds.
func (g *generator) element(s *tree.Shape, at string, p place) *definition {
	d := g.define(s.Elem, at, p)
	if s.Type.Elem().Kind() == reflect.Pointer {
		d = g.orPointer(d, s.Elem, false)
	}
	return d
}

// orPointer is d for a pointer. One to a struct is switched on by "true", unless
// something is required there, and off by "false", unless it is required itself. A
// definition stays where it is, as others refer to what is below it.
func (g *generator) orPointer(d *definition, to *tree.Shape, required bool) *definition {
	if required {
		d = d.notNull()
	} else {
		d = d.orNull()
	}
	if !to.Text {
		return d
	}
	text, no := objectText, []any(nil)
	if required {
		no = append(no, false)
	} else {
		text += "|false"
	}
	if g.maybeEmpty(to) {
		text = `(?:` + text + `|true)?`
	} else {
		text, no = `(?:`+text+`)`, append(no, true)
	}
	onOff := definition{Type: []string{"boolean", "string"}, Pattern: g.text(exactly(text)), Not: oneOf(no)}
	switch {
	case d.AnyOf != nil:
		d.AnyOf = append(d.AnyOf, onOff)
	case d.Type == nil:
		return &definition{AnyOf: []definition{{Ref: d.Ref}, onOff}, Not: d.Not}
	default:
		d.Type, d.Pattern, d.Not = append(d.Type, "boolean"), onOff.Pattern, onOff.Not
	}
	return d
}

// oneOf is what takes these values, nil for none.
func oneOf(values []any) *definition {
	if values == nil {
		return nil
	}
	return &definition{Enum: values}
}

func (g *generator) defineStruct(s *tree.Shape, at string, p place) *definition {
	d := &definition{
		Type: []string{"object", "string"}, Description: g.docs[string(p)],
		Pattern: g.text(exactly(objectText)), AdditionalProperties: false,
	}
	if g.maybeEmpty(s) {
		d.Pattern = g.text(exactly(`(?:` + objectText + `)?`))
	}
	if !needs(s, true) {
		d.Type = append(d.Type, "null")
	}
	for _, f := range s.Fields {
		if f.AliasOf == "" {
			g.addField(d, s, f, at+"/properties/"+pointer.Replace(f.Key), p)
		}
	}
	if s.Rest != nil {
		d.AdditionalProperties = g.define(s.Rest, at+"/additionalProperties", p)
	}
	return d
}

// addField adds a field to the definition of its struct, under all its names and
// their spellings.
func (g *generator) addField(d *definition, s *tree.Shape, f tree.Field, at string, p place) {
	d.Properties = append(d.Properties, property{f.Key, g.defineField(f, at, p)})
	var none properties
	for _, name := range s.Fields {
		if name.Key == f.Key || name.AliasOf == f.Key {
			pattern := spellings(name.Key)
			d.PatternProperties = append(d.PatternProperties, property{pattern, &definition{Ref: escapeURI(at)}})
			none = append(none, property{pattern, false})
		}
	}
	if !g.opts.Partial && missed(f) {
		d.AllOf = append(d.AllOf, definition{If: &definition{PatternProperties: none}, Then: &definition{Required: []string{f.Key}}})
	}
}

var pointer = strings.NewReplacer("~", "~0", "/", "~1") // escapes a key in a JSON pointer

func (g *generator) defineField(f tree.Field, at string, p place) *definition {
	d := g.define(f.Shape, at, p.below(f))
	switch {
	case f.Go.Type.Kind() == reflect.Pointer:
		d = g.orPointer(d, f.Shape, f.Required)
	case f.Required:
		d = d.notNull()
	}
	if about := g.docs.describe(p, f); about != "" {
		d.Description = about
	}
	if f.Shape.Secret {
		d.WriteOnly = true
	} else if f.Default != nil {
		d.Default = g.value(f.Shape, f.Default)
	}
	return d
}

// missed reports whether a struct can't do without a field: it is required, or
// something inside it is.
func missed(f tree.Field) bool {
	if f.Default != nil {
		return false
	}
	return f.Required || f.Go.Type.Kind() != reflect.Pointer && needs(f.Shape, false)
}

// needs reports whether a struct can't be made of nothing, or of a null, which
// hides the default tags too.
func needs(s *tree.Shape, null bool) bool {
	for _, f := range s.Fields {
		if f.Required && (null || f.Default == nil) {
			return true
		}
		if (null || f.Default == nil) && f.Go.Type.Kind() != reflect.Pointer && needs(f.Shape, null) {
			return true
		}
	}
	return false
}
