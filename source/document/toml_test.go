package document

import "testing"

func TestTOML(t *testing.T) {
	testGood(t, TOML, []good{
		{"empty", "", "{}", "@1:1"},
		{"only comments", "# a\n\n# b", "{}", ""},
		{"values", "a = 1\nb = -1.5\nc = true\nd = \"x\\ty\"\ne = 'x\\ty'\n", "{a:1 b:-1.5 c:true d:\"x\ty\" e:\"x\\ty\"}", "a@1:5 e@5:5"},
		{"CRLF", "a = 1\r\n[b]\r\nc = 2\r\n", "{a:1 b:{c:2}}", "b.c@3:5"},
		{"integers", "a = 0xFF\nb = 0o17\nc = 0b11\nd = 1_000\ne = +5\nf = -0\ng = -9223372036854775808\nh = 0", "{a:0xFF b:0o17 c:0b11 d:1_000 e:+5 f:-0 g:-9223372036854775808 h:0}", ""},
		{"floats", "a = inf\nb = -inf\nc = nan\nd = 1e3\ne = 1_0.5\nf = +1.0", "{a:+Inf b:-Inf c:NaN d:1000 e:10.5 f:+1.0}", ""},
		{"dates and times", "a = 1979-05-27T07:32:00.5-07:00\nb = 1979-05-27 07:32:00Z\nc = 1979-05-27T07:32:00\nd = 1979-05-27\ne = 07:32:00",
			`{a:1979-05-27T07:32:00.5-07:00 b:1979-05-27 07:32:00Z c:1979-05-27T07:32:00 d:1979-05-27 e:"07:32:00"}`, ""},
		{"strings over lines", "a = \"\"\"\nx\ny\\\n  z\"\"\"\nb = '''\nx'''\n", "{a:\"x\nyz\" b:\"x\"}", "a@1:5 b@5:5"},
		{"arrays", "a = [ 1, [2, # no ]\n 3], { b = [4] } ,]\n", "{a:[1 [2 3] {b:[4]}]}", "a@1:5 a.0@1:7 a.1@1:10 a.1.0@1:11 a.1.1@2:2 a.2@2:6 a.2.b@2:12 a.2.b.0@2:13"},
		{"inline tables", "a = { b = 1, c.d = 'x', c.e = {} }", `{a:{b:1 c:{d:"x" e:{}}}}`, "a@1:5 a.b@1:11 a.c@1:14 a.c.d@1:20 a.c.e@1:31"},
		{"TOML 1.1", "a = { # one\n  b = 1,\n  c = [2], # two\n}\nd = \"\\e\\x41\"\ne = 07:32", "{a:{b:1 c:[2]} d:\"\x1bA\" e:\"07:32:00\"}", "a.b@2:7 a.c.0@3:8 d@5:5"},
		{"dotted keys", "a.b.c = 1\na . b . \"d.e\" = 2\n'' = 3", `{:3 a:{b:{c:1 d.e:2}}}`, `a@1:1 a.b@1:3 a.b.c@1:9 a.b.d\.e@2:17`},
		{"tables", "[a.b]\nx = 1\n[a]\ny = 2\n[a.c]\n", "{a:{b:{x:1} c:{} y:2}}", "a@1:2 a.b@1:4 a.b.x@2:5 a.c@5:4"},
		{"a table below dotted keys", "a.b = 1\n[a.c]\nx = 1", "{a:{b:1 c:{x:1}}}", ""},
		{"arrays of tables", "[[a]]\nx = 1\n[a.b]\ny = 2\n[[a]]\n[a.b]\ny = 3\n[[a.c]]\n[[a.c]]\nz = 1", "{a:[{b:{y:2} x:1} {b:{y:3} c:[{} {z:1}]}]}", "a@1:3 a.0@1:3 a.1@5:3 a.1.b.y@7:5 a.1.c.1.z@10:5"},
		{"columns are bytes", "\"é\" = [\"ü\", 1]", `{é:["ü" 1]}`, "é@1:8 é.1@1:15"},
	})
}

