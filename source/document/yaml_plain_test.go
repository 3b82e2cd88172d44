package document

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/confsync/confsync/tree"
)

// plainDocuments are read without the parser, and oddDocuments are left to it.
var plainDocuments = []string{
	"a: 1\n", "a: b", "  a: 1\n  b: 2\n", "# x\n\n---\n# y\na: 1 # z\n", "a:\nb:\n  c:\n\n# d\n\n    d: 1\n", "a:\n- 1\n- b: 2\n  c:\n  - 3\nd: 4\n",
	"a:\n  - - 1\n    - 2\n  -   b: 1\n      c: 2\n  -\n    - 3\n", "a b: c d  # e\n", "a: http://x:80/y#z\n", "a: 'x'\n'b c': \"y # z\"\n\"\": ''\n", "a#b: c# d\n", "a:b: c:d\n",
	"a: -1\nb: --x\nc: 0.5\nd: 5s\ne: 10.0.0.1\nf: 2001-12-14\ng: 0x1F\nh: 1_000\ni: -0\nj: .inf\nk: 1e3\nl: 00\nm: +5\nn: 18446744073709551616\no: 1e999\np: 1:30\nq: 0o17\nr: -.5\ns: 1.\nt: 0b1\nu: 2001-12-14 21:59:43\nv: 1.5.2\n",
	"a: true\nb: False\nc: ~\nd: NULL\ne: yes\nf: <<\n", "é: ü # ö\n  \nx: 日本\n", "a: [1, b c, 'd, e', {f: g, \"h\": [ ]}]\nb: { }\nc: [x:1, http://y/z, d#e]\n",
	"a: {b: c,d: [e ,f]} # g\n", "a:   x   \n", "a:\n  b: 1\n# c\n  d: 2\n", "a: ---\nb: ...\n",
	"a: |\n  b\n   c\n\n  d: e # f\n\n\n# g\nh: |-\n    i\n\nj:\n- |\n k\n-   |-\n  l\n", "a:\n  b: |\n    ---\n    'c\n\n", "a: |\n  b\n \n  c\n",
	"a: 'b''c'''\n'''d': ''\n", "a: \"\\\\d+\\n\\t\\\"\\/\\r\"\n\"\\\"b\": [\"\\n\"]\n",
}

var oddDocuments = []string{
	"", "# a\n", "- a\n", "a\n", "{a: 1}", "a: 1\r\n", "a:\t1\n", "a : 1\n", "a: 1\na: 2\n", "a: b\n  c\n", "a: b: c\n", "a:\n  b\n", "a: |\n\n  b\n", "a: |2\n  b\n", "a: |+\n  b\n", "a: | # b\n  c\n", "a: >\n  b\n", "a: |\n  b\n    \n", "a: |\n  b", "a: |\nb: 1\n", "a: |\n  b\n c: 1\n", "a: &b c\n", "a: *b\n", "a: !!str 1\n", "? a\n: b\n", "~: 1\n", "<<: {a: 1}\n",
	"a:\n    b: 1\n  c: 2\n", "a: 1\n  b: 2\n", "a: 1\n- b\n", "a: 'b'c\n", "a: 'b\n", "a: \"b\\x41\"\n", "a: \"b\\\n  c\"\n", "a: 'b\n  c'\n", "a: 1\n---\nb: 2\n", "a: 1\n...\n", "--- a: 1\n", "%YAML 1.1\n---\na: 1\n",
	"a: [b\n  ]\n", "a: [b, ]\n", "a: {b}\n", "a: [b: c]\n", "a: [b]: c\n", "a: {b: }\n", "a: [b #c]\n", "a: @b\n", "a: %b\n", "a: `b\n", "a:\n-\n- b\n", "a\u2028b: c\n", "a: [-]\n", "a: -\n", "a:\n  - b\n - c\n", "a: [? b]\n", "a: [:b]\n",
}

// readings returns what is made of a document without the parser and with it.
func readings(data []byte) (plain tree.Tree, ok bool, parsed tree.Tree, err error) {
	newDecoder := func() *yamlDecoder {
		d := &decoder{limits: Limits{}.OrDefault(), done: context.Background().Done(), workshop: new(workshop)}
		d.accept(data, YAML)
		return &yamlDecoder{decoder: d}
	}
	d := newDecoder()
	if err := d.err(); err != nil {
		return tree.Tree{}, false, tree.Tree{}, err
	}
	plain, ok = d.plain()
	d = newDecoder()
	parsed = d.parsed()
	return plain, ok, parsed, d.err()
}

