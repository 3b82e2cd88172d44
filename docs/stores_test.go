package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	row     = regexp.MustCompile(`^[CEFHNRUZ]\d+$`)
	quoted  = regexp.MustCompile("`(Test\\w+)`")
	rowTest = regexp.MustCompile(`(?:^func |t\.Run\(")(Test([CEFHNRUZ]\d+)[A-Z]\w*)`)
	test    = regexp.MustCompile(`(?:^func |t\.Run\(")(Test\w+)`)
)

// TestEveryRowHasItsTests holds docs/stores.md against the tests: each row names
// tests that there are, and each test that is named after a row stands in it.
func TestEveryRowHasItsTests(t *testing.T) {
	const root = ".."
	page, err := os.ReadFile("stores.md")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string][]string{} // tests by row
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		number := strings.TrimSpace(cells[0])
		if !row.MatchString(number) {
			continue
		}
		if named[number] != nil {
			t.Errorf("row %s stands twice", number)
		}
		named[number] = []string{}
		for _, name := range quoted.FindAllStringSubmatch(cells[len(cells)-1], -1) {
			named[number] = append(named[number], name[1])
		}
		if len(named[number]) == 0 {
			t.Errorf("row %s names no test", number)
		}
	}
	all, ofRows := testsBelow(t, root)
	for number, names := range named {
		for _, name := range names {
			if !all[name] {
				t.Errorf("row %s: there is no %s", number, name)
			}
		}
	}
	for name, number := range ofRows {
		if !slices.Contains(named[number], name) {
			t.Errorf("%s is not in row %s", name, number)
		}
	}
	if len(named) < 60 || len(ofRows) < 100 {
		t.Errorf("only %d rows and %d tests were found", len(named), len(ofRows))
	}
}

// testsBelow returns the names of all tests in a directory and those below it, and
// of those that are named after a row the row.
func testsBelow(t *testing.T, dir string) (all map[string]bool, ofRows map[string]string) {
	all, ofRows = map[string]bool{}, map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && strings.HasPrefix(d.Name(), ".") && d.Name() != "..":
			return fs.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSpace(line)
			if found := test.FindStringSubmatch(line); found != nil {
				all[found[1]] = true
			}
			if found := rowTest.FindStringSubmatch(line); found != nil {
				ofRows[found[1]] = found[2]
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all, ofRows
}
