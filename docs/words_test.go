package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestWordsAreInTheCode asserts that what the table of words in ARCHITECTURE.md
// says is in the code is there.
func TestWordsAreInTheCode(t *testing.T) {
	text, err := os.ReadFile("../ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "## Words")
	table, _, _ = strings.Cut(table, "## The life")
	code := code(t, func(path string) bool { return !strings.HasSuffix(path, "_test.go") })
	rows := regexp.MustCompile("(?m)^\\| [^|]+ \\| [^|]+ \\| `([^`]+)` \\|$").FindAllStringSubmatch(table, -1)
	if len(rows) < 15 {
		t.Fatalf("the table has %d rows", len(rows))
	}
	for _, row := range rows {
		name := row[1]
		if strings.HasSuffix(name, ".go") {
			if _, err := os.Stat(filepath.Join("..", name)); err != nil {
				t.Error(err)
			}
			continue
		}
		last := name[strings.LastIndex(name, ".")+1:]
		if !regexp.MustCompile(`\b` + last + `\b`).MatchString(code) {
			t.Errorf("%s is not in the code", name)
		}
	}
}

// code returns the text of the module's files of Go that are wanted.
func code(t *testing.T, wanted func(path string) bool) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || !wanted(path) {
			return err
		}
		text, err := os.ReadFile(path)
		all.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// TestLinks asserts that what the README and the guides link to is there.
func TestLinks(t *testing.T) {
	files, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Glob("../*.md")
	if err != nil {
		t.Fatal(err)
	}
	link := regexp.MustCompile(`\]\(([^)#\s]+)(#[^)\s]*)?\)`)
	for _, file := range append(files, root...) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), m[1])); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
	}
}

// TestNamedTestsExist asserts that every test that a guide names is there.
func TestNamedTestsExist(t *testing.T) {
	files, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	tests := code(t, func(path string) bool { return strings.HasSuffix(path, "_test.go") })
	named := regexp.MustCompile("`(Test[A-Z][A-Za-z0-9]*)`")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range named.FindAllStringSubmatch(string(text), -1) {
			if !strings.Contains(tests, "func "+m[1]+"(") && !strings.Contains(tests, `Run("`+m[1]+`"`) {
				t.Errorf("%s names %s, which isn't there", file, m[1])
			}
		}
	}
}
