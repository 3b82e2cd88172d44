// Command bare reads the file into the struct with the YAML library alone, and
// the one variable by its name.
package main

import (
	"os"
	"strconv"

	"go.yaml.in/yaml/v4"

	"github.com/confsync/confsync/bench/start/app"
)

func main() {
	data, err := os.ReadFile(app.File)
	app.Check(err)
	var c app.Config
	app.Check(yaml.Unmarshal(data, &c))
	if text, ok := os.LookupEnv(app.Prefix + "_LIMITS_REQUESTS"); ok {
		c.Limits.Requests, err = strconv.Atoi(text)
		app.Check(err)
	}
	c.Ready()
}
