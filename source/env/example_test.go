package env_test

import (
	"context"
	"fmt"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/env"
	"github.com/confsync/confsync/tree"
)

func ExampleNew() {
	src := env.New("CHECKOUT", &env.Options{Environ: func() []string {
		return []string{"CHECKOUT_DB_MAX_CONNS=50", "CHECKOUT_DB_MAXCONS=5", "HOME=/root"}
	}})

	// confsync.Open does this with the shape of its type.
	value := &tree.Shape{}
	src, err := src.(source.Shaped).WithShape(&tree.Shape{Fields: []tree.Field{
		{Key: "db", Shape: &tree.Shape{Fields: []tree.Field{
			{Key: "maxConns", Shape: value}, {Key: "maxIdle", Shape: value},
		}}},
	}})
	if err != nil {
		panic(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	src.Watch(ctx, func(snap source.Snapshot) {
		fmt.Println(snap.Tree.Root())
		fmt.Println(snap.Tree.Where(tree.Path{"db", "maxConns"}))
		fmt.Println(snap.Tree.Where(tree.Path{"db", "maxIdle"}))
		cancel()
	})
	// Output:
	// {DB_MAXCONS:"5" db:{maxConns:"50"}}
	// env CHECKOUT_DB_MAX_CONNS
	// env CHECKOUT_DB_MAX_IDLE
}
