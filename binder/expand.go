package binder

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/confsync/confsync/tree"
)

// expand makes the node that a text spells for a type that takes no scalar.
// For a list that is a JSON array, or elements between commas, trimmed; the
// empty text is the empty list. For a map or a struct it is a JSON object, or
// the empty text for an empty one: so ZooKeeper's tools write a parent.
func expand(p *plan, text string) (*tree.Node, error) {
	text = strings.TrimSpace(text)
	if p.shape == sequence || p.shape == array {
		if !strings.HasPrefix(text, "[") {
			return split(text), nil
		}
		return fromJSON(text)
	}
	switch {
	case text == "":
		return tree.NewMap(nil, nil, nil), nil
	case strings.HasPrefix(text, "{"):
		return fromJSON(text)
	}
	return nil, errMistyped
}

func split(text string) *tree.Node {
	var kids []*tree.Node
	if text != "" {
		for item := range strings.SplitSeq(text, ",") {
			kids = append(kids, tree.NewScalar(tree.String, strings.TrimSpace(item)))
		}
	}
	return tree.NewList(kids)
}

func fromJSON(text string) (*tree.Node, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil || d.More() {
		return nil, errors.New("it is not valid JSON")
	}
	t, err := tree.FromGo(v)
	return t.Root(), err
}

// toGo is a node as Go's plain types: string, bool, int, float64, []any and
// map[string]any. A time stays the text it is. It reports false for a key with
// both a value and children, which no plain type holds.
func toGo(n *tree.Node) (any, bool) {
	switch n.Kind() {
	case tree.Bool:
		return n.Text() == "true", true
	case tree.Int:
		if i, err := strconv.ParseInt(n.Text(), 0, strconv.IntSize); err == nil {
			return int(i), true
		}
		if u, err := strconv.ParseUint(n.Text(), 0, 64); err == nil {
			return u, true
		}
		f, _ := strconv.ParseFloat(n.Text(), 64)
		return f, true
	case tree.Float:
		f, _ := strconv.ParseFloat(n.Text(), 64)
		return f, true
	case tree.List:
		return listToGo(n)
	case tree.Map:
		return mapToGo(n)
	case tree.Absent, tree.Null:
		return nil, true
	}
	return n.Text(), true
}

func listToGo(n *tree.Node) (any, bool) {
	list, ok := make([]any, n.Len()), true
	for i := range list {
		v, fits := toGo(n.At(i))
		list[i], ok = v, ok && fits
	}
	return list, ok
}

func mapToGo(n *tree.Node) (any, bool) {
	m, ok := make(map[string]any, n.Len()), n.Own() == nil
	for i, key := range n.Keys() {
		v, fits := toGo(n.At(i))
		m[key], ok = v, ok && fits
	}
	return m, ok
}
