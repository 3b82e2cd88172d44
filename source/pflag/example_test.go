package pflag_test

import (
	"context"
	"fmt"

	flags "github.com/spf13/pflag"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/pflag"
)

func ExampleNew() {
	set := flags.NewFlagSet("checkout", flags.ContinueOnError)
	set.Int("http-port", 80, "where it listens")
	set.StringSlice("tags", nil, "what it is")
	if err := set.Parse([]string{"--http-port", "8080"}); err != nil {
		panic(err)
	}

	type App struct {
		HTTP struct{ Port int }
		Tags []string `default:"a,b"`
	}
	cfg, err := confsync.Open(context.Background(), confsync.Options[App]{
		Sources: []source.Source{pflag.New(set, nil)},
	})
	if err != nil {
		panic(err)
	}
	defer cfg.Close()
	port, _ := cfg.Explain("http.port")
	fmt.Println(cfg.Get().HTTP.Port, "from", port.Layers[0].Origin)
	fmt.Println(cfg.Get().Tags)
	// Output:
	// 8080 from flag --http-port
	// [a b]
}

func ExampleOptions_names() {
	set := flags.NewFlagSet("checkout", flags.ContinueOnError)
	set.String("internal-addr", "", "where the other services find it")
	if err := set.Parse([]string{"--internal-addr", "10.0.0.1:80"}); err != nil {
		panic(err)
	}

	type App struct {
		Server struct{ Internal struct{ Addr string } }
	}
	names := map[string]string{"internal-addr": "server.internal.addr"}
	cfg, err := confsync.Open(context.Background(), confsync.Options[App]{
		Sources: []source.Source{pflag.New(set, &pflag.Options{Names: names})},
	})
	if err != nil {
		panic(err)
	}
	defer cfg.Close()
	fmt.Println(cfg.Get().Server.Internal.Addr)
	// Output: 10.0.0.1:80
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
	set := flags.NewFlagSet("checkout", flags.ContinueOnError)
	pflag.Define(set, shape)
	fmt.Print(set.FlagUsages())
	// Output:
	//       --debug           say more
	//       --http.port int   where it listens (default 8080)
}
