// Command viper loads the file and the environment as viper's documentation does.
package main

import (
	"strings"

	"github.com/spf13/viper"

	"github.com/confsync/confsync/bench/start/app"
)

func main() {
	v := viper.New()
	v.SetConfigFile(app.File)
	v.SetEnvPrefix(app.Prefix)
	v.SetEnvKeyReplacer(strings.NewReplacer(".", "_"))
	v.AutomaticEnv()
	app.Check(v.ReadInConfig())
	var filled app.Config
	app.Check(v.Unmarshal(&filled))
	filled.Ready()
}
