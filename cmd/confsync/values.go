package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/confsync/confsync/tree"
)

const redacted = "<redacted>"

// show returns a value as it is printed on a line: its text, quoted where it
// wouldn't stand on one line.
func show(n *tree.Node, secret bool) string {
	switch {
	case n == nil:
		return "(absent)"
	case secret:
		return redacted
	case n.Len() > 0:
		return fmt.Sprintf("(%d below)", n.Len())
	case !n.Kind().IsScalar():
		return empty[n.Kind()]
	}
	text := n.Text()
	if strings.ContainsFunc(text, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return strconv.Quote(text)
	}
	return text
}

// empty is what values without a text are printed as.
var empty = map[tree.Kind]string{tree.Null: "null", tree.Map: "{}", tree.List: "[]"}

// secret reports whether the value at a path must not be shown.
func secret(shape *tree.Shape, path tree.Path, n *tree.Node) bool {
	for i := range path {
		if s := shape.Sub(path[:i]); s != nil && s.Secret {
			return true
		}
	}
	return shape.Sub(path).Hides(n)
}

// goValue returns a tree's values as encoders take them, secrets redacted.
func goValue(shape *tree.Shape, n *tree.Node) any {
	switch {
	case shape.Hides(n):
		return redacted
	case n.Kind() == tree.Map:
		m := map[string]any{}
		for i := range n.Len() {
			m[n.Segment(i)] = goValue(shape.Sub(tree.Path{n.Segment(i)}), n.At(i))
		}
		return m
	case n.Kind() == tree.List:
		l := make([]any, n.Len())
		for i := range l {
			l[i] = goValue(shape.Sub(tree.Path{n.Segment(i)}), n.At(i))
		}
		return l
	case n.Kind() == tree.Null || n == nil:
		return nil
	case n.Kind() == tree.Bool:
		return n.Text() == "true"
	case n.Kind() == tree.Int || n.Kind() == tree.Float:
		return json.Number(n.Text())
	}
	return n.Text()
}

// encode writes values as a document. The formats are text, yaml and json.
func (a *app) encode(format string, shape *tree.Shape, path tree.Path, n *tree.Node) error {
	below := shape
	if len(path) > 0 {
		below = shape.Sub(path)
	}
	switch format {
	case "json":
		enc := json.NewEncoder(a.out)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(goValue(below, n))
	case "yaml":
		data, err := yaml.Marshal(plain(goValue(below, n)))
		if err != nil {
			return err
		}
		_, err = a.out.Write(data)
		return err
	case "text":
		return a.text(shape, path, n)
	}
	return fmt.Errorf("unknown format %q; there are text, yaml and json", format)
}

// plain has numbers as YAML's encoder knows them.
func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key := range v {
			v[key] = plain(v[key])
		}
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	case json.Number:
		return &yaml.Node{Kind: yaml.ScalarNode, Value: v.String()}
	}
	return v
}

// text writes a value alone on a line, or a line for each value below; nothing for
// a configuration without values.
func (a *app) text(shape *tree.Shape, path tree.Path, n *tree.Node) error {
	if n.Len() == 0 {
		text := n.Text()
		switch {
		case secret(shape, path, n):
			text = redacted
		case len(path) == 0 && n.Kind() == tree.Map:
			return nil
		case !n.Kind().IsScalar():
			text = empty[n.Kind()]
		}
		_, err := fmt.Fprintln(a.out, text)
		return err
	}
	var err error
	n.Leaves(func(below tree.Path, leaf *tree.Node) bool {
		full := append(path[:len(path):len(path)], below...)
		_, err = fmt.Fprintf(a.out, "%s = %s\n", full, show(leaf, secret(shape, full, leaf)))
		return err == nil
	})
	return err
}
