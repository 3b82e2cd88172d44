package confsync_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/confsync/confsync"

// allowed are the packages of this module that each package may import, apart
// from its tests. A "*" at the end stands for any package below.
var allowed = map[string][]string{
	"tree":              {},
	"merge":             {"tree"},
	"binder":            {"tree"},
	"source":            {"tree"},
	"source/document":   {"tree"},
	"source/sourcetest": {"tree", "source"},
	"source/*":          {"tree", "source", "source/document"},
	"":                  {"tree", "source", "merge", "binder"},
	"schema":            {"", "tree", "source", "binder"},
	"dump":              {"", "tree"},
}

// TestImportsRunOneWay holds the imports of every package against the table in
// ARCHITECTURE.md.
func TestImportsRunOneWay(t *testing.T) {
	checked := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != "." || slices.Contains([]string{"examples", "cmd", "internal", "bench", "tools"}, path)) {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		pkg := strings.TrimPrefix(filepath.ToSlash(filepath.Dir(path)), ".")
		may, ok := allowed[pkg]
		if !ok {
			may, ok = allowed[filepath.Dir(pkg)+"/*"]
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
	if !strings.Contains(with, "fsnotify") || !strings.Contains(deps("./source/consul"), clients[0]) {
		t.Error("the test looks for the wrong names")
	}
}
