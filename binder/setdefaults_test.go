package binder_test

import (
	"reflect"
	"testing"
)

type labels map[string]string

func (l *labels) SetDefaults() { *l = labels{"from": "type"} }

type entry struct {
	Address string
	Limits  *limits
	Own     limits
	Labels  labels
	Plain   map[string]string
	Hosts   []string
	Ports   [2]int
	Any     any
	Nested  struct{ A, B int }
	Tagged  int `default:"5"`
}

func (e *entry) SetDefaults() {
	e.Address, e.Limits, e.Hosts, e.Any = ":80", &limits{Most: 2}, []string{"h"}, 1
	e.Plain, e.Ports, e.Nested.B, e.Tagged = map[string]string{"a": "b"}, [2]int{1, 2}, 3, 4
	e.Own.Most = 7
}

type embeds struct {
	entry
	Name string
}

type embedsPointer struct {
	*limits
	Name string
}

// TestSetDefaults fills types that set defaults of their own, at any depth.
func TestSetDefaults(t *testing.T) {
	base := func(change func(*entry)) entry {
		e := entry{Address: ":80", Limits: &limits{Most: 2}, Own: limits{Least: 1, Most: 7}, Labels: labels{"from": "type"},
			Plain: map[string]string{"a": "b"}, Hosts: []string{"h"}, Ports: [2]int{1, 2}, Any: 1, Tagged: 5}
		e.Nested.B = 3
		change(&e)
		return e
	}
	none := func(*entry) {}
	testGood(t, []good{
		{"the whole type", kv{}, base(none)},
		{"a field", kv{}, one[entry]{base(none)}},
		{"a pointer that is absent", kv{}, one[*entry]{}},
		{"a pointer", kv{"v.address", "x"}, one[*entry]{ptr(base(func(e *entry) { e.Address = "x" }))}},
		{"elements of a map", kv{"v.a.address", "x", "v.b", ""}, one[map[string]entry]{map[string]entry{"a": base(func(e *entry) { e.Address = "x" }), "b": base(none)}}},
		{"elements of a map of pointers", kv{"v.a", "{}"}, one[map[string]*entry]{map[string]*entry{"a": ptr(base(none))}}},
		{"elements of a list", map[string]any{"v": []any{map[string]any{"any": "x"}, map[string]any{}}}, one[[]entry]{[]entry{base(func(e *entry) { e.Any = "x" }), base(none)}}},
		{"a null hides them", map[string]any{"v": nil}, one[entry]{}},
		{"a null hides one", map[string]any{"address": nil, "limits": nil, "plain": nil, "nested": map[string]any{"b": nil}, "hosts": nil}, base(func(e *entry) {
			e.Address, e.Limits, e.Plain, e.Hosts, e.Nested.B = "", nil, nil, nil, 0
		})},
		{"below what they set", kv{"limits.least", "5", "own.most", "8", "labels.x", "y", "plain.x", "y", "nested.a", "1", "hosts", "z"}, base(func(e *entry) {
			e.Limits, e.Own.Most, e.Labels, e.Plain, e.Nested.A, e.Hosts = &limits{Least: 5, Most: 2}, 8, labels{"from": "type", "x": "y"}, map[string]string{"a": "b", "x": "y"}, 1, []string{"z"}
		})},
		{"of an embedded struct", kv{"name", "n"}, embeds{base(none), "n"}},
		{"of an embedded pointer", kv{"name", "n", "most", "3"}, embedsPointer{limits: nil, Name: "n"}},
	})
}

// TestSetDefaultsThatReturn takes a key away that hid a default.
func TestSetDefaultsThatReturn(t *testing.T) {
	b := &binding{Binder: newBinder(t, typeOf[map[string]*entry]())}
	for _, s := range []struct {
		in   kv
		want string
	}{
		{kv{"a.address", "x", "a.plain.a", "c"}, "x c 0xx 2"}, {kv{"a.address", "x", "a.limits.least", "3"}, "x b 3 2"}, {kv{"a", "{}"}, ":80 b 0 2"}, {kv{"a.plain.x", "y"}, ":80 b 0 2"},
	} {
		if problems := b.bind(t, s.in); len(problems) > 0 {
			t.Fatal(problems)
		}
		scratch := &binding{Binder: b.Binder}
		scratch.bind(t, s.in)
		if got, want := b.bound.Value.Interface(), scratch.bound.Value.Interface(); !reflect.DeepEqual(got, want) {
			t.Errorf("%v: got %+v, from nothing %+v", s.in, (*got.(*map[string]*entry))["a"], (*want.(*map[string]*entry))["a"])
		}
	}
}
