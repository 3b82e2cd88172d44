package binder_test

import (
	"net/netip"
	"testing"
	"time"
)

func TestCollections(t *testing.T) {
	v := func(value any) any { return map[string]any{"v": value} }
	type list []string
	testGood(t, []good{
		{"list", v([]any{"a", 1}), one[[]string]{[]string{"a", "1"}}},
		{"list of nothing", v([]any{}), one[[]string]{[]string{}}},
		{"list from null", v(nil), one[[]string]{}},
		{"list from text", v("a, b,,c"), one[[]string]{[]string{"a", "b", "", "c"}}},
		{"list from one text", v("a"), one[[]string]{[]string{"a"}}},
		{"list from empty text", v(""), one[[]string]{[]string{}}},
		{"list from JSON", v(` ["a,b", "c"] `), one[[]string]{[]string{"a,b", "c"}}},
		{"list type", v("a,b"), one[list]{list{"a", "b"}}},
		{"ints from text", v("1, 2"), one[[]int]{[]int{1, 2}}},
		{"list from indexes", kv{"v.0", "a", "v.1", "b"}, one[[]string]{[]string{"a", "b"}}},
		{"ten comes after nine", kv{"v.0", "0", "v.1", "1", "v.10", "10", "v.11", "11", "v.2", "2", "v.3", "3", "v.4", "4", "v.5", "5", "v.6", "6", "v.7", "7", "v.8", "8", "v.9", "9"},
			one[[]int]{[]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}}},
		{"structs from indexes", kv{"v.1.HOST", "b", "v.0.host", "a"}, one[[]Address]{[]Address{{"a"}, {"b"}}}},
		{"structs from JSON in any spelling", v(`[{"HOST":"a"},{"host":"b"}]`), one[[]Address]{[]Address{{"a"}, {"b"}}}},
		{"pointers", v([]any{map[string]any{"host": "a"}, nil}), one[[]*Address]{[]*Address{{"a"}, nil}}},
		{"lists of lists", v([]any{"1,2", []any{3}}), one[[][]int]{[][]int{{1, 2}, {3}}}},
		{"array", v("1,2"), one[[2]int]{[2]int{1, 2}}},
		{"array from indexes", kv{"v.1", "2", "v.0", "1"}, one[[2]int]{[2]int{1, 2}}},
		{"map", v(map[string]any{"a": 1}), one[map[string]int]{map[string]int{"a": 1}}},
		{"map of nothing", v(map[string]any{}), one[map[string]int]{map[string]int{}}},
		{"map from null", v(nil), one[map[string]int]{}},
		{"map from JSON", v(`{"a":1}`), one[map[string]int]{map[string]int{"a": 1}}},
		{"struct from JSON in any spelling", v(`{"HOST":"h"}`), one[Address]{Address{"h"}}},
		{"keys are never rewritten", v(map[string]any{"Max_Conns": 1, "maxconns": 2, "a.b/c": 3, "": 4}), one[map[string]int]{map[string]int{"Max_Conns": 1, "maxconns": 2, "a.b/c": 3, "": 4}}},
		{"fields below the keys are", v(map[string]any{"A_B": map[string]any{"HOST": "h"}}), one[map[string]Address]{map[string]Address{"A_B": {"h"}}}},
		{"int keys", kv{"v.1", "a", "v.0x10", "b"}, one[map[int]string]{map[int]string{1: "a", 16: "b"}}},
		{"bool keys", kv{"v.true", "a"}, one[map[bool]string]{map[bool]string{true: "a"}}},
		{"text keys", kv{`v.10\.0\.0\.1`, "a"}, one[map[netip.Addr]string]{map[netip.Addr]string{netip.MustParseAddr("10.0.0.1"): "a"}}},
		{"duration keys", kv{"v.5s", "a", "v.1h30m", "b"}, one[map[time.Duration]string]{map[time.Duration]string{5 * time.Second: "a", 90 * time.Minute: "b"}}},
		{"any keys", kv{"v.1", "a"}, one[map[any]string]{map[any]string{"1": "a"}}},
		{"maps of maps", kv{"v.a.b", "1"}, one[map[string]map[string]int]{map[string]map[string]int{"a": {"b": 1}}}},
	})
}

