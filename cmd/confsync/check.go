package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"github.com/spf13/cobra"

	"github.com/confsync/confsync/tree"
)

func (a *app) check() *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Check the effective configuration against a JSON Schema",
		Long: `Check merges the sources and holds the result against the JSON Schema of --schema,
such as package schema makes of a Go type. Without a schema it checks that every
source can be read and merged. It exits with 1 when the configuration is invalid,
which makes it a step for CI.`,
		Example: "  confsync -s defaults.yaml -s production.yaml --schema schema.json check",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := a.open(cmd.Context())
			if err != nil {
				return unusable(err)
			}
			defer cfg.Close()
			if a.schema != "" {
				if err := a.validate(cfg); err != nil {
					return err
				}
			}
			fmt.Fprintln(a.out, "valid")
			return nil
		},
	}
}

// validate holds the configuration against the schema.
func (a *app) validate(cfg *opened) error {
	schema, err := compile(a.schema)
	if err != nil {
		return err
	}
	root, err := nodeOf(cfg.Config)
	if err != nil {
		return err
	}
	invalid, err := problems(schema, goValue(nil, root))
	if err != nil || len(invalid) == 0 {
		return err
	}
	text := "invalid, 1 problem\n"
	if len(invalid) > 1 {
		text = fmt.Sprintf("invalid, %d problems\n", len(invalid))
	}
	for _, leaf := range invalid {
		path := tree.Path(leaf.InstanceLocation)
		text += fmt.Sprintf("\n%s: %s", path, reason(leaf))
		if x, err := cfg.Explain(path.String()); err == nil && len(x.Layers) > 0 {
			text += "\n    from   " + x.Layers[0].Origin.String()
		}
	}
	return exit{exitNo, errors.New(text)}
}

// problems returns what is wrong with a document. A text that stands for a number
// or a boolean is one, as it is for a Go type: stores and variables hold nothing
// but texts.
func problems(schema *jsonschema.Schema, document any) ([]*jsonschema.ValidationError, error) {
	for {
		err := schema.Validate(document)
		var invalid *jsonschema.ValidationError
		if !errors.As(err, &invalid) {
			return nil, err
		}
		all, read := leaves(invalid), false
		for _, leaf := range all {
			if k, ok := leaf.ErrorKind.(*kind.Type); ok && k.Got == "string" {
				read = replace(document, leaf.InstanceLocation, k.Want) || read
			}
		}
		if !read {
			return all, nil
		}
	}
}

// replace reads the text at a place as one of the kinds that are wanted there. It
// reports whether it is one.
func replace(document any, at []string, want []string) bool {
	for len(at) > 1 {
		document, at = child(document, at[0]), at[1:]
	}
	if len(at) == 0 {
		return false
	}
	text, _ := child(document, at[0]).(string)
	var value any
	for _, name := range want {
		if name == "boolean" && (text == "true" || text == "false") {
			value = text == "true"
		}
		if _, err := strconv.ParseInt(text, 10, 64); err == nil && (name == "integer" || name == "number") {
			value = json.Number(text)
		}
		if _, err := strconv.ParseFloat(text, 64); err == nil && name == "number" {
			value = json.Number(text)
		}
	}
	if value == nil {
		return false
	}
	switch into := document.(type) {
	case map[string]any:
		into[at[0]] = value
	case []any:
		i, _ := strconv.Atoi(at[0])
		into[i] = value
	}
	return true
}

func child(document any, key string) any {
	switch from := document.(type) {
	case map[string]any:
		return from[key]
	case []any:
		if i, err := strconv.Atoi(key); err == nil && i < len(from) {
			return from[i]
		}
	}
	return nil
}

func compile(file string) (*jsonschema.Schema, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(data)))
	if err != nil {
		return nil, fmt.Errorf("schema %s: %w", file, err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		return nil, fmt.Errorf("schema %s: %w", file, err)
	}
	schema, err := c.Compile("schema.json")
	if err != nil {
		return nil, fmt.Errorf("schema %s: %w", file, err)
	}
	return schema, nil
}

// leaves returns the causes that have no cause themselves.
func leaves(e *jsonschema.ValidationError) []*jsonschema.ValidationError {
	if len(e.Causes) == 0 {
		return []*jsonschema.ValidationError{e}
	}
	var all []*jsonschema.ValidationError
	for _, cause := range e.Causes {
		all = append(all, leaves(cause)...)
	}
	return all
}

// reason says which rule of the schema is broken, and by what kind of value: the
// value itself may be a secret.
func reason(e *jsonschema.ValidationError) string {
	switch k := e.ErrorKind.(type) {
	case *kind.Type:
		return fmt.Sprintf("a %s, and the schema wants %s", k.Got, strings.Join(k.Want, " or "))
	case *kind.Required:
		return "missing: " + strings.Join(k.Missing, ", ")
	case *kind.AdditionalProperties:
		return "unknown: " + strings.Join(k.Properties, ", ")
	}
	return "not as the schema's " + strings.Join(e.ErrorKind.KeywordPath(), "/") + " wants it"
}
