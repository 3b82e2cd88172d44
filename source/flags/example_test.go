package flags_test

import (
	"context"
	"flag"
	"fmt"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/flags"
	"github.com/confsync/confsync/tree"
)

func ExampleNew() {
	set := flag.NewFlagSet("checkout", flag.ExitOnError)
	set.String("config", "checkout.yaml", "where the configuration is")
	set.Int("db.max-conns", 10, "how many connections to hold")
	set.Int("db.max-idle", 2, "how many of them idle")
	if err := set.Parse([]string{"-config", "test.yaml", "-db.max-conns", "50"}); err != nil {
		panic(err)
	}

	// confsync.Open does this with the shape of its type.
	value := &tree.Shape{}
	src, err := flags.New(set).(source.Shaped).WithShape(&tree.Shape{Fields: []tree.Field{
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
		cancel()
	})
	// Output:
	// {db:{maxConns:"50"}}
	// flag -db.max-conns
}