func TestTOMLBad(t *testing.T) {
	testBad(t, TOML, []bad{
		{"no value", "a = 1\nb =\n", Limits{}, []string{"unusable 2:4 : found the end of the line at start of value"}},
		{"no key", "= 1", Limits{}, []string{"unusable 1:1 : invalid character at start of key: '='"}},
		{"an unclosed quote", "a = \"x\n", Limits{}, []string{"unusable 1:7 : basic strings cannot have new lines"}},
		{"a bare word", "\na = word", Limits{}, []string{"unusable 2:5 : found a letter at start of value"}},
		{"another language's words", "a = True", Limits{}, []string{"unusable 1:5 : found a letter at start of value: write true"}},
		{"another language's null", "a = None", Limits{}, []string{"unusable 1:5 : found a letter at start of value: write null"}},
		{"another value in the line", "a = 1 2", Limits{}, []string{"unusable 1:7 : expected newline but got a digit"}},
		{"an unclosed array", "a = [1,\n", Limits{}, []string{"unusable 1:8 : array is incomplete"}},
		{"values out of range", "a = 9223372036854775808\nb = 2020-13-01\nc = 25:00:00\nd = 1e999", Limits{}, []string{
			"unusable 1:5 a: not a valid 64-bit integer",
			"unusable 2:5 b: not a valid date",
			"unusable 3:5 c: not a valid time",
			"unusable 4:5 d: not a valid 64-bit float"}},
		{"duplicates, all of them", "a = 1\nb.c = 1\na = 2\nb.c = 2\nd = { e = 1, e = 2 }\n", Limits{}, []string{
			`duplicate 3:1 a: duplicate key "a", first at line 1`,
			`duplicate 4:3 b.c: duplicate key "c", first at line 2`,
			`duplicate 5:14 d.e: duplicate key "e", first at line 5`}},
		{"a table twice", "[a]\nx = 1\n[b]\n[a]\nx = 2\n", Limits{}, []string{`duplicate 4:2 a: duplicate key "a", first at line 1`}},
		{"a table that is a value", "a = 1\n[a]\n[a.b]\n[[a]]", Limits{}, []string{
			`duplicate 2:2 a: "a" is a value at line 1, so it can't be a table here`,
			`duplicate 3:2 a: "a" is a value at line 1, so it can't be a table here`,
			`duplicate 4:3 a: "a" is a value at line 1, so it can't be an array of tables here`}},
		{"a table that dotted keys made", "a.b = 1\n[a]\n", Limits{}, []string{`duplicate 2:2 a: "a" is a table made by dotted keys at line 1, so it can't be a table here`}},
		{"a table that is an array", "[[a]]\n[a]\n", Limits{}, []string{`duplicate 2:2 a: "a" is an array of tables at line 1, so it can't be a table here`}},
		{"an array that is a table", "[a]\n[[a]]\nx = 1\n", Limits{}, []string{`duplicate 2:3 a: "a" is a table at line 1, so it can't be an array of tables here`}},
		{"dotted keys into another table", "[a.b]\nx = 1\n[a]\nb.y = 2", Limits{}, []string{`duplicate 4:1 a.b: "b" is a table at line 1, so it can't be extended by dotted keys here`}},
		{"a key after an inline table", "a = {}\na.b = 1\n[a.c]", Limits{}, []string{
			`duplicate 2:1 a: "a" is a value at line 1, so it can't be extended by dotted keys here`,
			`duplicate 3:2 a: "a" is a value at line 1, so it can't be a table here`}},
		{"too many values", "a = [1, 2, 3]", Limits{Keys: 3}, []string{"too large 1:9 a.1: more than 3 values"}},
		{"too deep in arrays", "a = [[[1]]]", Limits{Depth: 3}, []string{"too large 1:7 a.0.0: more than 3 maps and lists inside one another"}},
		{"too deep in tables", "[a.b.c]\n", Limits{Depth: 3}, []string{"too large 1:6 a.b.c: more than 3 maps and lists inside one another"}},
		{"too deep in braces", "a.b = {c = {}}", Limits{Depth: 3}, []string{"too large 1:12 a.b.c: more than 3 maps and lists inside one another"}},
	})
}
