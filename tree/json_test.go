package tree_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/confsync/confsync/tree"
)

func TestJSON(t *testing.T) {
	for _, c := range []struct {
		name, text, want string
		comments         bool
	}{
		{"a map", `{"b": [1, -0, 2.5, 1e3, {"c": null}], "a": true}`, `{a:true b:[1 -0 2.5 1e3 {c:null}]}`, false},
		{"a value alone", " \"x\"\n", `"x"`, false},
		{"empty", `{"a": {}, "b": []}`, `{a:{} b:[]}`, false},
		{"escapes", `"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"`, "\"\"\\/\b\f\n\r\té😀\"", false},
		{"halves of surrogates", `["\ud800", "\udc00x", "\ud800\u0041", "\ud800\n"]`, "[\"\ufffd\" \"\ufffdx\" \"\ufffdA\" \"\ufffd\n\"]", false},
		{"comments", "// a\n{/* b\n */ \"c\": 1, // d\n \"e\": [1, 2,],\n}//", "{c:1 e:[1 2]}", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := tree.JSON{Comments: c.comments}.Read([]byte(c.text))
			if err != nil || got.Root().String() != c.want {
				t.Errorf("got %s, %v; want %s", got.Root(), err, c.want)
			}
		})
	}
}

func TestJSONPlaces(t *testing.T) {
	got, err := tree.JSON{Comments: true}.Read([]byte("{\n  /* é\n*/ \"a\": [1,\n\t\"é\", 2]}"))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"a": "3:9", "a.0": "3:10", "a.1": "4:2", "a.2": "4:8"} {
		o, _ := got.Origin(parse(t, path))
		if have := fmt.Sprintf("%d:%d", o.Line, o.Column); have != want {
			t.Errorf("%s is at %s, want %s", path, have, want)
		}
	}
}

func TestJSONBad(t *testing.T) {
	for _, c := range []struct {
		name string
		text string
		json tree.JSON
		want string
	}{
		{"nothing", "", tree.JSON{}, "unusable 1:1 : the text ends where a value was expected"},
		{"an unclosed map", `{"a": 1`, tree.JSON{}, "unusable 1:8 : the text ends where ',' or '}' was expected"},
		{"something behind", `{"a": 1} x`, tree.JSON{}, "unusable 1:10 : found a letter where the end was expected"},
		{"a bare word", `{"a": hunter2}`, tree.JSON{}, "unusable 1:7 a: found a letter where a value was expected"},
		{"another language's word", `{"a": True}`, tree.JSON{}, "unusable 1:7 a: found a letter where a value was expected: write true"},
		{"a key without quotes", `{a: 1}`, tree.JSON{}, "unusable 1:2 : found a letter where a key in double quotes was expected"},
		{"single quotes", `{'a': 1}`, tree.JSON{}, `unusable 1:2 : found "'" where a key in double quotes was expected: strings are written in double quotes`},
		{"a comma too many", "{\"a\": 1,\n}", tree.JSON{}, "unusable 2:1 : found '}' where a key in double quotes was expected: remove the comma before it"},
		{"a comment", "{\"a\": 1 // x\n}", tree.JSON{}, "unusable 1:9 : found '/' where ',' or '}' was expected: JSON has no comments"},
		{"an unclosed comment", "{/* x", tree.JSON{Comments: true}, "unusable 1:2 : found '/' where a key in double quotes was expected"},
		{"a zero before a number", `{"a": 01}`, tree.JSON{}, "unusable 1:8 : found a digit where ',' or '}' was expected"},
		{"a number that ends early", `[1.]`, tree.JSON{}, "unusable 1:4 0: found ']' where a digit was expected"},
		{"a line break in a string", "[\"a\n\"]", tree.JSON{}, "unusable 1:4 0: found the end of the line where the rest of a string was expected"},
		{"a NUL", "[\x00]", tree.JSON{}, "unusable 1:2 0: found a NUL character where a value was expected"},
		{"a control character", "[\"\x01\"]", tree.JSON{}, "unusable 1:3 0: found the control character U+0001 where the rest of a string was expected"},
		{"a wrong escape", `["\hunter2"]`, tree.JSON{}, `unusable 1:4 0: found a letter where an escape such as \n or \\ was expected`},
		{"a short escape", `["\u12x4"]`, tree.JSON{}, `unusable 1:4 0: found a letter where four hexadecimal digits after \u was expected`},
		{"not UTF-8", "[\"\xff\"]", tree.JSON{}, "unusable 1:3 0: the text is not UTF-8"},
		{"duplicates, and what follows", `{"a": {"b": 1, "b": 2}, "a": 3, }`, tree.JSON{},
			"duplicate 1:16 a.b: duplicate key \"b\", first at line 1\nunusable 1:33 : found '}' where a key in double quotes was expected: remove the comma before it"},
		{"too many values", `[1, 2, 3]`, tree.JSON{Keys: 3}, "too large 1:8 2: more than 3 values"},
		{"too deep", `{"a": [[1]]}`, tree.JSON{Depth: 2}, "too large 1:8 a.0: more than 2 maps and lists inside one another"},
		{"far too deep", strings.Repeat("[", 100_000), tree.JSON{}, "too large 1:10001 0.0.0.0: more than 10000 maps and lists inside one another"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.json.Read([]byte(c.text))
			var have []string
			for _, p := range tree.Problems(err) {
				have = append(have, fmt.Sprintf("%s %d:%d %s: %v", p.Kind, p.Origin.Line, p.Origin.Column, p.Path, p.Err))
			}
			if got.Root() != nil || strings.Join(have, "\n") != c.want {
				t.Errorf("got %s\n%s\nwant\n%s", got.Root(), strings.Join(have, "\n"), c.want)
			}
		})
	}
}

func TestJSONInterrupted(t *testing.T) {
	done := make(chan struct{})
	close(done)
	text := []byte("[" + strings.Repeat("1,", 10_000) + "1]")
	if _, err := (tree.JSON{Done: done}).Read(text); !errors.Is(err, tree.ErrInterrupted) {
		t.Errorf("got %v, want ErrInterrupted", err)
	}
}

// What is read is what the standard library takes for valid, but for keys that
// stand twice and text that is not UTF-8.
func FuzzJSON(f *testing.F) {
	for _, text := range []string{`{"a": [1, 2.5e-3, null, "\ud83d\ude00"]}`, `[1,]`, `01`, `-`, `"\u12"`, `{"a":1}{`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := tree.JSON{}.Read(text)
		if err == nil == json.Valid(text) {
			return
		}
		for _, p := range tree.Problems(err) {
			if p.Kind == tree.Duplicate || strings.Contains(p.Err.Error(), "UTF-8") {
				return
			}
		}
		t.Fatalf("%q: got %s, %v; valid for the standard library: %t", text, got.Root(), err, err != nil)
	})
}

func ExampleJSON() {
	t, err := tree.JSON{Comments: true}.Read([]byte(`{
	// where it listens
	"host": "::1", "ports": [80, 443],
}`))
	fmt.Println(t.Root(), err)
	_, err = tree.JSON{}.Read([]byte(`{"debug": True}`))
	fmt.Println(err)
	// Output:
	// {host:"::1" ports:[80 443]} <nil>
	// debug: found a letter where a value was expected: write true
	//     from   :1:11
}
