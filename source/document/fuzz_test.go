package document

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
	"go.yaml.in/yaml/v4"

	"github.com/confsync/confsync/tree"
)

// check holds what is true of every document: a tree whose values all have a
// place within it, or problems of the kinds that are promised.
func check(t *testing.T, format Format, data []byte) (tree.Tree, error) {
	t.Helper()
	got, err := Decode(format, data, Limits{})
	if err != nil {
		for _, each := range err.(interface{ Unwrap() []error }).Unwrap() {
			var p tree.Problem
			if !errors.As(each, &p) || p.Kind != tree.Unusable && p.Kind != tree.Duplicate && p.Kind != tree.TooLarge {
				t.Fatalf("%q: not a problem of a document: %v", data, each)
			}
		}
		return got, err
	}
	if got.Root().Kind() != tree.Map {
		t.Fatalf("%q: a %v", data, got.Root().Kind())
	}
	lines := strings.Split(strings.TrimPrefix(string(data), "\ufeff"), "\n")
	for p := range got.Root().Leaves {
		o, ok := got.Origin(p)
		if !ok || o.Line < 1 || o.Column < 1 {
			t.Fatalf("%q: %q is at %d:%d", data, p, o.Line, o.Column)
		}
		if format != YAML && (o.Line > len(lines) || o.Column > len(lines[o.Line-1])+1) {
			t.Fatalf("%q: %q is at %d:%d, beyond the end", data, p, o.Line, o.Column)
		}
	}
	return got, nil
}

// agree wants a tree to be what a library makes of the same document.
func agree(t *testing.T, p tree.Path, n *tree.Node, v any) {
	t.Helper()
	is := func(kind tree.Kind, text string) {
		t.Helper()
		if n.Kind() != kind || n.Text() != text {
			t.Fatalf("%q is %v %q, want %v %q", p, n.Kind(), n.Text(), kind, text)
		}
	}
	switch v := v.(type) {
	case nil:
		is(tree.Null, "")
	case bool:
		is(tree.Bool, strconv.FormatBool(v))
	case int, int64, uint64:
		text := n.Text()
		if i, err := tree.ParseInt(text); err == nil {
			text = fmt.Sprint(i)
		}
		if n.Kind() != tree.Int || text != fmt.Sprint(v) {
			t.Fatalf("%q is %v %q, want int %v", p, n.Kind(), n.Text(), v)
		}
	case string:
		is(tree.String, v)
	case json.Number:
		kind := tree.Int
		if strings.ContainsAny(v.String(), ".eE") {
			kind = tree.Float
		}
		is(kind, v.String())
	case float64:
		f, err := strconv.ParseFloat(n.Text(), 64)
		if n.Kind() != tree.Float || err != nil || f != v && !(math.IsNaN(f) && math.IsNaN(v)) {
			t.Fatalf("%q is %v %q, want float %v", p, n.Kind(), n.Text(), v)
		}
	case time.Time:
		at, err := tree.ParseTime(n.Text())
		if n.Kind() != tree.Time || err != nil || !at.Equal(v) {
			t.Fatalf("%q is %v %q, want time %v", p, n.Kind(), n.Text(), v)
		}
	case toml.LocalDate:
		agree(t, p, n, v.AsTime(time.UTC))
	case toml.LocalDateTime:
		agree(t, p, n, v.AsTime(time.UTC))
	case toml.LocalTime:
		is(tree.String, v.String())
	case []any:
		if n.Kind() != tree.List || n.Len() != len(v) {
			t.Fatalf("%q is a %v of %d, want a list of %d", p, n.Kind(), n.Len(), len(v))
		}
		for i, item := range v {
			agree(t, p.Child(strconv.Itoa(i)), n.At(i), item)
		}
	case map[string]any:
		maps.DeleteFunc(v, func(key string, item any) bool { return item == nil && n.Child(key) == nil }) // nothing behind the key
		if n.Kind() != tree.Map || n.Len() != len(v) {
			t.Fatalf("%q is a %v of %d, want a map of %d", p, n.Kind(), n.Len(), len(v))
		}
		for key, item := range v {
			agree(t, p.Child(key), n.Child(key), item)
		}
	case map[any]any: // keys that are no strings are written otherwise, and may be written twice: 0 and 00
		maps.DeleteFunc(v, func(_, item any) bool { return item == nil }) // nothing behind the key, perhaps
		if n.Kind() != tree.Map || n.Len() < len(v) {
			t.Fatalf("%q is a %v of %d, want a map of %d", p, n.Kind(), n.Len(), len(v))
		}
		for key, item := range v {
			if s, ok := key.(string); ok {
				agree(t, p.Child(s), n.Child(s), item)
			}
		}
	default:
		t.Fatalf("%q: no idea of a %T", p, v)
	}
}

