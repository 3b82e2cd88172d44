package dump_test

import (
	"context"
	"fmt"
	"os"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/dump"
	"github.com/confsync/confsync/source"
)

type checkout struct {
	Server struct {
		Host string `default:"localhost"`
		Port uint16
	}
	Tags     []string
	Password confsync.Secret
}

func openCheckout() *confsync.Config[checkout] {
	cfg, err := confsync.Open(context.Background(), confsync.Options[checkout]{
		Sources: []source.Source{
			source.Static("built in", map[string]any{"server": map[string]any{"port": 8080}, "tags": []any{"a", "b"}}),
			source.Static("store", map[string]any{"server": map[string]any{"port": "9090"}, "password": "hunter2"}),
		},
	})
	if err != nil {
		panic(err)
	}
	return cfg
}

func ExampleWrite() {
	cfg := openCheckout()
	defer cfg.Close()
	if err := dump.Write(os.Stdout, cfg, &dump.Options{Origins: true}); err != nil {
		fmt.Println(err)
	}
	// Output:
	// password: <redacted> # store
	// server:
	//   host: localhost # default checkout.Server.Host
	//   port: 9090 # store
	// tags:
	// - a # built in
	// - b # built in
}

func ExampleWrite_json() {
	cfg := openCheckout()
	defer cfg.Close()
	if err := dump.Write(os.Stdout, cfg, &dump.Options{Format: dump.JSON}); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {
	//   "password": "<redacted>",
	//   "server": {
	//     "host": "localhost",
	//     "port": 9090
	//   },
	//   "tags": [
	//     "a",
	//     "b"
	//   ]
	// }
}
