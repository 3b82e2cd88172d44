package binder

import (
	"encoding/json"
	"errors"
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

// bindJSON fills a type that reads JSON and no text.
func (d *decoder) bindJSON(s *slot) bool {
	if s.old.IsValid() && s.n.Equal(s.prev) && s.plan.movable {
		s.out.Set(s.old)
		return false
	}
	made, err := d.readJSON(s)
	switch {
	case err == errConflict:
		d.conflict(s.plan)
		return false
	case err != nil:
		d.mistyped(s, err)
		return false
	}
	s.unknown = nil
	s.out.Set(made)
	return !s.old.IsValid() || !s.n.Equal(s.prev)
}

var errConflict = errors.New("a value and keys below it")

// readJSON has the type read a node. A text is handed to it as it is, if it is
// JSON, and else, or if the type doesn't take that, as a JSON string.
func (d *decoder) readJSON(s *slot) (reflect.Value, error) {
	v, ok := toJSON(s.n)
	if !ok {
		return reflect.Value{}, errConflict
	}
	spelled, err := json.Marshal(v)
	if err != nil {
		return reflect.Value{}, err
	}
	if text := []byte(s.n.Text()); s.n.Kind() == tree.String && json.Valid(text) {
		made, err := s.unmarshal(text)
		if err == nil {
			return made, nil
		}
		if made, wrong := s.unmarshal(spelled); wrong == nil {
			return made, nil
		}
		return made, err
	}
	return s.unmarshal(spelled)
}

func (s *slot) unmarshal(spelled []byte) (made reflect.Value, err error) {
	defer contain(&err, "decoder")
	v := reflect.New(s.plan.typ)
	if s.base.IsValid() {
		v.Elem().Set(s.base)
	}
	return v.Elem(), v.Interface().(json.Unmarshaler).UnmarshalJSON(spelled)
}

// toJSON returns a node as what json.Marshal makes its JSON of, numbers as
// written where JSON has them.
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