func FuzzYAML(f *testing.F) {
	for _, doc := range []string{
		"", "a: 1\nb: [x, {c: ~}]\n", "a: &a {x: 1}\nb: {<<: [*a, {y: 2}], x: 3}\n", "a: *a", "- 1", "a: 1\n---\nb: 2",
		"? [a]\n: b\n", "a: !!binary aGk=\nb: !x 1\nc: !!float 3", "0x10: 0x10\n1_0: 1_0.5\n.inf: .inf", "a: 2001-12-14\n", "a: |\n  x\nb: >-\n  y\n",
		"é: ü\r\nb: \"\\u00e9\"\r\n", "\ufeffa: 1", "# c\na: 1 # d\n# e\n", "a: 'x\n\n  y'\n", "%YAML 1.1\n---\n{a: b}\n...\n", "# x\n%YAML 1.2\n---\na: b\n---\n", "a: b\r\rc: d\u2028e: f",
	} {
		f.Add([]byte(doc))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := check(t, YAML, data)
		if err != nil {
			return
		}
		var want any
		if err := yaml.Unmarshal(data, &want); err != nil {
			t.Skip("the library refuses what is accepted here: ", err)
		}
		if want == nil {
			want = map[string]any{}
		}
		for _, n := range got.Root().Leaves {
			if n.Text() == "<<" {
				t.Skip("the library drops values that look like a merge key")
			}
		}
		agree(t, nil, got.Root(), want)
	})
}

func FuzzJSON(f *testing.F) {
	for _, doc := range []string{
		`{}`, `{"a": [1, 2.5, -3e2, null, true, false, "x"], "b": {"c": {}}}`, `{"a": "\u00e9\n\ud800"}`, `[1]`, `{"a":1}{`,
		"{\r\n\t\"é\" : \"ü\"\n}", `{"a":1,"a":2}`, `{"a": 01}`, `{"a": 1,}`, `{"": "\\\""}`,
	} {
		f.Add([]byte(doc))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := check(t, JSON, data)
		body := strings.TrimPrefix(string(data), "\ufeff")
		dec := json.NewDecoder(strings.NewReader(body))
		dec.UseNumber()
		var want any
		failed := dec.Decode(&want) != nil || !json.Valid([]byte(body))
		_, isMap := want.(map[string]any)
		if err == nil {
			if failed {
				t.Fatalf("%q: accepted", data)
			}
			agree(t, nil, got.Root(), want)
			return
		}
		var p tree.Problem
		if errors.As(err, &p); p.Kind == tree.Unusable && !failed && isMap && utf8.Valid(data) {
			t.Fatalf("%q: %v", data, err)
		}
	})
}

