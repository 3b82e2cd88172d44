package confsync_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/confsync/confsync"

// allowed returns the packages of this module that each package may import, apart
// from its tests: the table in ARCHITECTURE.md. A "*" at the end stands for any
// package below. What stands behind a semicolon is for people.
func allowed(t *testing.T) map[string][]string {
	t.Helper()
	packages := func(cell string) []string {
		names := strings.Split(cell, ", ")
		for i, name := range names {
			if names[i] = strings.TrimSpace(name); names[i] == "the root" {
				names[i] = ""
			}
		}
		return names
	}
	table := map[string][]string{}
	for _, row := range rows(t, "| package | imports of this module |") {
		imports, _, _ := strings.Cut(row[1], ";")
		for _, pkg := range packages(row[0]) {
			switch imports {
			case "anything":
			case "none":
				table[pkg] = nil
			default:
				table[pkg] = packages(imports)
			}
		}
	}
	return table
}

// rows returns the cells of a table in ARCHITECTURE.md.
func rows(t *testing.T, header string) [][]string {
	t.Helper()
	text, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(text), header+"\n")
	if !ok {
		t.Fatalf("ARCHITECTURE.md has no table %q", header)
	}
	var all [][]string
	for line := range strings.Lines(table) {
		line, ok := strings.CutPrefix(strings.TrimSpace(line), "| ")
		if !ok && len(all) > 0 {
			break
		}
		if ok {
			all = append(all, strings.Split(strings.TrimSuffix(line, " |"), " | "))
		}
	}
	return all
}

// TestImportsRunOneWay holds the imports of every package against the table in
// ARCHITECTURE.md.
func TestImportsRunOneWay(t *testing.T) {
	checked, table := 0, allowed(t)
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != "." && isModule(path) {
			return fs.SkipDir
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != "." || slices.Contains([]string{"examples", "cmd", "internal", "bench", "tools"}, path)) {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		pkg := strings.TrimPrefix(filepath.ToSlash(filepath.Dir(path)), ".")
		may, ok := table[pkg]
		if !ok {
			may, ok = table[filepath.Dir(pkg)+"/*"]
		}
		if !ok {
			t.Errorf("%s: package %q is not in the table", path, pkg)
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, imp := range file.Imports {
			name := strings.Trim(imp.Path.Value, `"`)
			if name != module && !strings.HasPrefix(name, module+"/") {
				if pkg == "tree" && strings.Contains(name, ".") {
					t.Errorf("%s imports %s; tree has the standard library only", path, name)
				}
				continue
			}
			if of := strings.TrimPrefix(strings.TrimPrefix(name, module), "/"); !slices.Contains(may, of) {
				t.Errorf("%s imports %s", path, name)
			}
		}
		checked++
		return nil
	})
	if err != nil || checked < 50 {
		t.Errorf("checked %d files: %v", checked, err)
	}
}

// isModule reports whether a folder is a module of its own.
func isModule(folder string) bool {
	_, err := os.Stat(filepath.Join(folder, "go.mod"))
	return err == nil
}

// TestEveryRequirementHasAReason asserts that the table of dependencies in
// ARCHITECTURE.md has every module that go.mod requires directly, and no other.
func TestEveryRequirementHasAReason(t *testing.T) {
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	required := map[string]bool{}
	for line := range strings.Lines(string(mod)) {
		name, version, ok := strings.Cut(strings.TrimSpace(line), " v")
		if ok && !strings.Contains(version, "// indirect") {
			required[name] = false
		}
	}
	for _, row := range rows(t, "| module | why |") {
		for _, name := range strings.Split(row[0], ", ") {
			full := name
			if !strings.Contains(strings.Split(name, "/")[0], ".") {
				full = "github.com/" + name
			}
			if _, ok := required[full]; !ok {
				t.Errorf("ARCHITECTURE.md gives a reason for %s, which go.mod doesn't require", full)
			}
			required[full] = true
		}
	}
	for name, explained := range required {
		if !explained {
			t.Errorf("ARCHITECTURE.md doesn't say why go.mod requires %s", name)
		}
	}
}

// TestFileAloneCompilesNoClient asserts that a program with the file source has
// no store's client in it.
func TestFileAloneCompilesNoClient(t *testing.T) {
	deps := func(packages ...string) string {
		out, err := exec.CommandContext(t.Context(), "go", append([]string{"list", "-deps"}, packages...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("go list: %v\n%s", err, out)
		}
		return string(out)
	}
	clients := []string{"hashicorp/consul", "etcd.io/etcd", "redis/go-redis", "go-zookeeper"}
	with := deps(".", "./source/file", "./source/env", "./source/flags")
	for _, client := range clients {
		if strings.Contains(with, client) {
			t.Errorf("%s is compiled", client)
		}
	}
	for _, heavy := range []string{"\nnet/http\n", "\ncrypto", "\nmath/big\n", "text/template", "encoding/xml"} {
		if strings.Contains(with, heavy) {
			t.Errorf("%s is linked: it makes a program larger, and its start longer", strings.TrimSpace(heavy))
		}
	}
	if !strings.Contains(with, "fsnotify") || !strings.Contains(deps("./source/consul"), clients[0]) {
		t.Error("the test looks for the wrong names")
	}
}
