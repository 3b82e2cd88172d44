package binder_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/confsync/confsync/binder"
	"github.com/confsync/confsync/tree"
)

type switchable struct {
	Level int `default:"3"`
	Name  string
}

func (s *switchable) SetDefaults() { s.Name = "unnamed" }

type switches struct {
	Section *switchable
	Named   map[string]*switchable
	List    []*switchable
	Deep    struct{ Section *switchable }
}

// TestSwitchedSections has every way to fill a pointer to a struct follow every other:
// the incremental result equals the one from scratch.
func TestSwitchedSections(t *testing.T) {
	on := &switchable{Level: 3, Name: "unnamed"}
	states := []struct {
		name string
		keys kv
		want *switchable
	}{
		{"absent", kv{}, nil},
		{"on", kv{"section", "true"}, on},
		{"off", kv{"section", "false"}, nil},
		{"keys", kv{"section.level", "5"}, &switchable{Level: 5, Name: "unnamed"}},
		{"on and keys", kv{"section", "true", "section.level", "5"}, &switchable{Level: 5, Name: "unnamed"}},
		{"JSON", kv{"section", `{"name": "x"}`}, &switchable{Level: 3, Name: "x"}},
	}
	b := newBinder(t, reflect.TypeFor[switches]())
	fill := func(was binder.Bound, keys kv) binder.Bound {
		t.Helper()
		got, problems := b.Bind(was, rootOf(t, keys))
		if problems.Len() > 0 {
			t.Fatal(problems)
		}
		return got
	}
	for _, from := range states {
		for _, to := range states {
			got := fill(fill(binder.Bound{}, from.keys), to.keys)
			if section := got.Value.Interface().(*switches).Section; !reflect.DeepEqual(section, to.want) {
				t.Errorf("%s, then %s: got %+v, want %+v", from.name, to.name, section, to.want)
			}
			if again := fill(got, to.keys); again.Value != got.Value {
				t.Errorf("%s, then %s twice: another value", from.name, to.name)
			}
		}
	}
}

func TestSwitchedElements(t *testing.T) {
	b := newBinder(t, reflect.TypeFor[switches]())
	got, problems := b.Bind(binder.Bound{}, rootOf(t, map[string]any{
		"named": map[string]any{"a": true, "b": "false", "c": "true"}, "list": []any{true, map[string]any{"level": 1}},
		"deep": map[string]any{"section": "true"},
	}))
	if problems.Len() > 0 {
		t.Fatal(problems)
	}
	v := got.Value.Interface().(*switches)
	if v.Named["a"].Level != 3 || v.Named["b"] != nil || v.Named["c"].Name != "unnamed" || v.List[0].Level != 3 || v.List[1].Level != 1 || v.Deep.Section == nil {
		t.Errorf("%+v", v)
	}
}

// TestSwitchedWrongly asserts that nothing else switches, nor a struct by value, nor
// "false" beside keys.
func TestSwitchedWrongly(t *testing.T) {
	type byValue struct{ Section switchable }
	for _, c := range []struct {
		of   reflect.Type
		keys kv
		want string
	}{
		{reflect.TypeFor[switches](), kv{"section", "yes"}, "want a JSON object"},
		{reflect.TypeFor[switches](), kv{"section", "false", "section.level", "5"}, "section"},
		{reflect.TypeFor[byValue](), kv{"section", "true"}, "want a JSON object"},
	} {
		_, problems := newBinder(t, c.of).Bind(binder.Bound{}, rootOf(t, c.keys))
		if problems.Len() != 1 || !strings.Contains(problems.Problems[0].Error(), c.want) {
			t.Errorf("%v of %v: %v", c.keys, c.of, problems)
		}
	}
	if shape := newBinder(t, reflect.TypeFor[switches]()).Shape(); !shape.Sub(tree.Path{"section"}).Text || shape.Sub(tree.Path{"deep"}).Text {
		t.Error("the shape doesn't say which struct a text fills")
	}
}
