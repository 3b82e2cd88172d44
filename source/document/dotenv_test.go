package document

import (
	"fmt"
	"strings"
	"testing"
)

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
		{"files written for others", "A: 1\n1A=1\nA-é=1\nB[0]: x=y\n", `{1A:"1" A:"1" A-é:"1" B[0]:"x=y"}`, "A@1:4"},
		{"backslashes", `A="C:\Users\me"` + "\n" + `B='Let\'s go\n'` + "\n" + `C="\0101\09\` + "`" + `"`, "{A:\"C:\\Users\\me\" B:\"Let's go\\n\" C:\"A\\09\\`\"}", ""},
		{"export is a name too", "export=1\n", `{export:"1"}`, ""},
		{"export with space is a name too", "export = 1\n", `{export:"1"}`, ""},
	})
}

func TestDotenvBad(t *testing.T) {
	testBad(t, Dotenv, []bad{
		{"lines, all of them", "A\n  B C=1\nexport D\n=1\n{}: 1\nA!=1\nE=1", Limits{}, []string{
			"unusable 1:1 : the line is not KEY=VALUE: nothing stands after the key",
			"unusable 2:3 : the line is not KEY=VALUE: a key is one word",
			"unusable 3:8 : the line is not KEY=VALUE: nothing stands after the key",
			"unusable 4:1 : the line is not KEY=VALUE: found '=' in the key",
			"unusable 5:1 : the line is not KEY=VALUE: found '{' in the key",
			"unusable 6:1 : the line is not KEY=VALUE: found '!' in the key"}},
		{"lines that end in CR", "A=1\rB=2\r", Limits{}, []string{"unusable 1:3 A: a carriage return without a line feed stands in the line"}},
		{"a backslash before the last quote", `A='C:\'`, Limits{}, []string{"unusable 1:3 A: the quote is not closed"}},
		{"an unclosed quote", "A=1\nB = 'x\nC=1\n", Limits{}, []string{"unusable 2:5 B: the quote is not closed"}},
		{"after a quote", "A='x'y\nB=\"x\" 'y'\n", Limits{}, []string{
			"unusable 1:3 A: found a letter after the closing quote",
			`unusable 2:3 B: found "'" after the closing quote`}},
		{"a backslash at the end", `A="\`, Limits{}, []string{"unusable 1:3 A: the quote is not closed"}},
		{"duplicates, all of them", "A=1\nB=2\nA=3\nexport A=4\nB=2\n", Limits{}, []string{
			`duplicate 3:1 A: duplicate key "A", first at line 1`,
			`duplicate 4:8 A: duplicate key "A", first at line 3`,
			`duplicate 5:1 B: duplicate key "B", first at line 2`}},
		{"too many values", "A=1\nB=2\nC=3\n", Limits{Keys: 2}, []string{"too large 2:3 B: more than 2 values"}},
	})
}

func TestDotenvExpansion(t *testing.T) {
	environment := map[string]string{"HOME": "/root", "EMPTY": "", "A": "from outside"}
	lookup := func(name string) (string, bool) {
		value, ok := environment[name]
		return value, ok
	}
	for _, c := range []struct{ name, doc, want string }{
		{"variables", "X=$HOME/x\nY=${HOME}_y\nZ=\"$HOME\"\n", `{X:"/root/x" Y:"/root_y" Z:"/root"}`},
		{"from further up", "X=1\nY=${X}2\nZ=$Y-$NONE.\n", `{X:"1" Y:"12" Z:"12-."}`},
		{"the environment first", "A=1\nB=$A\n", `{A:"1" B:"from outside"}`},
		{"taken as it is", "X='$HOME'\nY=$$HOME\nZ=\"\\$HOME\"\nV=a$\nW=$1\n", `{V:"a$" W:"$1" X:"$HOME" Y:"$HOME" Z:"$HOME"}`},
		{"defaults", "V=${NONE:-x}\nW=${EMPTY:-x}\nX=${EMPTY-x}\nY=${NONE:-${HOME}/y}\nZ=${NONE-}\n", `{V:"x" W:"x" X:"" Y:"/root/y" Z:""}`},
		{"others", "V=${HOME:+x}\nW=${EMPTY:+x}\nX=${EMPTY+x}\nY=${NONE+x}\n", `{V:"x" W:"" X:"x" Y:""}`},
		{"required", "X=${HOME:?no home}\n", `{X:"/root"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := DecodeDotenv([]byte(c.doc), Limits{}, lookup)
			if err != nil || got.Root().String() != c.want {
				t.Errorf("%q\n got %s, %v\nwant %s", c.doc, got.Root(), err, c.want)
			}
		})
	}
	doubling := "A0=xx\n"
	for i := range 60 {
		doubling += fmt.Sprintf("A%d=$A%d$A%d\n", i+1, i, i)
	}
	for _, c := range []struct{ name, doc, want string }{
		{"required", "X=${NONE:?hunter2}\n", "the variable NONE is required"},
		{"empty where it must not be", "X=${EMPTY:?hunter2}\n", "the variable EMPTY is required"},
		{"unclosed", "X=${HOME\n", "a ${ that is not closed"},
		{"no name", "X=${}\n", "not ${NAME}"},
		{"no operator", "X=${HOME!hunter2}\n", "not ${NAME}"},
		{"deep", "X=" + strings.Repeat("${N:-", 50) + strings.Repeat("}", 50), "too many ${ inside one another"},
		{"doubling", doubling, "variables make the document too large"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := DecodeDotenv([]byte(c.doc), Limits{}, lookup)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%.100q: %v, want %q", c.doc, err, c.want)
			}
		})
	}
}
