package interpolate_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/confsync/confsync/interpolate"
	"github.com/confsync/confsync/tree"
)

func rootOf(t testing.TB, in any) *tree.Node {
	t.Helper()
	made, err := tree.FromGo(in)
	if err != nil {
		t.Fatal(err)
	}
	return made.Root()
}

func pathOf(t testing.TB, s string) tree.Path {
	t.Helper()
	p, err := tree.ParsePath(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// options have keys in lower case, two variables, and secrets at paths with
// "secret" in them.
var options = interpolate.Options{
	Path: func(p tree.Path) tree.Path {
		lower := make(tree.Path, len(p))
		for i, seg := range p {
			lower[i] = strings.ToLower(seg)
		}
		return lower
	},
	Env: func(name string) (string, bool) {
		text, ok := map[string]string{"HOME": "/root", "EMPTY": ""}[name]
		return text, ok
	},
	Secret: func(p tree.Path, n *tree.Node) bool {
		return n != nil && strings.Contains(p.String(), "secret")
	},
}

type m = map[string]any

func TestExpand(t *testing.T) {
	base := m{"host": "h", "port": 80, "none": nil, "empty": "", "list": []any{"a", "${host}"}, "db": m{"url": "${host}:${port}", "user": "u"}}
	for text, want := range map[string]string{
		"plain":                          `"plain"`,
		"${host}":                        `"h"`,
		"${port}":                        "80",
		"http://${host}:${port}/":        `"http://h:80/"`,
		"${HOST}":                        `"h"`,
		"${ host }":                      `"h"`,
		"${db.url}":                      `"h:80"`,
		"<${db.url}>":                    `"<h:80>"`,
		"${list}":                        `["a" "h"]`,
		"${list.1}":                      `"h"`,
		"${db}":                          `{url:"h:80" user:"u"}`,
		"${env:HOME}":                    `"/root"`,
		"${env:HOME}/x":                  `"/root/x"`,
		"${env:NOWHERE:-x}":              `"x"`,
		"${env:EMPTY:-x}":                `"x"`,
		"${env:EMPTY}":                   `""`,
		"${env:HOME:-x}":                 `"/root"`,
		"${nowhere:-}":                   `""`,
		"${none:-x}":                     `"x"`,
		"${empty:-x}":                    `"x"`,
		"${host:-x}":                     `"h"`,
		"${nowhere:-${port}}":            "80",
		"${nowhere:-<${also:-$${y}>}":    `"<${y>"`,
		"${nowhere.at.all:-${list}}":     `["a" "h"]`,
		"$$":                             `"$"`,
		"$${host}":                       `"${host}"`,
		"$$$${host}":                     `"$${host}"`,
		"$$${host}":                      `"$h"`,
		"$host $ {host} $1":              `"$host $ {host} $1"`,
		"pa$$word":                       `"pa$word"`,
		"{${host}}":                      `"{h}"`,
		"${nowhere:-a:-b}":               `"a:-b"`,
		"${with:colon:-${host} ${port}}": `"h 80"`,
	} {
		in := m{"text": text}
		for k, v := range base {
			in[k] = v
		}
		got := interpolate.Expand(interpolate.Result{}, rootOf(t, in), options)
		if got.Problems.Len() > 0 || got.Root().Child("text").String() != want {
			t.Errorf("%s: got %s with %v, want %s", text, got.Root().Child("text"), got.Problems.Problems, want)
		}
	}
}

func TestProblems(t *testing.T) {
	long := strings.Repeat("x", 1<<19)
	deep := strings.Repeat("${a:-", 50) + strings.Repeat("}", 50)
	for _, tt := range []struct {
		name string
		in   m
		want []string
	}{
		{"nothing there", m{"a": "${b.c}"}, []string{"unresolved a: ${b.c}: nothing is set there"}},
		{"a null", m{"a": "${b}", "b": nil}, []string{"unresolved a: ${b}: nothing is set there"}},
		{"a variable", m{"a": "x${env:NO}"}, []string{"unresolved a: ${env:NO}: the variable is not set"}},
		{"a list in a text", m{"a": "x${b}", "b": []any{1}}, []string{"unresolved a: ${b} is a list, which can't stand in a text"}},
		{"not closed", m{"a": "${b", "c": "${d:-x"}, []string{
			`unresolved a: a placeholder is not closed: want "}" behind "${", or "$$" for a dollar sign`,
			`unresolved c: a placeholder is not closed: want "}" behind "${", or "$$" for a dollar sign`}},
		{"empty", m{"a": "${}", "b": "${ :-x}"}, []string{
			`unresolved a: a placeholder is empty: want a path or env:NAME, or "$$" for a dollar sign`,
			`unresolved b: a placeholder is empty: want a path or env:NAME, or "$$" for a dollar sign`}},
		{"no path", m{"a": "${b..c}"}, []string{`unresolved a: ${b..c}: path "b..c": empty segment`}},
		{"itself", m{"a": "${a}"}, []string{"unresolved a: placeholders refer to one another: a -> a"}},
		{"one another", m{"a": "${b}", "b": "<${c}>", "c": "${a}", "d": "${a}"}, []string{
			"unresolved a: placeholders refer to one another: a -> b -> c -> a\n    from   b from ; c from "}},
		{"what it is in", m{"a": m{"b": m{"c": "${a}"}}}, []string{"unresolved a.b.c: placeholders refer to one another: a.b.c -> a.b.c"}},
		{"a cycle with a default", m{"a": "${b:-x}", "b": "${a:-x}"}, []string{"unresolved a: placeholders refer to one another: a -> b -> a\n    from   b from "}},
		{"a default in a default, too deep", m{"a": deep}, []string{"unresolved a: too many placeholders stand inside one another"}},
		{"too long", m{"a": "${b}${b}${b}", "b": long}, []string{"too large a: with its placeholders filled it is longer than 1048576 bytes"}},
		{"what refers to a problem", m{"a": "${b}", "b": "${c}"}, []string{"unresolved b: ${c}: nothing is set there"}},
		{"in a list that is referred to", m{"a": "${b}", "b": []any{"${c}"}}, []string{"unresolved b.0: ${c}: nothing is set there"}},
	} {
		r := interpolate.Expand(interpolate.Result{}, rootOf(t, tt.in), options)
		var got []string
		for _, p := range r.Problems.Problems {
			got = append(got, p.Kind.String()+" "+p.Error())
		}
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", tt.want) {
			t.Errorf("%s: problems\n got %q\nwant %q", tt.name, got, tt.want)
		}
	}
}

// TestTextsAndListsThatDouble are short documents of texts and lists that would
// be large.
func TestTextsAndListsThatDouble(t *testing.T) {
	texts, lists := m{"a0": "0123456789"}, m{"a0": []any{1, 2, 3}}
	for i := range 60 {
		ref := fmt.Sprintf("${a%d}", i)
		texts[fmt.Sprint("a", i+1)] = ref + ref
		lists[fmt.Sprint("a", i+1)] = []any{ref, ref}
	}
	for name, in := range map[string]m{"texts": texts, "lists": lists} {
		if r := interpolate.Expand(interpolate.Result{}, rootOf(t, in), options); r.Problems.Len() != 1 || r.Problems.Problems[0].Kind != tree.TooLarge {
			t.Errorf("%s: problems %v", name, r.Problems.Problems)
		}
	}
}

// TestWhatComesFromASecretIsSecret looks at the marks of values.
func TestWhatComesFromASecretIsSecret(t *testing.T) {
	r := interpolate.Expand(interpolate.Result{}, rootOf(t, m{
		"secret": "s", "plain": "p", "whole": "${secret}", "text": "<${secret}>", "second": "${text}", "list": []any{"${plain}", "${second}"},
		"in": m{"secret": "x", "plain": "y"}, "map": "${in}", "below": "${map.secret}", "fine": "${plain} ${in.plain}", "or": "${nowhere:-${secret}}",
		"not": "${plain:-${secret}}", "number": "${in.secret:-x}",
	}), options)
	if r.Problems.Len() > 0 {
		t.Fatal(r.Problems.Problems)
	}
	for path, want := range map[string]bool{
		"whole": true, "text": true, "second": true, "list": false, "list.0": false, "list.1": true, "map": false, "map.secret": true, "map.plain": false,
		"below": true, "fine": false, "or": true, "not": false, "plain": false,
	} {
		if n := r.Root().Lookup(pathOf(t, path)); n == nil || n.IsSecret() != want {
			t.Errorf("%s is %s, secret %v", path, n, n.IsSecret())
		}
	}
}

func TestRefs(t *testing.T) {
	r := interpolate.Expand(interpolate.Result{}, rootOf(t, m{"a": m{"b": "${C.D:-${env:X}}y"}, "c": m{"d": 1}, "whole": "${c}"}), options)
	for path, want := range map[string]string{
		"a.b": `a.b "${C.D:-${env:X}}y" [{c.d } { X}]`, "whole.d": `whole "${c}" [{c }]`, "whole": `whole "${c}" [{c }]`, "a": ` "" []`, "c.d": ` "" []`, "no.where": ` "" []`,
	} {
		at, text, refs := r.Refs(pathOf(t, path), options)
		if got := fmt.Sprintf("%s %q %v", at, text, refs); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}

// TestExpandShares asserts that a change leaves alone what it doesn't reach.
func TestExpandShares(t *testing.T) {
	in := rootOf(t, m{"a": "1", "b": "${a}", "c": m{"d": "${x}", "e": "2"}, "x": "3", "f": m{"g": "4"}})
	first := interpolate.Expand(interpolate.Result{}, in, options)
	if same := interpolate.Expand(first, in, options); same.Root() != first.Root() {
		t.Error("the same tree gives another one")
	}
	next := interpolate.Expand(first, in.With(m2{"a": tree.NewScalar(tree.String, "9")}, nil), options)
	for _, key := range []string{"c", "x", "f"} {
		if next.Root().Child(key) != first.Root().Child(key) {
			t.Errorf("%s is another node", key)
		}
	}
	if next.Root().Child("b").Text() != "9" {
		t.Errorf("b is %s", next.Root().Child("b"))
	}
	if plain := interpolate.Expand(next, in.Child("f"), options); plain.Root() != in.Child("f") {
		t.Error("a tree without placeholders is copied")
	}
}

type m2 = map[string]*tree.Node

func ExampleExpand() {
	t, _ := tree.FromGo(map[string]any{
		"host": "example.org", "port": 8443,
		"url": "https://${host}:${port}/${path:-}", "listen": "${port}", "price": "5$$",
	})
	r := interpolate.Expand(interpolate.Result{}, t.Root(), interpolate.Options{})
	fmt.Println(r.Root().Child("url"), r.Root().Child("listen"), r.Root().Child("price"))

	t, _ = tree.FromGo(map[string]any{"a": "${b}", "b": "${a}"})
	r = interpolate.Expand(r, t.Root(), interpolate.Options{})
	fmt.Println(r.Problems.Problems[0].Err)
	// Output:
	// "https://example.org:8443/" 8443 "5$"
	// placeholders refer to one another: a -> b -> a
}
