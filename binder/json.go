package binder

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/confsync/confsync/tree"
)

// readJSON makes the node that a JSON text spells, as a JSON document would.
func readJSON(text string) (*tree.Node, error) {
	t, err := tree.JSON{}.Read([]byte(text))
	if problems := tree.Problems(err); len(problems) > 0 {
		return nil, fmt.Errorf("as JSON, %w", problems[0].Err)
	}
	return t.Root(), err
}

// bindJSON fills a type that reads JSON and no text. What a text spells is
// handed to it if that is JSON, and else as a JSON string.
func (d *decoder) bindJSON(s *slot) bool {
	if s.old.IsValid() && s.n.Equal(s.prev) && s.plan.movable {
		s.out.Set(s.old)
		return false
	}
	v, ok := toJSON(s.n)
	if !ok {
		d.conflict(s.plan)
		return false
	}
	spelled, err := json.Marshal(v)
	if text := s.n.Text(); s.n.Kind() == tree.String && json.Valid([]byte(text)) {
		spelled = []byte(text)
	}
	fresh := reflect.New(s.plan.typ)
	if s.base.IsValid() {
		fresh.Elem().Set(s.base)
	}
	if err == nil {
		err = unmarshal(fresh, spelled)
	}
	if err != nil {
		d.mistyped(s, err)
		return false
	}
	s.unknown = nil
	s.out.Set(fresh.Elem())
	return !s.old.IsValid() || !s.n.Equal(s.prev)
}

func unmarshal(v reflect.Value, spelled []byte) (err error) {
	defer contain(&err, "decoder")
	return v.Interface().(json.Unmarshaler).UnmarshalJSON(spelled)
}

// toJSON is a node as what json.Marshal makes its JSON of, numbers as written
// where JSON has them.
func toJSON(n *tree.Node) (any, bool) {
	switch n.Kind() {
	case tree.Int, tree.Float:
		if json.Valid([]byte(n.Text())) {
			return json.Number(n.Text()), true
		}
	case tree.List:
		return kidsToJSON(n, make([]any, n.Len()), nil)
	case tree.Map:
		return kidsToJSON(n, nil, make(map[string]any, n.Len()))
	}
	return toGo(n)
}

func kidsToJSON(n *tree.Node, list []any, object map[string]any) (any, bool) {
	ok := n.Own() == nil
	for i := range n.Len() {
		v, fits := toJSON(n.At(i))
		if ok = ok && fits; list != nil {
			list[i] = v
		} else {
			object[n.Segment(i)] = v
		}
	}
	if list != nil {
		return list, ok
	}
	return object, ok
}
