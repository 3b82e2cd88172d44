package document

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/confsync/confsync/tree"
)

type good struct {
	name, doc string
	want      string // as Node.String draws it
	origins   string // "path@line:column", for some of the values
}

func testGood(t *testing.T, format Format, cases []good) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := Decode(format, []byte(c.doc), Limits{})
			if err != nil {
				t.Fatalf("Decode(%q): %v", c.doc, err)
			}
			if got.Root().String() != c.want {
				t.Errorf("Decode(%q)\n got %s\nwant %s", c.doc, got.Root(), c.want)
			}
			for _, want := range strings.Fields(c.origins) {
				path, _, _ := strings.Cut(want, "@")
				p, err := tree.ParsePath(path)
				if err != nil {
					t.Fatal(err)
				}
				o, ok := got.Origin(p)
				if have := fmt.Sprintf("%s@%d:%d", path, o.Line, o.Column); !ok || have != want {
					t.Errorf("Decode(%q): origin %s, want %s", c.doc, have, want)
				}
			}
		})
	}
}

type bad struct {
	name, doc string
	limits    Limits
	want      []string // each "kind line:column path: text"
}

func testBad(t *testing.T, format Format, cases []bad) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := Decode(format, []byte(c.doc), c.limits)
			if got.Root() != nil {
				t.Errorf("Decode(%.80q): a tree beside an error", c.doc)
			}
			have := problems(t, err)
			if strings.Join(have, "\n") != strings.Join(c.want, "\n") {
				t.Errorf("Decode(%.80q)\n got %q\nwant %q", c.doc, have, c.want)
			}
		})
	}
}

// problems returns the problems an error is made of, one in a line.
func problems(t *testing.T, err error) []string {
	t.Helper()
	var all []string
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("error %v (%T) is not joined", err, err)
	}
	for _, each := range joined.Unwrap() {
		var p tree.Problem
		if !errors.As(each, &p) {
			t.Fatalf("error %v (%T) is not a tree.Problem", each, each)
		}
		all = append(all, fmt.Sprintf("%s %d:%d %s: %v", p.Kind, p.Origin.Line, p.Origin.Column, p.Path, p.Err))
	}
	return all
}

func TestFormatOf(t *testing.T) {
	for name, want := range map[string]Format{
		"config.yaml": YAML, "a/b.YML": YAML, "x.json": JSON, "x.jsonc": JSONC, "/etc/x.toml": TOML,
		".env": Dotenv, "prod.env": Dotenv, ".env.local": Dotenv, "dir.yaml/x": 0, "x.ini": 0, "": 0, "environment": 0,
	} {
		got, ok := FormatOf(name)
		if got != want || ok != (want != 0) {
			t.Errorf("FormatOf(%q) = %v, %v, want %v", name, got, ok, want)
		}
	}
}

func TestFormatString(t *testing.T) {
	for format, want := range map[Format]string{0: "unknown", YAML: "YAML", JSON: "JSON", TOML: "TOML", Dotenv: "dotenv", JSONC: "JSONC", 99: "unknown"} {
		if got := format.String(); got != want {
			t.Errorf("Format(%d).String() = %q, want %q", format, got, want)
		}
	}
}

