package document

import (
	"strings"
	"testing"
)

func TestJSON(t *testing.T) {
	testGood(t, JSON, []good{
		{"empty map", " {} \n", "{}", "@1:2"},
		{"nested", "{\n  \"a\": {\"b\": [1, {\"c\": null}]},\r\n\t\"d\":true}", "{a:{b:[1 {c:null}]} d:true}",
			"@1:1 a@2:8 a.b@2:14 a.b.0@2:15 a.b.1@2:18 a.b.1.c@2:24 d@3:6"},
		{"numbers", `{"a": -0, "b": 1.0, "c": 1e3, "d": 12345678901234567890123, "e": -7, "f": 1E-2}`, "{a:-0 b:1.0 c:1e3 d:12345678901234567890123 e:-7 f:1E-2}", ""},
		{"strings", `{"a": "x\"\\\n\u00e9\ud83d\ude00", "b": "é", "c\td": "", "": "\\"}`, "{:\"\\\" a:\"x\"\\\né😀\" b:\"é\" c\td:\"\"}", "b@1:41"},
		{"columns are bytes", `{"é": "ü", "b": 1}`, `{b:1 é:"ü"}`, "b@1:19"},
		{"keys that differ in case", `{"a": 1, "A": 2}`, "{A:2 a:1}", ""},
	})
}

func TestJSONBad(t *testing.T) {
	testBad(t, JSON, []bad{
		{"empty", "", Limits{}, []string{"unusable 1:1 : the text ends where a value was expected"}},
		{"space", " \n", Limits{}, []string{"unusable 2:1 : the text ends where a value was expected"}},
		{"list", " [1]", Limits{}, []string{"unusable 1:2 : the document is a list, not a map"}},
		{"null", "null", Limits{}, []string{"unusable 1:1 : the document is a null, not a map"}},
		{"cut off", "{\"a\":\n [1,", Limits{}, []string{"unusable 2:5 a.1: the text ends where a value was expected"}},
		{"trailing data", "{}\n{}", Limits{}, []string{"unusable 2:1 : found '{' where the end was expected"}},
		{"a trailing comma", "{\"a\": 1,\n}", Limits{}, []string{"unusable 2:1 : found '}' where a key in double quotes was expected: remove the comma before it"}},
		{"a comment", "{ // x\n}", Limits{}, []string{"unusable 1:3 : found '/' where a key in double quotes was expected: JSON has no comments"}},
		{"a bare word", `{"a": word}`, Limits{}, []string{"unusable 1:7 a: found a letter where a value was expected"}},
		{"a control character", "{\"a\": \"\x01\"}", Limits{}, []string{"unusable 1:8 a: found the control character U+0001 where the rest of a string was expected"}},
		{"a leading zero", `{"a": 01}`, Limits{}, []string{"unusable 1:8 : found a digit where ',' or '}' was expected"}},
		{"duplicates, all of them", "{\"a\": 1,\n \"b\": {\"c\": 1, \"c\": 2},\n \"a\": 2, \"\\u0061\": 3}", Limits{}, []string{
			`duplicate 2:16 b.c: duplicate key "c", first at line 2`,
			`duplicate 3:2 a: duplicate key "a", first at line 1`,
			`duplicate 3:10 a: duplicate key "a", first at line 3`}},
		{"too many values", `{"a": [1, 2]}`, Limits{Keys: 3}, []string{"too large 1:11 a.1: more than 3 values"}},
		{"too deep", `{"a": {"b": {}}, "c": 1}`, Limits{Depth: 2}, []string{"too large 1:13 a.b: more than 2 maps and lists inside one another"}},
		{"deeper than the stack goes", strings.Repeat(`{"a":`, 10_001) + "1" + strings.Repeat("}", 10_001), Limits{Depth: 1e6}, []string{"too large 1:50001 a.a.a.a: more than 10000 maps and lists inside one another"}},
	})
}
