package file_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/file"
	"github.com/confsync/confsync/tree"
)

// first is the first snapshot of a source. A program has confsync.Open watch.
func first(src source.Source) source.Snapshot {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var snap source.Snapshot
	_ = src.Watch(ctx, func(s source.Snapshot) { snap = s; cancel() }) // the context's own error
	return snap
}

func temporary() string {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	return dir
}

func save(path, content string) {
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		log.Fatal(err)
	}
}

func ExampleNew() {
	dir := temporary()
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "config.yaml")
	save(path, "server:\n  host: localhost\n  port: 8080\n")

	snap := first(file.New(path, nil))
	port := tree.Path{"server", "port"}
	origin, _ := snap.Tree.Origin(port)
	fmt.Println(snap.Tree.Lookup(port), "at line", origin.Line, "column", origin.Column)
	// Output: 8080 at line 3 column 9
}

func ExampleNew_problems() {
	dir := temporary()
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "config.yaml")
	save(path, "port: 8080\nhost: localhost\nport: 9090\n")

	problems := first(file.New(path, nil)).Err.Error()
	fmt.Println(strings.ReplaceAll(problems, dir+"/", ""))
	// Output:
	// port: duplicate key "port", first at line 1
	//     from   file config.yaml:3:1
}

func ExampleDir() {
	dir := temporary()
	defer os.RemoveAll(dir)
	save(filepath.Join(dir, "db.user"), "checkout\n")
	save(filepath.Join(dir, "db.password"), "correct horse\n")

	snap := first(file.Dir(dir, &file.Options{Separator: "."}))
	fmt.Println(snap.Tree.Root().Child("db").Keys())
	// Output: [password user]
}
