package document

import "testing"

func TestDotenv(t *testing.T) {
	testGood(t, Dotenv, []good{
		{"empty", "", "{}", "@1:1"},
		{"lines", "# all\nA=1\n\n  export B = two words \t\nexport\tC.d-e_1=3\nexport=4\n", `{A:"1" B:"two words" C.d-e_1:"3" export:"4"}`, "A@2:3 B@4:14 export@6:8"},
		{"no line break at the end", "A=1\nB=2", `{A:"1" B:"2"}`, ""},
		{"CRLF", "A=1\r\nB='2'\r\nC=\"x\r\ny\"\r\n", "{A:\"1\" B:\"2\" C:\"x\ny\"}", "B@2:3 C@3:3"},
		{"empty values", "A=\nB= \nC=''\nD=\"\" # x\nE= # x\n", `{A:"" B:"" C:"" D:"" E:""}`, "A@1:3"},
		{"comments", "A=1 # x\nB=1#x\nC=#x\nD='1 # x' # y\nE=1\t#x", `{A:"1" B:"1#x" C:"#x" D:"1 # x" E:"1"}`, ""},
		{"single quotes", "A='x\\n$B \"y\" é'\n", `{A:"x\n$B "y" é"}`, "A@1:3"},
		{"double quotes", `A="a\nb\t\"c\" \$D \\ 'e' $F"`, "{A:\"a\nb\t\"c\" $D \\ 'e' $F\"}", ""},
		{"quotes over lines", "A='x\ny'\nB=\"x\n\n=y\"\nC=1", "{A:\"x\ny\" B:\"x\n\n=y\" C:\"1\"}", "B@3:3 C@6:3"},
		{"taken as it is", `A=x'y\n"z$B`, `{A:"x'y\n"z$B"}`, ""},
		{"equals signs", "A==b=c=", `{A:"=b=c="}`, ""},
		{"export is a name too", "export=1\n", `{export:"1"}`, ""},
		{"export with space is a name too", "export = 1\n", `{export:"1"}`, ""},
	})
}

func TestDotenvBad(t *testing.T) {
	testBad(t, Dotenv, []bad{
		{"lines, all of them", "A\n  B C=1\nexport D\n=1\n1A=1\nA-é=1\nE=1", Limits{}, []string{
			"unusable 1:1 : the line is not KEY=VALUE",
			"unusable 2:3 : the line is not KEY=VALUE",
			"unusable 3:8 : the line is not KEY=VALUE",
			"unusable 4:1 : the line is not KEY=VALUE",
			"unusable 5:1 : the line is not KEY=VALUE",
			"unusable 6:1 : the line is not KEY=VALUE"}},
		{"an unclosed quote", "A=1\nB = 'x\nC=1\n", Limits{}, []string{"unusable 2:5 B: the quote is not closed"}},
		{"after a quote", "A='x'y\nB=\"x\" 'y'\n", Limits{}, []string{
			"unusable 1:3 A: something stands after the closing quote",
			"unusable 2:3 B: something stands after the closing quote"}},
		{"escapes", `A="\x"`, Limits{}, []string{"unusable 1:3 A: a backslash before a character that needs none"}},
		{"a backslash at the end", `A="\`, Limits{}, []string{"unusable 1:3 A: the quote is not closed"}},
		{"duplicates, all of them", "A=1\nB=2\nA=3\nexport A=4\nB=2\n", Limits{}, []string{
			`duplicate 3:1 A: duplicate key "A", first at line 1`,
			`duplicate 4:8 A: duplicate key "A", first at line 3`,
			`duplicate 5:1 B: duplicate key "B", first at line 2`}},
		{"too many values", "A=1\nB=2\nC=3\n", Limits{Keys: 2}, []string{"too large 2:3 B: more than 2 values"}},
	})
}
