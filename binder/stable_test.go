package binder_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/confsync/confsync/binder"
	"github.com/confsync/confsync/tree"
)

// TestSamePointer changes what makes no difference to the value.
func TestSamePointer(t *testing.T) {
	type app struct {
		Port  uint16
		At    time.Time
		List  []string
		Map   map[string]int
		Ptr   *Address
		Array [2]int
		Any   any
		Node  *tree.Node
		Base
	}
	const noon = "2026-01-02T12:00:00Z"
	first := map[string]any{"port": 80, "at": noon, "list": []any{"a", "b"}, "map": map[string]any{"x": 1}, "ptr": map[string]any{"host": "h"},
		"array": []any{1, 2}, "any": []any{"x"}, "node": map[string]any{"n": 1}, "zone": "z"}
	tests := []struct {
		name, key string
		value     any
		same      bool
	}{
		{"all written anew", "port", 80, true},
		{"text for a number", "port", "80", true},
		{"hexadecimal", "port", "0x50", true},
		{"another spelling of the key", "PORT", 80, true},
		{"an unknown key", "prot", 81, true},
		{"another time zone", "at", "2026-01-02T13:00:00+01:00", false},
		{"the same time", "at", "2026-01-02 12:00:00", true},
		{"a list as text", "list", "a,b", true},
		{"a list as JSON", "list", `["a","b"]`, true},
		{"a list as indexes", "list", map[string]any{"0": "a", "1": "b"}, true},
		{"a map as JSON", "map", `{"x":1}`, true},
		{"an unknown key below a pointer", "ptr", map[string]any{"host": "h", "prot": 1}, true},
		{"an array as text", "array", "1,2", true},
		{"another number", "port", 81, false},
		{"another time", "at", "2026-01-02T12:00:01Z", false},
		{"a longer list", "list", "a,b,c", false},
		{"a shorter list", "list", "a", false},
		{"another element", "list", "a,c", false},
		{"a key more in the map", "map", map[string]any{"x": 1, "y": 2}, false},
		{"another key in the map", "map", map[string]any{"y": 1}, false},
		{"no pointer", "ptr", nil, false},
		{"other data below a pointer", "ptr", map[string]any{"host": "i"}, false},
		{"another array", "array", "1,3", false},
		{"another any", "any", []any{"y"}, false},
		{"another node", "node", map[string]any{"n": 2}, false},
		{"in an embedded struct", "zone", "y", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := &binding{Binder: newBinder(t, typeOf[app]())}
			if problems := b.bind(t, first); len(problems) > 0 {
				t.Fatal(problems)
			}
			before := b.bound
			second := map[string]any{}
			for k, v := range first {
				if tree.Fold(k) != tree.Fold(tt.key) {
					second[k] = v
				}
			}
			second[tt.key] = tt.value
			if problems := b.bind(t, second); len(problems) > 0 {
				t.Fatal(problems)
			}
			if same := b.bound.Value == before.Value; same != tt.same {
				t.Errorf("the same pointer: %v, want %v\nbefore %+v\nafter  %+v", same, tt.same, before.Value, b.bound.Value)
			}
			if b.bound.Root == before.Root {
				t.Error("the root it was filled from is the one before")
			}
		})
	}
}

// TestReturnedIsNeverWrittenTo copies every value that is returned and compares
// the two at the end of many edits.
func TestReturnedIsNeverWrittenTo(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 3))
	p := newPipeline(t)
	layers := []tree.Tree{p.binder.Defaults(), {}, {}}
	type kept struct {
		value reflect.Value
		copy  reflect.Value
	}
	var all []kept
	for range 1500 {
		i, before := 1+rnd.IntN(2), append([]tree.Tree(nil), layers...)
		layers[i] = edit(t, rnd, layers[i])
		bound, problems := p.run(layers)
		if len(problems) > 0 {
			layers = before
			continue
		}
		if len(all) == 0 || all[len(all)-1].value != bound.Value {
			all = append(all, kept{bound.Value, deepCopy(bound.Value)})
		}
	}
	if len(all) < 200 {
		t.Errorf("only %d values", len(all))
	}
	for i, k := range all {
		if !reflect.DeepEqual(k.value.Interface(), k.copy.Interface()) {
			t.Fatalf("value %d of %d was written to\nwas %+v\nis  %+v", i, len(all), k.copy.Elem(), k.value.Elem())
		}
	}
}

// deepCopy shares no memory that can be written to with v, but for nodes.
func deepCopy(v reflect.Value) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() || v.Type() == typeOf[*tree.Node]() {
			return v
		}
		out.Set(reflect.New(v.Type().Elem()))
		out.Elem().Set(deepCopy(v.Elem()))
	case reflect.Interface:
		if !v.IsNil() {
			out.Set(deepCopy(v.Elem()))
		}
	case reflect.Struct:
		out.Set(v)
		for i := range v.NumField() {
			if !out.Field(i).CanSet() {
				continue
			}
			out.Field(i).Set(deepCopy(v.Field(i)))
		}
	case reflect.Array:
		for i := range v.Len() {
			out.Index(i).Set(deepCopy(v.Index(i)))
		}
	case reflect.Slice:
		if v.IsNil() {
			return v
		}
		out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			out.Index(i).Set(deepCopy(v.Index(i)))
		}
	case reflect.Map:
		if v.IsNil() {
			return v
		}
		out.Set(reflect.MakeMap(v.Type()))
		for it := v.MapRange(); it.Next(); {
			out.SetMapIndex(it.Key(), deepCopy(it.Value()))
		}
	default:
		return v
	}
	return out
}

type noted struct {
	Port  int
	Cache string `config:"-"`
	note  string
	hidden
}

// inlines has nothing of its own that is not bound.
type inlines struct {
	hidden
	Port int
}

