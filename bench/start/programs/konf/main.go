// Command konf loads the file and the environment as konf's documentation does.
package main

import (
	"strings"

	"github.com/nil-go/konf"
	"github.com/nil-go/konf/provider/env"
	"github.com/nil-go/konf/provider/file"
	"go.yaml.in/yaml/v3"

	"github.com/confsync/confsync/bench/start/app"
)

func main() {
	c := konf.New()
	app.Check(c.Load(file.New(app.File, file.WithUnmarshal(yaml.Unmarshal))))
	app.Check(c.Load(env.New(env.WithPrefix(app.Prefix+"_"), env.WithNameSplitter(func(name string) []string {
		return strings.Split(strings.TrimPrefix(name, app.Prefix+"_"), "_")
	}))))
	var filled app.Config
	app.Check(c.Unmarshal("", &filled))
	filled.Ready()
}
