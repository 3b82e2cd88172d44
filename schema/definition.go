package schema

import (
	"bytes"
	"encoding/json"
	"math/big"
	"slices"
)

// definition is one schema. Its fields are in the order in which people read them.
type definition struct {
	Schema               string       `json:"$schema,omitempty"`
	Title                string       `json:"title,omitempty"`
	Description          string       `json:"description,omitempty"`
	Ref                  string       `json:"$ref,omitempty"`
	Type                 []string     `json:"type,omitempty"` // none: any
	Not                  *definition  `json:"not,omitempty"`
	Enum                 []any        `json:"enum,omitempty"`
	Format               string       `json:"format,omitempty"`
	Default              any          `json:"default,omitempty"`
	WriteOnly            bool         `json:"writeOnly,omitempty"`
	Minimum              *big.Int     `json:"minimum,omitempty"`
	Maximum              *big.Int     `json:"maximum,omitempty"`
	Pattern              string       `json:"pattern,omitempty"`
	PatternErrorMessage  string       `json:"patternErrorMessage,omitempty"` // no keyword of JSON Schema's, but editors show it
	Items                *definition  `json:"items,omitempty"`
	MinItems             *int         `json:"minItems,omitempty"`
	MaxItems             *int         `json:"maxItems,omitempty"`
	MinProperties        int          `json:"minProperties,omitempty"`
	PropertyNames        *definition  `json:"propertyNames,omitempty"`
	Properties           properties   `json:"properties,omitempty"`
	PatternProperties    properties   `json:"patternProperties,omitempty"`
	AdditionalProperties any          `json:"additionalProperties,omitempty"` // false or a *definition
	AllOf                []definition `json:"allOf,omitempty"`
	AnyOf                []definition `json:"anyOf,omitempty"`
	If                   *definition  `json:"if,omitempty"`
	Then                 *definition  `json:"then,omitempty"`
	Required             []string     `json:"required,omitempty"`
	Defs                 properties   `json:"$defs,omitempty"`
}

// orNull is d for a pointer, which may be a null.
func (d *definition) orNull() *definition {
	null := definition{Type: []string{"null"}}
	switch {
	case d.Ref != "" && d.Type == nil:
		return &definition{AnyOf: []definition{*d, null}}
	case d.Type != nil && !slices.Contains(d.Type, "null"):
		d.Type = append(d.Type, "null")
	}
	return d
}

// notNull is d for a field that is required.
func (d *definition) notNull() *definition {
	if d.Type == nil {
		d.Not = &definition{Type: []string{"null"}}
	}
	d.Type = slices.DeleteFunc(d.Type, func(t string) bool { return t == "null" })
	return d
}

// properties keep their order, which is that of the type's fields.
type properties []property

type property struct {
	key   string
	value any // *definition, or false: no such key
}

func (p properties) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, each := range p {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := encode(each.key)
		if err != nil {
			return nil, err
		}
		value, err := encode(each.value)
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// encode is JSON with "<" and the like as they are.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimRight(b.Bytes(), "\n"), err
}
