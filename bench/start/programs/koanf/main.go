// Command koanf loads the file and the environment as koanf's documentation does.
package main

import (
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/env"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"

	"github.com/confsync/confsync/bench/start/app"
)

func main() {
	k := koanf.New(".")
	app.Check(k.Load(file.Provider(app.File), yaml.Parser()))
	app.Check(k.Load(env.Provider(app.Prefix+"_", ".", func(name string) string {
		return strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(name, app.Prefix+"_")), "_", ".")
	}), nil))
	var filled app.Config
	app.Check(k.Unmarshal("", &filled))
	filled.Ready()
}
