package document

import (
	"fmt"
	"strings"
	"testing"
)

func TestYAML(t *testing.T) {
	testGood(t, YAML, []good{
		{"empty", "", "{}", "@1:1"},
		{"only comments", "# a\n\n# b\n", "{}", ""},
		{"only a marker", "---\n", "{}", ""},
		{"markers", "# x\n---\na: 1\n...\n# y\n", "{a:1}", "a@3:4"},
		{"a version", "# x\n%YAML 1.2\n---\na: é\n", "{a:\"é\"}", "a@4:4"},
		{"empty documents behind it", "a: 1\n---\n---\n# x\n...\n", "{a:1}", ""},
		{"lines that end in CR", "é: 1\rb: [é, 1]\r\nc: 2", "{b:[\"é\" 1] c:2 é:1}", "b.1@2:9 c@3:4"},
		{"nested", "server:\n  port: 80\n  hosts:\n    - a\n    - b: c\n", `{server:{hosts:["a" {b:"c"}] port:80}}`,
			"@1:1 server@2:3 server.port@2:9 server.hosts@4:5 server.hosts.0@4:7 server.hosts.1.b@5:10"},
		{"flow", `{a: [1, {b: 2}], "c": 'd'}`, `{a:[1 {b:2}] c:"d"}`, "a.1.b@1:13 c@1:23"},
		{"CRLF", "a: 1\r\nb:\r\n  c: 2\r\n", "{a:1 b:{c:2}}", "a@1:4 b.c@3:6"},
		{"columns are bytes", "é: {ü: 1, b: 2}\nc: 3\n", "{c:3 é:{b:2 ü:1}}", "é.ü@1:10 é.b@1:16 c@2:4"},
		{"nulls", "a:\nb: ~\nc: null\nd: Null\ne: ''\n", `{b:null c:null d:null e:""}`, "b@2:4"},
		{"booleans", "a: true\nb: False\nc: yes\nd: 'true'\n", `{a:true b:false c:"yes" d:"true"}`, ""},
		{"integers", "a: 0x1F\nb: 0o17\nc: 017\nd: 1_000\ne: -5\nf: +5\ng: 18446744073709551615\nh: 0b11\ni: -0x10\nj: 0", "{a:0x1F b:0o17 c:017 d:1_000 e:-5 f:+5 g:18446744073709551615 h:0b11 i:-0x10 j:0}", ""},
		{"integers past 64 bits are floats", "a: 18446744073709551616", "{a:18446744073709551616}", ""},
		{"floats", "a: 1.10\nb: .5\nc: -.inf\nd: .Inf\ne: .NaN\nf: 1e3\ng: 1_0.5\nh: -0", "{a:1.10 b:.5 c:-Inf d:+Inf e:NaN f:1e3 g:10.5 h:-0}", ""},
		{"timestamps", "a: 2001-12-14\nb: 2001-12-14T21:59:43.1-05:00\nc: 2001-12-14 21:59:43\nd: '2001-12-14'",
			`{a:2001-12-14 b:2001-12-14T21:59:43.1-05:00 c:2001-12-14 21:59:43 d:"2001-12-14"}`, ""},
		{"tags", "a: !!str 12\nb: !!int '12'\nc: !!binary aGk=\nd: !!float 3\ne: !!null ''\nf: !!bool 'true'\ng: ! 12\nh: !!map {a: !!seq []}\ni: !!timestamp '2001-12-14'",
			`{a:"12" b:12 c:"hi" d:3 e:null f:true g:"12" h:{a:[]} i:2001-12-14}`, "a@1:4"},
		{"block scalars", "a: |\n  x\n  y\nb: >-\n  x\n  y\n", "{a:\"x\ny\n\" b:\"x y\"}", "a@1:4"},
		{"keys are text", "8080: a\ntrue: b\n1.50: c\n0x10: d\n2001-12-14: e\n'': f\n!!str g: h", `{:"f" 0x10:"d" 1.50:"c" 2001-12-14:"e" 8080:"a" g:"h" true:"b"}`, "8080@1:7"},
		{"aliases", "a: &x {k: 1}\nb: *x\nc: [*x, *x]\n", "{a:{k:1} b:{k:1} c:[{k:1} {k:1}]}", "a.k@1:11 b@1:4 b.k@1:11 c.1.k@1:11"},
		{"an anchor set again", "a: &x 1\nb: *x\nc: &x 2\nd: *x\n", "{a:1 b:1 c:2 d:2}", "b@1:4 d@3:4"},
		{"an anchor on a key", "&k a: 1\nb: *k\nc: {*k : 2}", `{a:1 b:"a" c:{a:2}}`, "b@1:1 c.a@3:10"},
		{"merge", "base: &b {x: 1, y: 2}\na:\n  <<: *b\n  y: 3\n", "{a:{x:1 y:3} base:{x:1 y:2}}", "a.x@1:14 a.y@4:6"},
		{"merge after the key it doesn't hide", "base: &b {x: 1, y: 2}\na: {y: 3, <<: *b}", "{a:{x:1 y:3} base:{x:1 y:2}}", ""},
		{"merge several, the first wins", "b: &b {x: 1}\nc: &c {x: 2, y: 2}\na: {<<: [*b, *c, {z: 3}]}", "{a:{x:1 y:2 z:3} b:{x:1} c:{x:2 y:2}}", "a.z@3:22"},
		{"merge of a merge", "b: &b {x: 1}\nc: &c {<<: *b, y: 2}\na: {<<: *c}", "{a:{x:1 y:2} b:{x:1} c:{x:1 y:2}}", ""},
		{"merge inline", "a: {<<: {x: 1}, y: 2}", "{a:{x:1 y:2}}", ""},
		{"a quoted merge key is a key", "a: {'<<': 1}\nb: <<\n", `{a:{<<:1} b:"<<"}`, ""},
		{"dots and slashes in keys", "a.b: {c/d: 1}", "{a.b:{c/d:1}}", `a\.b.c/d@1:12`},
	})
}

