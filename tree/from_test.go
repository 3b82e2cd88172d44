package tree_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/confsync/confsync/tree"
)

type text string // not a marshaler

type failing struct{}

var errFailing = errors.New("no text")

func (failing) MarshalText() ([]byte, error) { return nil, errFailing }

func TestFromGo(t *testing.T) {
	at := time.Date(2024, 2, 29, 12, 30, 0, 500, time.UTC)
	seven, addr := 7, netip.MustParseAddr("192.0.2.1")
	var nilMap map[string]int
	twice := m{"a": 1}
	cases := []struct {
		name  string
		value any
		kind  tree.Kind
		want  string
	}{
		{"nil", nil, tree.Null, `null`},
		{"a nil pointer", (*int)(nil), tree.Null, `null`},
		{"a string", "a", tree.String, `"a"`},
		{"a named string", text("a"), tree.String, `"a"`},
		{"a bool", true, tree.Bool, `true`},
		{"an int", -5, tree.Int, `-5`},
		{"a uint", uint64(1<<64 - 1), tree.Int, `18446744073709551615`},
		{"a float", 0.1, tree.Float, `0.1`},
		{"a float32", float32(0.1), tree.Float, `0.1`},
		{"a large float", 1e100, tree.Float, `1e+100`},
		{"a pointer", &seven, tree.Int, `7`},
		{"a time", at, tree.Time, `2024-02-29T12:30:00.0000005Z`},
		{"a pointer to a time", &at, tree.Time, `2024-02-29T12:30:00.0000005Z`},
		{"a duration", 90 * time.Second, tree.String, `"1m30s"`},
		{"a text marshaler", addr, tree.String, `"192.0.2.1"`},
		{"a pointer to a text marshaler", &addr, tree.String, `"192.0.2.1"`},
		{"a slice", []any{1, "a", nil, []int{}}, tree.List, `[1 "a" null []]`},
		{"one thing twice", []any{&seven, &seven, twice, twice}, tree.List, `[7 7 {a:1} {a:1}]`},
		{"an array", [2]int{1, 2}, tree.List, `[1 2]`},
		{"a map", m{"b": 1, "a": m{}}, tree.Map, `{a:{} b:1}`},
		{"a nil map", nilMap, tree.Map, `{}`},
		{"a map of any key", map[any]any{"a": 1}, tree.Map, `{a:1}`},
		{"a map of named strings", map[text]bool{"a": true}, tree.Map, `{a:true}`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := tree.FromGo(c.value)
			if err != nil || got.Root().Kind() != c.kind || got.Root().String() != c.want {
				t.Errorf("got %s %s, %v; want %s %s", got.Root().Kind(), got.Root(), err, c.kind, c.want)
			}
		})
	}
}

func TestFromGoErrors(t *testing.T) {
	loopMap, loopSlice := m{}, []any{nil}
	loopMap["a"], loopSlice[0] = m{"a": loopMap}, loopSlice
	var loopPointer any
	loopPointer = &loopPointer
	cases := []struct {
		name  string
		value any
		want  string
	}{
		{"the root", make(chan int), "a chan int is not a configuration value"},
		{"a struct", m{"a": []any{1, struct{}{}}}, "a.1: a struct {} is not a configuration value"},
		{"a func", m{"a.b": func() {}}, `a\.b: a func() is not a configuration value`},
		{"an int key", m{"a": map[int]int{1: 1}}, "a: a map with a key of type int is not a configuration value"},
		{"a nil key", map[any]any{nil: 1}, "a map with a key of type <nil> is not a configuration value"},
		{"a map that holds itself", loopMap, "a.a: a map[string]interface {} that holds itself is not a configuration value"},
		{"a slice that holds itself", loopSlice, "0: a []interface {} that holds itself is not a configuration value"},
		{"a pointer to itself", &loopPointer, "a *interface {} that holds itself is not a configuration value"},
		{"a marshaler that fails", m{"a": failing{}}, "a: no text"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got, err := tree.FromGo(c.value); err == nil || err.Error() != c.want {
				t.Errorf("got %s, %v; want %s", got.Root(), err, c.want)
			}
		})
	}
	if _, err := tree.FromGo(failing{}); !errors.Is(err, errFailing) {
		t.Errorf("got %v, which does not wrap the marshaler's error", err)
	}
	if _, err := tree.FromGo(m{"password": struct{ p string }{"hunter2"}}); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v, want an error without the value", err)
	}
}
