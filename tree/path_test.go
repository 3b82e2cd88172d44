package tree_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/confsync/confsync/tree"
)

func TestPathText(t *testing.T) {
	cases := []struct {
		name string
		path tree.Path
		text string
	}{
		{"the root", nil, ""},
		{"one segment", tree.Path{"a"}, "a"},
		{"several", tree.Path{"a", "b", "0"}, "a.b.0"},
		{"a dot inside", tree.Path{"www.example.com", "port"}, `www\.example\.com.port`},
		{"a dot alone", tree.Path{"."}, `\.`},
		{"a backslash inside", tree.Path{`C:\etc`}, `C:\\etc`},
		{"a backslash before a dot", tree.Path{`a\`, "b"}, `a\\.b`},
		{"an empty segment", tree.Path{""}, `\e`},
		{"empty segments", tree.Path{"", "a", "", ""}, `\e.a.\e.\e`},
		{"what looks like an empty segment", tree.Path{`\e`}, `\\e`},
		{"slashes, spaces and more", tree.Path{"a/b", " ", "ü"}, "a/b. .ü"},
		{"what doesn't print", tree.Path{"a\nb\t", "\x1b[31m\x00", "\u2028\u202e\ufeff", "\xff\u00a0"}, `a\nb\t.\x1b[31m\x00.\u2028\u202e\ufeff.\xff\u00a0`},
		{"the replacement character", tree.Path{"\ufffd"}, "\ufffd"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := c.path.String(); got != c.text {
				t.Errorf("%q.String() = %q, want %q", c.path, got, c.text)
			}
			got, err := tree.ParsePath(c.text)
			if err != nil || !got.Equal(c.path) {
				t.Errorf("ParsePath(%q) = %q, %v; want %q", c.text, got, err, c.path)
			}
		})
	}
}

func TestParsePathErrors(t *testing.T) {
	for _, text := range []string{".", "a.", ".a", "a..b", `\`, `a\`, `a\q`, `\ea`, `a\e`, `\e.`, `\e\e`, `a.\x`} {
		if got, err := tree.ParsePath(text); err == nil {
			t.Errorf("ParsePath(%q) = %q, want an error", text, got)
		}
	}
}

func FuzzParsePath(f *testing.F) {
	for _, text := range []string{"", "a.b", `\e`, `a\.b.\\`, `\e.\e`, "a..b"} {
		f.Add(text, "a", "")
	}
	f.Fuzz(func(t *testing.T, text, first, second string) {
		path := tree.Path{first, second}
		if got, err := tree.ParsePath(path.String()); err != nil || !got.Equal(path) {
			t.Errorf("%q is written %q and read as %q, %v", path, path, got, err)
		}
		if strings.ContainsFunc(path.String(), func(r rune) bool { return !strconv.IsPrint(r) }) {
			t.Errorf("%q is written %q, which doesn't print", path, path)
		}
		got, err := tree.ParsePath(text)
		if again, _ := tree.ParsePath(got.String()); err == nil && !again.Equal(got) {
			t.Errorf("%q is read as %q and written %q", text, got, got)
		}
	})
}

func TestPathChildSharesNothing(t *testing.T) {
	parent := append(make(tree.Path, 0, 8), "a")
	b, c := parent.Child("b"), parent.Child("c", "d")
	if b.String() != "a.b" || c.String() != "a.c.d" || parent.String() != "a" {
		t.Errorf("got %s, %s and %s, want a.b, a.c.d and a", b, c, parent)
	}
}

func TestPathHasPrefix(t *testing.T) {
	cases := []struct {
		path, prefix tree.Path
		want         bool
	}{
		{nil, nil, true},
		{tree.Path{"a"}, nil, true},
		{tree.Path{"a", "b"}, tree.Path{"a"}, true},
		{tree.Path{"a", "b"}, tree.Path{"a", "b"}, true},
		{tree.Path{"a"}, tree.Path{"a", "b"}, false},
		{tree.Path{"application"}, tree.Path{"app"}, false},
	}
	for _, c := range cases {
		if got := c.path.HasPrefix(c.prefix); got != c.want {
			t.Errorf("%q.HasPrefix(%q) = %t", c.path, c.prefix, got)
		}
	}
}

func TestPathCompare(t *testing.T) {
	sorted := []tree.Path{nil, {"a"}, {"a", "b"}, {"a", "b", "c"}, {"a", "c"}, {"a.b"}, {"b"}}
	shuffled := slices.Clone(sorted)
	slices.Reverse(shuffled)
	slices.SortFunc(shuffled, tree.Path.Compare)
	if !slices.EqualFunc(sorted, shuffled, tree.Path.Equal) {
		t.Errorf("got %q, want %q", shuffled, sorted)
	}
}

func TestIndex(t *testing.T) {
	valid := map[string]int{"0": 0, "7": 7, "10": 10, "999999999": 999_999_999}
	for segment, want := range valid {
		if got, ok := tree.Index(segment); !ok || got != want {
			t.Errorf("Index(%q) = %d, %t", segment, got, ok)
		}
	}
	for _, segment := range []string{"", "00", "01", "-1", "+1", "1a", "a", " 1", "1.0", "1000000000", "٣"} {
		if got, ok := tree.Index(segment); ok {
			t.Errorf("Index(%q) = %d, want none", segment, got)
		}
	}
}
