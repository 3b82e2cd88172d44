package main

import (
	"errors"
	"fmt"
	"os"
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
				return exit{exitNo, err}
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

// validate holds the configuration against the schema. A text of a store or a
// variable may stand for a number or a boolean, as it may for a Go type.
func (a *app) validate(cfg *opened) error {
	schema, err := compile(a.schema)
	if err != nil {
		return err
	}
	root, err := nodeOf(cfg.Config)
	if err != nil {
		return err
	}
	err = schema.Validate(goValue(nil, root))
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return err
	}
	var problems []string
	for _, leaf := range leaves(invalid) {
		path := tree.Path(leaf.InstanceLocation)
		text := fmt.Sprintf("%s: %s", path, reason(leaf))
		if x, err := cfg.Explain(path.String()); err == nil && len(x.Layers) > 0 {
			text += "\n    from   " + x.Layers[0].Origin.String()
		}
		problems = append(problems, text)
	}
	return exit{exitNo, fmt.Errorf("invalid, %d problems\n\n%s", len(problems), strings.Join(problems, "\n"))}
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

// leaves are the causes that have no cause themselves.
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
