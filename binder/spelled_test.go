package binder_test

import (
	"encoding/json"
	"net"
	"reflect"
	"strings"
	"testing"

	"github.com/go-viper/mapstructure/v2"

	"github.com/confsync/confsync/binder"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

// TestMapsFromText spells maps with colons and commas.
func TestMapsFromText(t *testing.T) {
	type tagged struct {
		V map[string]int `default:"a:1"`
	}
	testGood(t, []good{
		{"pairs", kv{"v", "k1:v1,k2:v2"}, one[map[string]string]{map[string]string{"k1": "v1", "k2": "v2"}}},
		{"spaces", kv{"v", " a : 1 , b:2"}, one[map[string]int]{map[string]int{"a": 1, "b": 2}}},
		{"colons in a value", kv{"v", "a:http://h:80"}, one[map[string]string]{map[string]string{"a": "http://h:80"}}},
		{"an empty value", kv{"v", "a:"}, one[map[string]string]{map[string]string{"a": ""}}},
		{"a default tag", kv{}, tagged{map[string]int{"a": 1}}},
		{"a default tag below a layer", kv{"v.b", "2"}, tagged{map[string]int{"b": 2}}}, // without the layer of the defaults
	})
	const want = "want key:value,key:value or a JSON object"
	testBad(t, []bad{
		{"no colon", struct{ V map[string]int }{}, kv{"v", "a:1,b"}, []string{"mistyped v: cannot use string \"a:1,b\" as map[string]int: " + want + "\n    into   struct.V"}},
		{"twice", struct{ V map[string]int }{}, kv{"v", "a:1,a:2"}, []string{"mistyped v: cannot use string \"a:1,a:2\" as map[string]int: a key stands there twice\n    into   struct.V"}},
		{"a value of the wrong type", struct{ V map[string]int }{}, kv{"v", "a:x"}, []string{"mistyped v.a: cannot use string \"x\" as int\n    into   struct.V[\"a\"]"}},
	})
	if _, err := binder.New(typeOf[struct {
		V map[string]int `default:"a=1"`
	}]()); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("a default that is no map: %v", err)
	}
}

type (
	secretBytes []byte
	rawText     struct{ V json.RawMessage }
)

// TestBytesFromText fills named slices of bytes.
func TestBytesFromText(t *testing.T) {
	testGood(t, []good{
		{"named", kv{"v", "a,b"}, one[secretBytes]{secretBytes("a,b")}},
		{"of a list of numbers", map[string]any{"v": []any{1, 2}}, one[secretBytes]{secretBytes{1, 2}}},
		{"a hardware address", kv{"v", "00:00:5e:00:53:01"}, one[net.HardwareAddr]{net.HardwareAddr{0, 0, 0x5e, 0, 0x53, 1}}},
		{"raw JSON", kv{"v", `{"a": 1}`}, rawText{json.RawMessage(`{"a": 1}`)}},
		{"raw JSON of a word", kv{"v", "x"}, rawText{json.RawMessage(`"x"`)}},
		{"raw JSON of a map", map[string]any{"v": map[string]any{"a": []any{1, "x", nil}}}, rawText{json.RawMessage(`{"a":[1,"x",null]}`)}},
	})
}

// TestJSONInATextIsJSONInADocument reads texts in both ways.
func TestJSONInATextIsJSONInADocument(t *testing.T) {
	for _, text := range []string{
		`{}`, `{"a": 1, "b": 1.0, "c": 1e3, "d": -0, "e": 12345678901234567890123}`, `{"a": [true, null, "x", {"b": "\u00e9\n"}]}`,
		`{"a": 1, "a": 2}`, `{"a": {"b": 1, "b": 1}}`, `{"a": 1} {}`, `{"a": 1}]`, `{"a": 1} x`, `{"a": 01}`, `{"a": 1,}`, `{`, `{"a"}`, `{"a": 1`,
	} {
		want, err := document.Decode(document.JSON, []byte(text), document.Limits{})
		got, problems := valueOf(t, typeOf[one[map[string]any]](), kv{"v", text})
		if (err == nil) != (len(problems) == 0) {
			t.Errorf("%s: a document gives %v, a text %v", text, err, problems)
		}
		if err != nil {
			continue
		}
		b := &binding{Binder: newBinder(t, typeOf[map[string]any]())}
		b.bound, _ = b.Bind(binder.Bound{}, want.Root())
		if doc := b.bound.Value.Elem().Interface(); !reflect.DeepEqual(got.(one[map[string]any]).V, doc) {
			t.Errorf("%s: a document gives %#v, a text %#v", text, doc, got)
		}
	}
}

