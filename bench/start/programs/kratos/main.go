// Command kratos loads the file and the environment as kratos's documentation
// does: the document names the variable.
package main

import (
	"io"
	"time"

	"github.com/go-kratos/kratos/v2/config"
	"github.com/go-kratos/kratos/v2/config/env"
	"github.com/go-kratos/kratos/v2/config/file"
	"github.com/go-kratos/kratos/v2/log"

	"github.com/confsync/confsync/bench/start/app"
)

// duration reads itself: Scan goes through JSON, which has none.
type duration time.Duration

func (d *duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	*d = duration(v)
	return err
}

func main() {
	log.SetLogger(log.NewStdLogger(io.Discard))
	c := config.New(
		config.WithSource(file.NewSource(app.File), env.NewSource(app.Prefix+"_")),
		config.WithResolveActualTypes(true),
	)
	app.Check(c.Load())
	var filled app.ConfigOf[duration]
	app.Check(c.Scan(&filled))
	filled.Ready()
}
