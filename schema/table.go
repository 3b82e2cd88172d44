package schema

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

// Row is one key of a configuration and the names that sources have for it.
type Row struct {
	Path     string // with 0 for an element of a list and <key> for a key of a map
	Env      string // the variable that env reads; "" when there is none, or two fields would have it
	Flag     string // the flag that flags.Define defines; "" when it defines none
	Type     string // in words, as "list of string"
	Default  string // of the default tag; "" for a secret and when there is none
	Required bool   // it must be in some layer
	Secret   bool   // its value is never shown
	About    string // what describes the field
}

// Rows returns the keys that take a value, in the order of the type's fields.
func (s *Schema) Rows() []Row {
	r := rows{Schema: s, flags: map[string]string{}}
	for _, f := range source.FlagsOf(s.root) {
		r.flags[f.Path.String()] = f.Name
	}
	r.fields(s.root, nil, "")
	return r.all
}

type rows struct {
	*Schema
	flags map[string]string // their names, by paths
	open  []*tree.Shape     // above the present one
	all   []Row
}

func (r *rows) fields(shape *tree.Shape, path tree.Path, p place) {
	if slices.Contains(r.open, shape) {
		return // a type that holds itself
	}
	r.open = append(r.open, shape)
	defer func() { r.open = r.open[:len(r.open)-1] }()
	for _, f := range shape.Fields {
		if f.AliasOf == "" {
			r.field(f, path.Child(f.Key), p.in(shape.Type))
		}
	}
	if shape.Rest != nil {
		r.field(tree.Field{Key: "<key>", Shape: shape.Rest}, path.Child("<key>"), p.in(shape.Type))
	}
}

// field adds the row of a field, or those of the structs it holds.
func (r *rows) field(f tree.Field, path tree.Path, p place) {
	inner, below := f.Shape, path
	for inner.Elem != nil {
		segment := "<key>"
		if inner.List {
			segment = "0"
		}
		inner, below = inner.Elem, below.Child(segment)
	}
	if len(inner.Fields) > 0 {
		r.fields(inner, below, p.below(f))
		return
	}
	row := Row{
		Flag: r.flags[path.String()], Type: r.typeName(f.Shape),
		Required: f.Required, Secret: f.Shape.Secret, About: r.docs.describe(p, f),
	}
	if f.Shape.Elem != nil && !f.Shape.List {
		path, row.Type = path.Child("<key>"), r.typeName(f.Shape.Elem)
	}
	row.Path, row.Env = path.String(), r.env(path)
	if f.Default != nil && !f.Shape.Secret {
		row.Default = inline(r.value(f.Shape, f.Default))
	}
	if len(f.Env) > 0 {
		row.Env = strings.Join(f.Env, ", ")
	}
	if f.Owner == nil { // any key: no name leads to it
		row.Env = ""
	}
	r.all = append(r.all, row)
}

func (s *Schema) env(path tree.Path) string {
	switch {
	case s.names == nil:
		return ""
	case s.opts.EnvPrefix == "":
		return s.names.Canonical(path)
	}
	return strings.TrimSuffix(s.opts.EnvPrefix, "_") + "_" + s.names.Canonical(path)
}

// inline returns a value on one line.
func inline(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	text, _ := encode(v) // made of what can be encoded
	return string(text)
}

func (r Row) remarks() string {
	var all []string
	if r.Required {
		all = append(all, "required")
	}
	if r.Secret {
		all = append(all, "secret")
	}
	return strings.Join(all, ", ")
}

// Markdown returns the rows as a table for a document.
func (s *Schema) Markdown() string {
	var b strings.Builder
	b.WriteString("| key | type | default | | variable | flag | |\n|---|---|---|---|---|---|---|\n")
	code := func(text string) string {
		if text == "" {
			return ""
		}
		return "`" + text + "`"
	}
	for _, r := range s.Rows() {
		flag := ""
		if r.Flag != "" {
			flag = "-" + r.Flag
		}
		for _, cell := range []string{code(r.Path), r.Type, code(r.Default), r.remarks(), code(r.Env), code(flag), strings.Join(strings.Fields(r.About), " ")} {
			b.WriteString("| " + strings.ReplaceAll(cell, "|", `\|`) + " ")
		}
		b.WriteString("|\n")
	}
	return b.String()
}

// Help returns the rows in columns for a terminal, as a program prints them for
// --help: the key, its type, its variable, and what there is to know of it.
func (s *Schema) Help() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, r := range s.Rows() {
		about := strings.Join(strings.Fields(r.About), " ")
		var remarks []string
		if r.Default != "" {
			remarks = append(remarks, "default "+r.Default)
		}
		if text := r.remarks(); text != "" {
			remarks = append(remarks, text)
		}
		if len(remarks) > 0 {
			about = strings.TrimSpace(fmt.Sprintf("%s (%s)", about, strings.Join(remarks, ", ")))
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.Path, r.Type, r.Env, about)
	}
	w.Flush()
	lines := strings.Split(b.String(), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	return strings.Join(lines, "\n")
}