// TestTextsHaveUnknownKeysToo spells a struct.
func TestTextsHaveUnknownKeysToo(t *testing.T) {
	type app struct {
		Server Address
		Port   int
		List   []Address
	}
	b := &binding{Binder: newBinder(t, typeOf[app]())}
	for _, s := range []struct {
		in   kv
		want string
	}{
		{kv{"server", `{"HOST":"h","prot":1}`, "port", "1"}, "server.prot"},
		{kv{"server", `{"HOST":"h","prot":1}`, "port", "2"}, "server.prot"}, // another value has changed
		{kv{"server", `{"host":"h"}`, "list", `[{"x":1},{"host":"h"}]`}, "list.0.x"},
		{kv{"server", `{"host":"h"}`, "list.0.host", "h"}, ""},
	} {
		if problems := b.bind(t, s.in); len(problems) > 0 {
			t.Fatal(problems)
		}
		if got := joined(leavesOf(b.bound.Unknown)); got != s.want {
			t.Errorf("%v: unknown are %q, want %q", s.in, got, s.want)
		}
	}
	testBad(t, []bad{{"one field twice", app{}, kv{"server", `{"host":"a","HOST":"b"}`}, []string{
		"mistyped server: cannot use string \"{\\\"host\\\":\\\"a\\\",\\\"HOST\\\":\\\"b\\\"}\" as binder_test.Address: \"HOST\" and \"host\" are one key\n    into   app.Server"}}})
}

// TestIndexKeysUnderAnInterface makes lists of them.
func TestIndexKeysUnderAnInterface(t *testing.T) {
	testGood(t, []good{
		{"a list", kv{"v.0", "a", "v.1", "b"}, one[any]{[]any{"a", "b"}}},
		{"inside a map", kv{"v.x.1.y", "b", "v.x.0", "a"}, one[any]{map[string]any{"x": []any{"a", map[string]any{"y": "b"}}}}},
		{"a gap", kv{"v.0", "a", "v.2", "b"}, one[any]{map[string]any{"0": "a", "2": "b"}}},
		{"a map that is declared as one", kv{"v.0", "a"}, one[map[string]any]{map[string]any{"0": "a"}}},
		{"an empty map", map[string]any{"v": map[string]any{}}, one[any]{map[string]any{}}},
	})
}

