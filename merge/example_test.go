package merge_test

import (
	"fmt"

	"github.com/confsync/confsync/merge"
	"github.com/confsync/confsync/tree"
)

func layer(values map[string]any) *tree.Node {
	t, err := tree.FromGo(values)
	if err != nil {
		panic(err)
	}
	return t.Root()
}

func ExampleMerge() {
	file := layer(map[string]any{
		"log":     "info",
		"servers": []any{map[string]any{"host": "a", "port": 80}},
	})
	store := layer(map[string]any{
		"servers": map[string]any{"0": map[string]any{"port": "8080"}},
	})
	before := merge.Merge(merge.Result{}, []*tree.Node{file, store})
	fmt.Println(before.Root())

	store = layer(map[string]any{"log": "debug"})
	after := merge.Merge(before, []*tree.Node{file, store})
	fmt.Println(after.Root())
	// Output:
	// {log:"info" servers:[{host:"a" port:"8080"}]}
	// {log:"debug" servers:[{host:"a" port:80}]}
}

func ExampleLayers() {
	layers := []*tree.Node{
		layer(map[string]any{"db": map[string]any{"host": "a", "port": 5432}}),
		layer(map[string]any{"db": "postgres://b"}),
		layer(map[string]any{"db": map[string]any{"port": 6000}}),
	}
	for _, c := range merge.Layers(tree.Path{"db", "port"}, layers) {
		fmt.Printf("layer %d %s: %s is %s, conflict %t\n", c.Layer, c.Role, c.Path, c.Value, c.Conflict)
	}
	// Output:
	// layer 2 used: db.port is 6000, conflict false
	// layer 1 hides: db is "postgres://b", conflict false
	// layer 0 hidden: db.port is 5432, conflict true
}