func TestCollectionsThatDoNotFit(t *testing.T) {
	v := func(value any) any { return map[string]any{"v": value} }
	testBad(t, []bad{
		{"a gap", struct{ V []string }{}, kv{"v.0", "a", "v.2", "b"}, []string{"gap v.2: the list lacks element 1, which comes before this one\n    into   struct.V[2]"}},
		{"structs without a name", struct{ V map[string][]struct{ A int } }{}, kv{"v.a.x", "1"}, []string{"mistyped v.a: cannot use a map as []struct\n    into   struct.V[\"a\"]"}},
		{"a gap at the start", struct{ V []string }{}, kv{"v.1", "a", "v.10", "b"}, []string{"gap v.1: the list lacks element 0, which comes before this one\n    into   struct.V[1]"}},
		{"no index", struct{ V []string }{}, kv{"v.0", "a", "v.01", "b"}, []string{"mistyped v: cannot use a map as []string\n    into   struct.V"}},
		{"bad JSON", struct{ V []string }{}, v(`["a"`), []string{"mistyped v: cannot use string \"[\\\"a\\\"\" as []string: as JSON, the text ends where ',' or ']' was expected\n    into   struct.V"}},
		{"two JSON documents", struct{ V []string }{}, v(`["a"] ["b"]`), []string{"mistyped v: cannot use string \"[\\\"a\\\"] [\\\"b\\\"]\" as []string: as JSON, found '[' where the end was expected\n    into   struct.V"}},
		{"array too short", struct{ V [2]int }{}, v("1"), []string{"mistyped v: cannot use string \"1\" as [2]int: it has 1 elements\n    into   struct.V"}},
		{"array too long", struct{ V [2]int }{}, v([]any{1, 2, 3}), []string{"mistyped v: cannot use a list as [2]int: it has 3 elements\n    into   struct.V"}},
		{"int key", struct{ V map[int]int }{}, kv{"v.x", "1"}, []string{"mistyped v.x: cannot use key \"x\" as int\n    into   struct.V[\"x\"]"}},
		{"a key that is no duration", struct{ V map[time.Duration]int }{}, kv{"v.5", "1"}, []string{"mistyped v.5: cannot use key \"5\" as time.Duration: it has no unit, such as s or ms\n    into   struct.V[\"5\"]"}},
		{"int key out of range", struct{ V map[int8]int }{}, kv{"v.300", "1"}, []string{"mistyped v.300: cannot use key \"300\" as int8: out of range\n    into   struct.V[\"300\"]"}},
		{"one int key twice", struct{ V map[int]int }{}, kv{"v.01", "1", "v.1", "2"}, []string{"duplicate v.1: key \"1\" stands there in another spelling too: they are one int\n    into   struct.V[\"1\"]"}},
		{"a key that is no number", struct{ V map[float64]int }{}, kv{"v.NaN", "1"}, []string{"mistyped v.NaN: cannot use key \"NaN\" as float64: it equals nothing\n    into   struct.V[\"NaN\"]"}},
	})
}

// TestKeysInAnotherSpelling changes how keys that are not text are written.
func TestKeysInAnotherSpelling(t *testing.T) {
	b := &binding{Binder: newBinder(t, typeOf[one[map[int]string]]())}
	steps := []struct {
		name     string
		in       kv
		want     map[int]string
		problems int
	}{
		{"start", kv{"v.1", "a", "v.2", "b"}, map[int]string{1: "a", 2: "b"}, 0},
		{"another spelling", kv{"v.01", "a", "v.2", "b"}, map[int]string{1: "a", 2: "b"}, 0},
		{"two spellings", kv{"v.01", "a", "v.1", "c", "v.2", "b"}, map[int]string{1: "a", 2: "b"}, 1},
		{"back again, with another value", kv{"v.1", "c", "v.2", "b"}, map[int]string{1: "c", 2: "b"}, 0},
		{"one gone", kv{"v.0x2", "b"}, map[int]string{2: "b"}, 0},
	}
	for _, s := range steps {
		if problems := b.bind(t, s.in); len(problems) != s.problems {
			t.Errorf("%s: problems %v", s.name, problems)
		}
		got := b.bound.Value.Interface().(*one[map[int]string]).V
		if len(got) != len(s.want) || got[1] != s.want[1] || got[2] != s.want[2] {
			t.Errorf("%s: got %v, want %v", s.name, got, s.want)
		}
	}
}
