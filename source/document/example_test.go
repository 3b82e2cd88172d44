package document_test

import (
	"errors"
	"fmt"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

func ExampleDecode() {
	doc := "server:\n  port: 8080\n  hosts: [a, b]\n"
	t, err := document.Decode(document.YAML, []byte(doc), document.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for path, value := range t.Root().Leaves {
		at, _ := t.Origin(path)
		fmt.Printf("%d:%d %s = %s\n", at.Line, at.Column, path, value)
	}
	// Output:
	// 3:11 server.hosts.0 = "a"
	// 3:14 server.hosts.1 = "b"
	// 2:9 server.port = 8080
}

func ExampleDecode_problems() {
	doc := "a: 1\nb: 2\na: 3\nb: 4\n"
	_, err := document.Decode(document.YAML, []byte(doc), document.Limits{})
	for _, each := range err.(interface{ Unwrap() []error }).Unwrap() {
		problem := each.(tree.Problem)
		fmt.Printf("line %d: %s: %v\n", problem.Origin.Line, problem.Kind, problem.Err)
	}
	// Output:
	// line 3: duplicate: duplicate key "a", first at line 1
	// line 4: duplicate: duplicate key "b", first at line 2
}

func ExampleFormatOf() {
	for _, name := range []string{"config.yaml", ".env", "config.ini"} {
		format, ok := document.FormatOf(name)
		fmt.Println(name, format, ok)
	}
	// Output:
	// config.yaml YAML true
	// .env dotenv true
	// config.ini unknown false
}

// A store of keys that holds a document at one of them reads it with a Key.
func ExampleKey() {
	key := document.Key{
		Name:   "app.yaml",
		Page:   document.Page{Format: document.YAML},
		Origin: func(key string, _ int64) tree.Origin { return tree.Origin{Kind: "shelf", Key: key} },
	}
	_, err := key.Tree()
	fmt.Println(errors.Is(err, source.ErrAbsent))
	key.Put(source.Row{Key: "app.yaml", Value: "port: 80\n"})
	got, err := key.Tree()
	fmt.Println(got.Root(), got.Where(tree.Path{"port"}), err)
	// Output:
	// true
	// {port:80} shelf "app.yaml":1:7 <nil>
}