// drawn draws a tree with all its places.
func drawn(t tree.Tree) string {
	var draw func(p tree.Path, n *tree.Node) string
	draw = func(p tree.Path, n *tree.Node) string {
		at, _ := t.Origin(p)
		text := fmt.Sprintf("%v %q@%d:%d", n.Kind(), n.Text(), at.Line, at.Column)
		for i := range n.Len() {
			text += fmt.Sprintf(" (%q %s)", n.Segment(i), draw(p.Child(n.Segment(i)), n.At(i)))
		}
		return text
	}
	return draw(nil, t.Root())
}

func TestYAMLPlain(t *testing.T) {
	for _, doc := range plainDocuments {
		plain, ok, parsed, err := readings([]byte(doc))
		switch {
		case !ok:
			t.Errorf("%q is left to the parser", doc)
		case err != nil:
			t.Errorf("%q is read, but the parser says: %v", doc, err)
		case drawn(plain) != drawn(parsed):
			t.Errorf("%q\n got %s\nwant %s", doc, drawn(plain), drawn(parsed))
		}
	}
	for _, doc := range oddDocuments {
		if plain, ok, _, _ := readings([]byte(doc)); ok {
			t.Errorf("%q is read without the parser, as %s", doc, plain.Root())
		}
	}
}

// What is read without the parser is what the parser reads, places and all.
func FuzzYAMLPlain(f *testing.F) {
	for _, doc := range slices.Concat(plainDocuments, oddDocuments) {
		f.Add([]byte(doc))
	}
	f.Add(services(40))
	f.Fuzz(func(t *testing.T, data []byte) {
		plain, ok, parsed, err := readings(data)
		switch {
		case !ok:
		case err != nil:
			t.Fatalf("%q is read as %s, but the parser says: %v", data, plain.Root(), err)
		case drawn(plain) != drawn(parsed):
			t.Fatalf("%q\n got %s\nwant %s", data, drawn(plain), drawn(parsed))
		}
	})
}

// Pieces of YAML in a random order are mostly wrong, and often nearly right; lines
// of them at random depths are right more often.
func TestYAMLPlainRandom(t *testing.T) {
	pieces := []string{
		"a", "b", "c d", "a: ", "b:", "k: v", "- ", "-", "\n", "\n", "\n  ", "\n    ", "\n ", " ", "  ", "#", " # x", "'", "'q'", "\"", "\"r\"", ":", "[", "]", "{", "}", ",", ", ",
		"1", ".5", "~", "null", "true", "---", "...", "?", "? ", "&x", "*x", "!", "|", "|\n  t\n", "|-\n", ">", "%", "@", "\t", "\\", "\\n", "''", "\"\\\"\\\\\"", "é", "5s", "0x1", "2001-12-14", "<<", "<<: ", "a:\n", "- b\n", "x: [y]\n",
	}
	lines := []string{
		"a:", "b: 1", "c: x y # z", "d:", "e:", "f: {g: 1, h: [i]}", "- j", "-", "- k:", "- l: 1", "- - m", "-   n: o", "- - p: q", "# r", "", "  ", "s", "'t': u", "- [v]", "- # w", "x: # y", "- 'z'", "---", "A: |", "B: |-", "- |",
	}
	rounds := 15_000
	for name, next := range map[string]func() string{
		"pieces": func() string { return pieces[rand.N(len(pieces))] },
		"lines":  func() string { return strings.Repeat(" ", rand.N(5)*rand.N(2)) + lines[rand.N(len(lines))] + "\n" },
	} {
		read := 0
		for range rounds {
			doc := "o:\n"
			for range 1 + rand.N(9) {
				doc += next()
			}
			plain, ok, parsed, err := readings([]byte(doc))
			switch {
			case !ok:
				continue
			case err != nil:
				t.Fatalf("%q is read as %s, but the parser says: %v", doc, plain.Root(), err)
			case drawn(plain) != drawn(parsed):
				t.Fatalf("%q\n got %s\nwant %s", doc, drawn(plain), drawn(parsed))
			}
			read++
		}
		if read < rounds/100 {
			t.Errorf("%s: only %d of %d documents are read without the parser", name, read, rounds)
		}
		t.Logf("%s: %d of %d documents are read without the parser", name, read, rounds)
	}
}
