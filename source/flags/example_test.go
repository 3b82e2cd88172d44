package flags_test

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/confsync/confsync"
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

func ExampleDefine() {
	type App struct {
		HTTP struct {
			Port int `default:"8080" usage:"where it listens"`
		}
		Debug bool `usage:"say more"`
	}
	shape, err := confsync.ShapeOf[App]()
	if err != nil {
		panic(err)
	}
	set := flag.NewFlagSet("checkout", flag.ContinueOnError)
	set.SetOutput(os.Stdout)
	flags.Define(set, shape)
	set.PrintDefaults()
	// Output:
	//   -debug
	//     	say more
	//   -http.port value
	//     	where it listens (default 8080)
}

func ExampleNamed() {
	set := flag.NewFlagSet("checkout", flag.ExitOnError)
	set.String("internal-addr", "", "where the other services find it")
	if err := set.Parse([]string{"-internal-addr", "10.0.0.1:80"}); err != nil {
		panic(err)
	}
	type App struct {
		Server struct{ Internal struct{ Addr string } }
	}
	cfg, err := confsync.Open(context.Background(), confsync.Options[App]{
		Sources: []source.Source{flags.Named(set, map[string]string{"internal-addr": "server.internal.addr"})},
	})
	if err != nil {
		panic(err)
	}
	defer cfg.Close()
	fmt.Println(cfg.Get().Server.Internal.Addr)
	// Output: 10.0.0.1:80
}
