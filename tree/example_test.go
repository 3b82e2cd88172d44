package tree_test

import (
	"fmt"

	"github.com/confsync/confsync/tree"
)

func ExampleParsePath() {
	path, err := tree.ParsePath(`sites.www\.example\.com.port`)
	fmt.Printf("%q %v\n", []string(path), err)
	fmt.Println(path.Child("0"))
	// Output:
	// ["sites" "www.example.com" "port"] <nil>
	// sites.www\.example\.com.port.0
}

func ExampleFromGo() {
	t, err := tree.FromGo(map[string]any{
		"name":  "checkout",
		"ports": []int{80, 443},
		"proxy": nil,
	})
	fmt.Println(t.Root(), err)
	fmt.Println(t.Lookup(tree.Path{"ports", "1"}).Kind())
	// Output:
	// {name:"checkout" ports:[80 443] proxy:null} <nil>
	// int
}

// A store's watch edits the tree it has.
func ExampleTree_Edit() {
	var empty tree.Tree
	e := empty.Edit()
	e.Set(tree.Path{"db", "host"}, "a.example.com", tree.Place{Revision: 7})
	e.Set(tree.Path{"db", "pool"}, "10", tree.Place{Revision: 7})
	before := e.Tree()

	e = before.Edit()
	e.Delete(tree.Path{"db", "pool"})
	after := e.Tree()

	fmt.Println(before.Root())
	fmt.Println(after.Root())
	fmt.Println(tree.Diff(before.Root(), after.Root()))
	// Output:
	// {db:{host:"a.example.com" pool:"10"}}
	// {db:{host:"a.example.com"}}
	// [db.pool]
}

// A source that reads everything anew gives back the nodes that it had.
func ExampleReuse() {
	read := func(port int) tree.Tree {
		t, err := tree.FromGo(map[string]any{"log": map[string]any{"level": "info"}, "port": port})
		if err != nil {
			panic(err)
		}
		return t
	}
	first := read(80)
	second := tree.Reuse(first, read(80))
	third := tree.Reuse(second, read(8080))
	fmt.Println("second is the same:", second.Same(first))
	fmt.Println("third is the same:", third.Same(first))
	fmt.Println("its log is:", third.Lookup(tree.Path{"log"}) == first.Lookup(tree.Path{"log"}))
	// Output:
	// second is the same: true
	// third is the same: false
	// its log is: true
}

func ExampleBuilder() {
	var b tree.Builder
	document, err := b.Map([]tree.Entry{
		{Key: "port", At: tree.Place{Line: 2, Column: 1}, Tree: b.Scalar(tree.Int, "80", tree.Place{Line: 2, Column: 7})},
		{Key: "name", At: tree.Place{Line: 1, Column: 1}, Tree: b.Scalar(tree.String, "checkout", tree.Place{Line: 1, Column: 7})},
	}, tree.Place{Line: 1, Column: 1})
	fmt.Println(document.Root(), err)

	document = document.Located(func(_ tree.Path, at tree.Place) tree.Origin {
		return tree.Origin{Kind: "file", Key: "config.yaml", Line: int(at.Line), Column: int(at.Column)}
	})
	origin, _ := document.Origin(tree.Path{"port"})
	fmt.Println(origin)
	// Output:
	// {name:"checkout" port:80} <nil>
	// file config.yaml:2:7
}

func ExampleTree_Mount() {
	t, err := tree.FromGo(map[string]any{"level": "info"})
	fmt.Println(t.Mount(tree.Path{"app", "log"}).Root(), err)
	// Output: {app:{log:{level:"info"}}} <nil>
}

func ExampleNode_Leaves() {
	t, err := tree.FromGo(map[string]any{"a": map[string]any{"b": 1}, "c": []string{"x", "y"}})
	if err != nil {
		panic(err)
	}
	for path, leaf := range t.Root().Leaves {
		fmt.Println(path, leaf.Text())
	}
	// Output:
	// a.b 1
	// c.0 x
	// c.1 y
}
