// Command confsync opens the file and the environment.
package main

import (
	"context"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/bench/start/app"
	"github.com/confsync/confsync/source/env"
	"github.com/confsync/confsync/source/file"
)

func main() {
	c, err := confsync.Open(context.Background(), confsync.Options[app.Config]{
		Sources: []confsync.Source{file.New(app.File, nil), env.New(app.Prefix, nil)},
	})
	app.Check(err)
	c.Get().Ready()
}