// TestEmptyTextHidesNothing puts an empty text over a section and a map.
func TestEmptyTextHidesNothing(t *testing.T) {
	type app struct {
		DB struct {
			Host string
			Pool struct{ Size int }
		}
		Labels map[string]string
		Ptr    *Address
		List   []string
		Name   string
	}
	p := &pipeline{binder: newBinder(t, typeOf[app]())}
	low := map[string]any{"db": map[string]any{"host": "h", "pool": map[string]any{"size": 3}}, "labels": map[string]any{"a": "b"},
		"ptr": map[string]any{"host": "p"}, "list": []any{"a"}, "name": "n"}
	layer := func(in any) tree.Tree { return tree.Of(rootOf(t, in)) }
	bound, problems := p.run([]tree.Tree{layer(low), layer(kv{"db", "", "db.pool", " ", "LABELS", "", "ptr", ""}), layer(kv{"list", "", "name", ""})})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var want app
	want.DB.Host, want.DB.Pool.Size, want.Labels, want.Ptr, want.List = "h", 3, map[string]string{"a": "b"}, &Address{"p"}, []string{}
	if got := bound.Value.Elem().Interface(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestWhatAHookMakesIsBoundLikeAnything asserts that tags, defaults and
// strictness hold for it.
func TestWhatAHookMakesIsBoundLikeAnything(t *testing.T) {
	type target struct {
		MaxConns int    `config:"limit"`
		Name     string `default:"n"`
		Inner    struct{ A, B int }
	}
	hook := mapstructure.DecodeHookFuncType(func(from, to reflect.Type, v any) (any, error) {
		text, ok := v.(string)
		switch {
		case !ok:
		case to == typeOf[target]() && strings.HasPrefix(text, "t:"):
			return map[string]any{"LIMIT": strings.TrimPrefix(text, "t:"), "inner": map[string]int{"a": 1}, "nobody": 1}, nil
		case to == typeOf[target]() && text == "struct":
			return struct {
				Limit uint8
				Name  string
			}{5, "x"}, nil
		case to == typeOf[int]() && text == "eighty-one":
			return "81", nil
		case to == typeOf[int]() && text == "half":
			return 0.5, nil
		}
		return v, nil
	})
	filled := target{MaxConns: 7, Name: "n"}
	filled.Inner.A = 1
	testGood(t, []good{
		{"a map for a struct", kv{"v", "t:7"}, one[target]{filled}},
		{"a struct for a struct", kv{"v", "struct"}, one[target]{target{MaxConns: 5, Name: "x"}}},
		{"a text for an int", kv{"v", "eighty-one"}, one[int]{81}},
		{"in what a hook made", kv{"v", "t:eighty-one"}, one[target]{func() target { f := filled; f.MaxConns = 81; return f }()}},
	}, hook)
	testBad(t, []bad{
		{"a fraction for an int", struct{ V int }{}, kv{"v", "half"}, []string{"mistyped v: cannot use float 0.5 as int\n    into   struct.V"}},
		{"in a map", struct{ V target }{}, kv{"v", "t:x"}, []string{"mistyped v.limit: cannot use string \"x\" as int\n    into   struct.V.MaxConns"}},
	}, hook)
	b := &binding{Binder: newBinder(t, typeOf[one[target]](), hook)}
	if problems := b.bind(t, kv{"v", "t:7"}); len(problems) > 0 || joined(leavesOf(b.bound.Unknown)) != "v.nobody" {
		t.Errorf("unknown are %v, problems %v", b.bound.Unknown, problems)
	}
}

// TestLookup finds what stands in texts.
func TestLookup(t *testing.T) {
	type app struct {
		Ports []int
		DB    struct{ Hosts []string }
		Map   map[string]int
		Bytes []byte
	}
	b := newBinder(t, typeOf[app]())
	root := rootOf(t, kv{"ports", "80,http", "db", `{"HOSTS": ["a", "b"]}`, "map", "a:1", "bytes", "x"})
	for path, want := range map[string][2]string{
		"ports": {`"80,http"`, "ports"}, "ports.1": {`"http"`, "ports"}, "db.hosts.0": {`"a"`, "db"}, "map.a": {`"1"`, "map"},
		"ports.2": {"nothing", "ports.2"}, "db.x": {"nothing", "db.x"}, "bytes.0": {"nothing", "bytes.0"}, "ports.1.x": {"nothing", "ports.1.x"},
	} {
		if n, at := b.Lookup(root, pathOf(t, path)); n.String() != want[0] || at.String() != want[1] {
			t.Errorf("%s: %s at %s, want %s at %s", path, n, at, want[0], want[1])
		}
	}
}

// wantsText reads a JSON string, and wantsNumber a number.
type (
	wantsText   struct{ text string }
	wantsNumber struct{ number float64 }
)

func (w *wantsText) UnmarshalJSON(data []byte) error   { return json.Unmarshal(data, &w.text) }
func (w *wantsNumber) UnmarshalJSON(data []byte) error { return json.Unmarshal(data, &w.number) }

// TestTypesThatReadJSON fills them from texts and from what documents hold.
func TestTypesThatReadJSON(t *testing.T) {
	testGood(t, []good{
		{"a text", kv{"v", "5s"}, one[wantsText]{wantsText{"5s"}}},
		{"a text that is JSON too", kv{"v", "5"}, one[wantsText]{wantsText{"5"}}},
		{"a text in quotes", kv{"v", `"5s"`}, one[wantsText]{wantsText{"5s"}}},
		{"a number", map[string]any{"v": 5}, one[wantsNumber]{wantsNumber{5}}},
		{"a number in a text", kv{"v", "5.5"}, one[wantsNumber]{wantsNumber{5.5}}},
		{"behind a pointer", kv{"v", "5"}, one[*wantsNumber]{&wantsNumber{5}}},
		{"in a map", kv{"v.a", "5"}, one[map[string]wantsNumber]{map[string]wantsNumber{"a": {5}}}},
		{"a null", map[string]any{"v": nil}, one[wantsNumber]{}},
	})
	testBad(t, []bad{
		{"neither", struct{ V wantsNumber }{}, kv{"v", "x"}, []string{"mistyped v: cannot use string \"x\" as binder_test.wantsNumber: json: cannot unmarshal string into Go value of type float64\n    into   struct.V"}},
		{"a value and keys", struct{ V wantsNumber }{}, kv{"v", "x", "v.a", "y"}, []string{"conflict v: the key has both a value and keys below it, and binder_test.wantsNumber holds only one\n    into   struct.V"}},
	})
}