type notes struct {
	Name string
	One  noted
	Map  map[string]noted
	Ptr  *noted
	In   inlines
	note string
}

// TestWhatIsNotBoundIsLeftBehind puts values into fields that no key fills, as a
// validator may, and changes a key.
func TestWhatIsNotBoundIsLeftBehind(t *testing.T) {
	b := &binding{Binder: newBinder(t, typeOf[notes]())}
	in := kv{"name", "a", "one.port", "1", "one.zone", "z", "map.x.port", "1", "map.y.port", "1", "ptr.port", "1", "in.port", "1"}
	if problems := b.bind(t, in); len(problems) > 0 {
		t.Fatal(problems)
	}
	mark := func(n *noted) { n.Cache, n.note, n.private = "c", "n", 7 }
	was := b.bound.Value.Interface().(*notes)
	was.note = "n"
	mark(&was.One)
	mark(was.Ptr)
	was.In.private = 7
	x := was.Map["x"]
	mark(&x)
	was.Map["x"] = x

	in[3], in[7], in[11], in[13] = "2", "2", "2", "2" // one, map.x, ptr and in
	if problems := b.bind(t, in); len(problems) > 0 {
		t.Fatal(problems)
	}
	changed := noted{Port: 2}
	zoned := changed
	zoned.Zone = "z"
	want := notes{Name: "a", One: zoned, Map: map[string]noted{"x": changed, "y": {Port: 1}}, Ptr: &changed, In: inlines{Port: 2}}
	if got := b.bound.Value.Interface().(*notes); !reflect.DeepEqual(*got, want) {
		t.Errorf("got %+v, want %+v", *got, want)
	}
	if was.One.Cache != "c" || was.Ptr.note != "n" || was.Map["x"].private != 7 || was.note != "n" {
		t.Errorf("the value before was written to: %+v", was)
	}
}

// instant is equal to others by its Equal method alone.
type instant struct{ hour, scratch int }

func (i instant) Equal(j instant) bool { return i.hour == j.hour }

func (i *instant) UnmarshalText(text []byte) error {
	i.hour, i.scratch = int(text[0]), len(text)
	return nil
}

func TestEqualMethods(t *testing.T) {
	b := &binding{Binder: newBinder(t, typeOf[struct {
		V instant
		L []instant
	}]())}
	for _, s := range []struct {
		in   kv
		same bool
	}{
		{kv{"v", "a", "l", "a,b"}, false}, {kv{"v", "abc", "l", "ax,bx"}, false}, {kv{"v", "b", "l", "a,b"}, false}, {kv{"v", "b", "l", "a,c"}, false},
	} {
		before := b.bound.Value
		if problems := b.bind(t, s.in); len(problems) > 0 {
			t.Fatal(problems)
		}
		if same := b.bound.Value == before; same != s.same {
			t.Errorf("%v: the same pointer: %v", s.in, same)
		}
	}
}

func TestEqual(t *testing.T) {
	var none, other *instant
	tests := []struct {
		name string
		a, b any
		want bool
	}{
		{"numbers", 1, 1, true},
		{"other numbers", 1, 2, false},
		{"by Equal", instant{1, 2}, instant{1, 3}, true},
		{"not by Equal", instant{1, 2}, instant{2, 2}, false},
		{"times", time.Unix(0, 0), time.Unix(0, 0).UTC(), true},
		{"nil pointers", none, other, true},
		{"a nil pointer", none, &instant{}, false},
		{"pointers", &Base{"a", "b"}, &Base{"a", "b"}, true},
		{"structs with pointers", one[*int]{ptr(1)}, one[*int]{ptr(1)}, true},
		{"slices", []int{1}, []int{1}, true},
		{"nil and empty", []int(nil), []int{}, false},
		{"nodes", rootOf(t, 1), rootOf(t, 1), true},
		{"uncomparable in an interface", one[any]{[]int{1}}, one[any]{[]int{1}}, true},
	}
	for _, tt := range tests {
		if got := binder.Equal(reflect.ValueOf(tt.a), reflect.ValueOf(tt.b)); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

// TestMapsThatChanged asserts that Bind tells which elements it has changed.
func TestMapsThatChanged(t *testing.T) {
	b := &binding{Binder: newBinder(t, typeOf[struct {
		Port   int
		Counts map[string]int
		Deep   map[string]map[string]string
	}]())}
	for _, s := range []struct {
		in   kv
		want string
	}{
		{kv{"port", "1", "counts.a", "1", "counts.b", "2", "deep.x.1", "y"}, ""},
		{kv{"port", "2", "counts.a", "1", "counts.b", "2", "deep.x.1", "y"}, ""},
		{kv{"port", "2", "counts.a", "3", "counts.c", "2", "deep.x.1", "y"}, "[a b c]"},
		{kv{"port", "2", "counts.a", "3", "counts.c", "2", "deep.x.1", "z"}, "[1] [x]"},
		{kv{"port", "2", "counts.a", "3", "counts.c", "0x2", "deep.x.1", "z"}, ""},
	} {
		if problems := b.bind(t, s.in); len(problems) > 0 {
			t.Fatal(problems)
		}
		var got []string
		for _, m := range b.bound.Maps {
			got = append(got, fmt.Sprint(m.Keys))
			for _, key := range m.Keys {
				if o, n := m.Old.MapIndex(key), m.New.MapIndex(key); o.IsValid() && n.IsValid() && reflect.DeepEqual(o.Interface(), n.Interface()) {
					t.Errorf("%v: %v is the same", s.in, key)
				}
			}
		}
		if strings.Join(got, " ") != s.want {
			t.Errorf("%v: keys %q, want %q", s.in, got, s.want)
		}
	}
}