func TestEveryFormat(t *testing.T) {
	small := Limits{Bytes: 4}
	for format, doc := range map[Format]string{YAML: "a: 10", JSON: `{"a":1}`, TOML: "a = 1", Dotenv: "A=100", JSONC: `{"a":1,}`} {
		t.Run(format.String(), func(t *testing.T) {
			testBad(t, format, []bad{
				{"too many bytes", doc, small, []string{fmt.Sprintf("too large 0:0 : %d bytes, more than 4", len(doc))}},
				{"UTF-16", "\xff\xfea\x00", Limits{}, []string{"unusable 1:1 : the document is UTF-16: save it as UTF-8"}},
				{"UTF-16 without a mark", "\x00a\x00b", Limits{}, []string{"unusable 1:1 : the document is UTF-16: save it as UTF-8"}},
				{"a merge that was left open", doc + "\n<<<<<<< HEAD\n" + doc + "\n=======\n" + doc + "\n>>>>>>> x\n", Limits{}, []string{"unusable 2:1 : a merge conflict marker begins here"}},
			})
			if format != JSON && format != JSONC { // whose reader is tested in package tree
				testBad(t, format, []bad{
					{"not UTF-8", "\n# \xff" + doc, Limits{}, []string{"unusable 2:3 : the document is not UTF-8"}},
					{"a NUL", doc + "\n \x00", Limits{}, []string{"unusable 2:2 : found a NUL character in the text"}},
					{"a control character", doc + "\n# \x1b", Limits{}, []string{"unusable 2:3 : found the control character U+001B in the text"}},
				})
			}
			plain, err := Decode(format, []byte(doc), Limits{Bytes: len(doc)})
			if err != nil {
				t.Fatal(err)
			}
			marked, err := Decode(format, []byte("\xef\xbb\xbf"+doc), Limits{})
			if err != nil {
				t.Fatalf("with a byte order mark: %v", err)
			}
			if !marked.Root().Equal(plain.Root()) {
				t.Errorf("with a byte order mark %s, without %s", marked.Root(), plain.Root())
			}
			p := tree.Path{plain.Root().Keys()[0]}
			a, _ := plain.Origin(p)
			if b, _ := marked.Origin(p); a != b {
				t.Errorf("with a byte order mark at %v, without at %v", b, a)
			}
		})
	}
	if _, err := Decode(0, []byte("a"), Limits{}); err == nil {
		t.Error("the zero Format was accepted")
	}
}

// A document's values may be secrets, and a typing error makes parsers quote them.
func TestErrorsHoldNoValues(t *testing.T) {
	for _, c := range []struct {
		format Format
		doc    string
	}{
		{YAML, "password: *hunter2\n"},
		{YAML, "password: !hunter2\n"},
		{YAML, "password: !hunter2 x\n"},
		{YAML, "password: !!int hunter2\n"},
		{YAML, "password: 'hunter2\n"},
		{YAML, "password: @hunter2\n"},
		{YAML, "password: !<hunter2\n"},
		{YAML, "password: !hunter2{ x\n"},
		{YAML, "hunter2"},
		{JSON, `{"password": hunter2}`},
		{JSON, `{"password": "hunter2}`},
		{JSON, `"hunter2"`},
		{JSON, `{"password": thunter2}`},
		{TOML, `password = hunter2`},
		{TOML, `password = "hunter2`},
		{TOML, `password = "\hunter2"`},
		{TOML, `password = 2020-13-99`},
		{Dotenv, `hunter2`},
		{Dotenv, `PASSWORD="hunter2`},
		{Dotenv, `PASSWORD="\hunter2" x`},
		{Dotenv, "PASSWORD=hunter2\rx"},
		{YAML, "password: *it's-hunter2\n"},
		{YAML, "password: *it's-\"hunter2\"`x`\n"},
		{YAML, "a: &hunter2 [*hunter2]\n"},
		{YAML, "password: !h'hunter2' x\n"},
		{YAML, "password: \"\\hunter2\"\n"},
		{YAML, "password: %hunter2\n"},
		{YAML, "password: `hunter2\n"},
		{JSONC, `{"password": hunter2}`},
		{TOML, "password = hunter2'x'\n"},
		{TOML, "password = 'x' hunter2\n"},
		{TOML, "'it\"s hunter2' = 1\n[a\nhunter2]\n"},
		{Dotenv, `PASSWORD='a' hunter2`},
		{Dotenv, "PASS\nA=1\nhunter2 ! = 1"},
	} {
		_, err := Decode(c.format, []byte(c.doc), Limits{})
		if err == nil {
			t.Errorf("Decode(%v, %q): no error", c.format, c.doc)
			continue
		}
		for _, secret := range []string{"hunter", "'h'", "U+0068", `"h"`, "2020"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("Decode(%v, %q): %q is in the error %q", c.format, c.doc, secret, err)
			}
		}
	}
}

func TestProblemsAreCapped(t *testing.T) {
	for format, doc := range map[Format]string{
		YAML:   strings.Repeat("a: 1\n", 1000),
		JSON:   "{" + strings.Repeat(`"a":1,`, 1000) + `"b":1}`,
		JSONC:  `{"x":[` + strings.Repeat(`{"a":1,"a":1},`, 1000) + "]}",
		Dotenv: strings.Repeat("A=1\n", 1000),
	} {
		if got := len(problems(t, func() error { _, err := Decode(format, []byte(doc), Limits{}); return err }())); got != maxProblems {
			t.Errorf("%v: %d problems, want %d", format, got, maxProblems)
		}
	}
}
