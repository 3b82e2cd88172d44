package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/confsync/confsync/tree"
)

// shapeOf returns the shape of a type that would take what a tree holds.
func shapeOf(n *tree.Node) *tree.Shape {
	s := &tree.Shape{}
	switch n.Kind() {
	case tree.Map:
		s.Rest = &tree.Shape{}
		for i := range n.Len() {
			s.Fields = append(s.Fields, tree.Field{Key: n.Segment(i), Shape: shapeOf(n.At(i))})
		}
	case tree.List:
		s.List, s.Elem = true, &tree.Shape{}
		if n.Len() > 0 {
			s.Elem = shapeOf(n.At(0))
		}
	}
	return s
}

// schema is as much of a JSON Schema as tells keys.
type schema struct {
	Ref         string            `json:"$ref"`
	Defs        map[string]schema `json:"$defs"`
	Properties  map[string]schema `json:"properties"`
	Items       *schema           `json:"items"`
	Additional  json.RawMessage   `json:"additionalProperties"`
	AnyOf       []schema          `json:"anyOf"`
	OneOf       []schema          `json:"oneOf"`
	AllOf       []schema          `json:"allOf"`
	WriteOnly   bool              `json:"writeOnly"`
	Description string            `json:"description"`
}

// shapeOfSchema returns the shape that a JSON Schema describes. What is
// writeOnly there is a secret.
func shapeOfSchema(file string) (*tree.Shape, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	var s schema
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("schema %s: %w", file, err)
	}
	r := resolver{defs: s.Defs, done: map[string]*tree.Shape{}}
	return r.shape(s), nil
}

// resolver makes shapes of schemas that refer to definitions, to themselves too.
type resolver struct {
	defs map[string]schema
	done map[string]*tree.Shape
}

func (r *resolver) shape(s schema) *tree.Shape {
	if name, ok := strings.CutPrefix(s.Ref, "#/$defs/"); ok {
		if done := r.done[name]; done != nil {
			return done
		}
		shape := &tree.Shape{}
		r.done[name] = shape
		r.fill(shape, r.defs[name])
		return shape
	}
	shape := &tree.Shape{}
	r.fill(shape, s)
	return shape
}

func (r *resolver) fill(shape *tree.Shape, s schema) {
	shape.Secret = shape.Secret || s.WriteOnly
	if s.Items != nil {
		shape.List, shape.Elem = true, r.shape(*s.Items)
	}
	for _, key := range slices.Sorted(maps.Keys(s.Properties)) {
		shape.Fields = append(shape.Fields, tree.Field{Key: key, Shape: r.shape(s.Properties[key])})
	}
	var rest schema
	if len(s.Additional) > 0 && json.Unmarshal(s.Additional, &rest) == nil {
		if len(s.Properties) == 0 {
			shape.Elem = r.shape(rest)
		} else {
			shape.Rest = r.shape(rest)
		}
	}
	for _, part := range slices.Concat(s.AnyOf, s.OneOf, s.AllOf) {
		if part.Ref != "" {
			*shape = *r.shape(part)
			continue
		}
		r.fill(shape, part)
	}
}
