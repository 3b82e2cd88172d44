// Package docs_test compiles and reads the code in the README and in these
// guides.
package docs_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

// block is the code between two fences.
type block struct {
	file     string
	line     int
	language string
	code     string
}

func (b block) at() string { return fmt.Sprintf("%s:%d", b.file, b.line) }

// blocks returns the fenced blocks of the README and the guides.
func blocks(t *testing.T) []block {
	t.Helper()
	files, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	var all []block
	for _, file := range append(files, "../README.md", "../ARCHITECTURE.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var open *block
		for i, line := range strings.Split(string(text), "\n") {
			language, fence := strings.CutPrefix(line, "```")
			switch {
			case fence && open == nil:
				open = &block{file: file, line: i + 1, language: language}
			case fence:
				all = append(all, *open)
				open = nil
			case open != nil:
				open.code += line + "\n"
			}
		}
		if open != nil {
			t.Errorf("%s: the fence isn't closed", open.at())
		}
	}
	return all
}

// TestDocuments asserts that every example of a document can be read.
func TestDocuments(t *testing.T) {
	for _, b := range blocks(t) {
		format, ok := document.FormatOf("x." + b.language)
		if !ok {
			if !slices.Contains([]string{"go", "text", "sh", "console", "mermaid"}, b.language) {
				t.Errorf("%s: nothing checks a block of %q", b.at(), b.language)
			}
			continue
		}
		if _, err := document.Decode(format, []byte(b.code), document.Limits{}); err != nil {
			t.Errorf("%s: %v", b.at(), document.Locate(err, tree.Origin{Kind: "file", Key: b.file}))
		}
	}
}

// TestGo asserts that every block of Go compiles: a program as it is, a part of
// one within a function that has what the guides take for granted.
func TestGo(t *testing.T) {
	dir := module(t)
	named := map[string]block{}
	for i, b := range blocks(t) {
		if b.language != "go" {
			continue
		}
		name := fmt.Sprintf("block%d", i)
		named[name] = b
		code := b.code
		if !strings.HasPrefix(code, "package ") {
			code = within(b)
		}
		put(t, filepath.Join(dir, name, "main.go"), code)
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-mod=mod", "-gcflags=-e", "-o", os.DevNull, "./...")
	build.Dir = dir
	out, err := build.CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "#") || strings.Contains(line, "declared and not used") {
			continue
		}
		name, _, _ := strings.Cut(line, "/")
		b := named[name]
		t.Errorf("%s: %s", b.at(), line)
	}
	if err != nil && len(out) == 0 {
		t.Error(err)
	}
}

// module makes a module beside this one, which requires the same.
func module(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	mod, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	sum, err := os.ReadFile("../go.sum")
	if err != nil {
		t.Fatal(err)
	}
	const name = "github.com/confsync/confsync"
	text := strings.Replace(string(mod), "module "+name, "module docs", 1) +
		"\nrequire " + name + " v0.0.0\n\nreplace " + name + " => " + root + "\n"
	put(t, filepath.Join(dir, "go.mod"), text)
	put(t, filepath.Join(dir, "go.sum"), string(sum))
	return dir
}

func put(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// imports are what the guides' names of packages stand for.
var imports = map[string]string{
	"confsync": "github.com/confsync/confsync", "source": "github.com/confsync/confsync/source",
	"document": "github.com/confsync/confsync/source/document", "file": "github.com/confsync/confsync/source/file",
	"env": "github.com/confsync/confsync/source/env", "flags": "github.com/confsync/confsync/source/flags",
	"pflag": "github.com/confsync/confsync/source/pflag", "consul": "github.com/confsync/confsync/source/consul",
	"etcd": "github.com/confsync/confsync/source/etcd", "redis": "github.com/confsync/confsync/source/redis",
	"zookeeper": "github.com/confsync/confsync/source/zookeeper", "sourcetest": "github.com/confsync/confsync/source/sourcetest",
	"tree": "github.com/confsync/confsync/tree", "dump": "github.com/confsync/confsync/dump",
	"web": "github.com/confsync/confsync/web", "schema": "github.com/confsync/confsync/schema",
	"api": "github.com/hashicorp/consul/api", "clientv3": "go.etcd.io/etcd/client/v3",
	"goredis": "github.com/redis/go-redis/v9", "zk": "github.com/go-zookeeper/zk",
	"context": "context", "errors": "errors", "fmt": "fmt", "http": "net/http", "os": "os", "slog": "log/slog",
	"testing": "testing", "time": "time", "log": "log", "json": "encoding/json", "io": "io", "rand": "math/rand/v2",
	"strings": "strings", "embed": "embed", "tls": "crypto/tls", "sync": "sync", "atomic": "sync/atomic",
}

const granted = `
type (
	poolConfig struct{ Size int }
	pooled     struct{}
)

func (*pooled) Resize(int)   {}
func (*pooled) Close() error { return nil }

var (
	ctx      context.Context
	t        *testing.T
	mux      *http.ServeMux
	hostname string
	pool     *pooled
)
`

var (
	used     = regexp.MustCompile(`\b([a-z][a-z0-9]*)\.[A-Z]`)
	comment  = regexp.MustCompile(`(?m)//.*$`)
	declares = regexp.MustCompile(`(?m)^func `) // what stands outside of functions
	setup    = regexp.MustCompile(`(?s)<!-- go\n(.*?)-->`)
)

// within returns a part of a program inside a function, behind what is taken
// for granted everywhere and what the guide says in comments that begin with
// "go".
func within(b block) string {
	text, _ := os.ReadFile(b.file)
	before := granted
	for _, m := range setup.FindAllStringSubmatch(string(text), -1) {
		before += m[1]
	}
	code := b.code
	var header strings.Builder
	header.WriteString("package main\n\n")
	seen := map[string]bool{}
	for _, m := range used.FindAllStringSubmatch(comment.ReplaceAllString(before+code, ""), -1) {
		if path, ok := imports[m[1]]; ok && !seen[m[1]] {
			seen[m[1]] = true
			fmt.Fprintf(&header, "import %s %q\n", m[1], path)
		}
	}
	if declares.MatchString(code) {
		if !strings.Contains(code, "func main()") {
			code += "\nfunc main() {}\n"
		}
		return header.String() + before + code
	}
	return header.String() + before + "\nfunc main() {}\n\nfunc _() error {\n" + code + "\nreturn nil\n}\n"
}