func TestYAMLBad(t *testing.T) {
	testBad(t, YAML, []bad{
		{"scalar", "\n  hello", Limits{}, []string{"unusable 2:3 : the document is a string, not a map"}},
		{"list", "- a\n", Limits{}, []string{"unusable 1:1 : the document is a list, not a map"}},
		{"an explicit null", "~", Limits{}, []string{"unusable 1:1 : the document is a null, not a map"}},
		{"two documents", "a: 1\n---\nb: 2\n", Limits{}, []string{"unusable 2:1 : a second document begins here; only one is allowed"}},
		{"a second document that is a null", "a: 1\n---\n~\n", Limits{}, []string{"unusable 2:1 : a second document begins here; only one is allowed"}},
		{"an unknown version", "%YAML 2.0\n---\na: 1\n", Limits{}, []string{"unusable 1:1 : found incompatible YAML document"}},
		{"two mappings in a line", "a: 1\nb: c: 2\n", Limits{}, []string{"unusable 2:5 : mapping values are not allowed in this context (the mistake may be in the line above)"}},
		{"an unindented line", "a:\n  b: 1\n c: 2\n", Limits{}, []string{"unusable 3:2 : while parsing a block mapping that begins at line 1: did not find expected key"}},
		{"duplicates, all of them", "a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n  c: 4\na: 2\n", Limits{}, []string{
			`duplicate 5:3 b.c: duplicate key "c", first at line 3`,
			`duplicate 6:3 b.c: duplicate key "c", first at line 5`,
			`duplicate 7:1 a: duplicate key "a", first at line 1`}},
		{"two merge keys", "a: &a {}\nb:\n  <<: *a\n  <<: *a\n", Limits{}, []string{`duplicate 4:3 b.<<: duplicate key "<<", first at line 3`}},
		{"duplicates in an inline merge", "b:\n  <<: {x: 1, x: 2}\n", Limits{}, []string{`duplicate 2:14 b.x: duplicate key "x", first at line 2`}},
		{"an unclosed flow", "a: [1,\nb: 2\n", Limits{}, []string{"unusable 3:1 : while parsing a flow sequence that begins at line 1: did not find expected ',' or ']'"}},
		{"an unclosed quote", "a: 'x\n", Limits{}, []string{"unusable 2:1 : while scanning a quoted scalar that begins at line 1: found unexpected end of stream"}},
		{"a tab", "a:\n\tb: 1\n", Limits{}, []string{"unusable 2:1 : found a tab, which cannot begin a value"}},
		{"columns are bytes", "é: [ü, @x]", Limits{}, []string{"unusable 1:10 : found '@', which cannot begin a value"}},
		{"an unknown anchor", "é: *x\n", Limits{}, []string{`unusable 1:5 : no anchor of that name stands before the alias (quote the value if it begins with "*")`}},
		{"complex keys", "? [a]\n: 1\n? {b: c}\n: 2\n~: 3\n", Limits{}, []string{
			"unusable 1:3 : a key that is a list or a map",
			"unusable 3:3 : a key that is a list or a map",
			"unusable 5:1 : a key that is null"}},
		{"tags", "a: !x y\nb: !!int z\nc: !!set {d}\n!k e: f\ng: !!bool 7", Limits{}, []string{
			`unusable 1:4 a: a tag that is not supported here (quote the value if it begins with "!")`,
			"unusable 2:4 b: not a !!int, which its tag says it is",
			`unusable 3:4 c: a tag that is not supported here (quote the value if it begins with "!")`,
			`unusable 4:1 : a tag that is not supported here (quote the value if it begins with "!")`,
			"unusable 5:4 g: not a !!bool, which its tag says it is"}},
		{"a merge of no map", "a: &a [1]\nb: {<<: *a}\nc: {<<: 1}\n", Limits{}, []string{
			"unusable 2:9 b: a merge key takes a map or a list of maps",
			"unusable 3:9 c: a merge key takes a map or a list of maps"}},
		{"an alias to itself", "a: &a\n  b: *a\n", Limits{}, []string{"unusable 2:6 a.b: the alias stands inside its own anchor"}},
		{"a merge of itself", "a: &a\n  <<: *a\n", Limits{}, []string{"unusable 2:7 a: the alias stands inside its own anchor"}},
		{"too many values", "a: [1, 2, 3]\n", Limits{Keys: 4}, []string{"too large 1:11 a.2: more than 4 values"}},
		{"too deep", "a: [[[1]]]\n", Limits{Depth: 3}, []string{"too large 1:6 a.0.0: more than 3 maps and lists inside one another"}},
		{"too deep by aliases", "a: &a [[1]]\nb: [[*a]]\n", Limits{Depth: 4}, []string{"too large 2:6 b.0.0: more than 4 maps and lists inside one another"}},
		{"deeper than the parser goes", strings.Repeat("[", 100_000), Limits{}, []string{"unusable 1:10001 : exceeded max depth of 10000"}},
		{"a bomb", bomb(), Limits{}, []string{"too large 6:45 a5.7: more than 1000000 values"}},
	})
}

// bomb returns a kilobyte that would be a billion values.
func bomb() string {
	doc := "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := range 9 {
		doc += fmt.Sprintf("a%d: &a%d [%s*a%d]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*a%d, ", i), 9), i)
	}
	return doc
}