func FuzzTOML(f *testing.F) {
	for _, doc := range []string{
		"a = 1\n[b.c]\nd = [1, {e = 2}]\n", "[[a]]\n[a.b]\n[[a]]\n[a.b]\n", "a.b.c = 1\na.d = 2\n", "a = 1979-05-27T07:32:00Z\nb = 07:32:00\nc = 1979-05-27",
		"a = \"\"\"\nx\"\"\"\nb = '''y'''\n", "a = 0x1F\nb = 1_000\nc = inf\nd = -0\ne = 1e5", "[a]\n[a]\n", "a = {b = {c = 1}, d.e = 2}\n", "é = 1\n\"ü\" = 2\r\n",
		"a = [\n 1, # x\n [2],\n]\n", "[a]\nb.c = 1\n[a.b.d]\n",
	} {
		f.Add([]byte(doc))
	}
	for _, value := range []string{ // each of which the library and ours read by themselves
		"0x7fff_ffff_ffff_ffff", "0x8000000000000000", "0xFFFFFFFFFFFFFFFFF", "0o777777777777777777777", "0o1000000000000000000000", "0b1_0", "0b2", "0x_1", "+0x1",
		"9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "+0", "-0", "00", "01", "1__0", "_1", "1_", "0_1",
		"+inf", "-inf", "+nan", "-nan", "Inf", "1e400", "-1E-400", "1_0e1_0", "1e+5", "-0.0", "1.e5", ".5", "0x1p4", "0.1_2", "5e-324",
		"1979-05-27t07:32:00z", "1979-05-27 07:32Z", "1979-05-27T07:32:00.999999999999-00:30", "1979-05-27T23:59:60Z", "1979-05-27T07:32:00+24:00", "1979-05-27T07:32:00+23:60",
		"1979-05-27T07:32:00+0100", "1979-05-27T07:32:00+01:00:00", "1979-05-27T07:32:00+01:00.5", "1979-05-27T07:32:00+00:00", "1979-05-27T07:32:00-", "1979-05-27T07:32+05:30",
		"0000-01-01", "2023-02-29", "2024-02-29", "1979-05-27T", "1979-05-27T24:00:00", "1979-05-27T07:32:00.", "9999-12-31T23:59:59.9", "07:32", "07:32:00.50", "07:60:00", "7:32", "07:32:00Z",
	} {
		f.Add([]byte("a = " + value + "\n"))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := check(t, TOML, data)
		var want map[string]any
		refused := toml.Unmarshal([]byte(strings.TrimPrefix(string(data), "\ufeff")), &want)
		if err == nil {
			if refused != nil {
				t.Fatalf("%q: accepted, but %v", data, refused)
			}
			if want == nil {
				want = map[string]any{}
			}
			agree(t, nil, got.Root(), want)
			return
		}
		var p tree.Problem
		if errors.As(err, &p); p.Kind != tree.TooLarge && refused == nil {
			t.Fatalf("%q: %v", data, err)
		}
	})
}

func FuzzDotenv(f *testing.F) {
	for _, doc := range []string{"A: \"\\0001\\r\"\nB='\\''\n", "A=1\nexport B='x' # y\n", "A=\"x\\n\ny\"", "=1", "A", "A='", "# x\r\nA = 1\r\n"} {
		f.Add([]byte(doc))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := check(t, Dotenv, data)
		if err != nil {
			return
		}
		for key, value := range asGo(got.Root()) { // what was read, written again, reads the same
			text := fmt.Sprintf("%s=\"%s\"", key, dotenvEscaped(value))
			again, err := Decode(Dotenv, []byte(text), Limits{})
			if err != nil || again.Root().Child(key).Text() != value {
				t.Fatalf("%q: %q is read as %s (%v)", data, text, again.Root(), err)
			}
		}
	})
}

// dotenvEscaped returns a text as it stands between double quotes.
func dotenvEscaped(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\\' || r == '"':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' && r != '\n' && r != '\t':
			fmt.Fprintf(&b, `\0%03o`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func asGo(n *tree.Node) map[string]string {
	m := make(map[string]string)
	for _, key := range n.Keys() {
		m[key] = n.Child(key).Text()
	}
	return m
}
