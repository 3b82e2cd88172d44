package schema_test

import (
	"embed"
	"fmt"
	"time"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/schema"
)

// Checkout is the configuration of a service.
type Checkout struct {
	Server struct {
		// Port is where it listens.
		Port uint16 `default:"8080"`
		// Timeout bounds a request.
		Timeout time.Duration `config:"timeout,required"`
	}
	Password confsync.Secret   `usage:"of the database"`
	Labels   map[string]string // Labels go into every log line.
}

//go:embed example_test.go
var here embed.FS

func ExampleFor() {
	s, err := schema.For[Checkout](&schema.Options{EnvPrefix: "CHECKOUT", Source: here})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(s.Help())
	// Output:
	// server.port     uint16    CHECKOUT_SERVER_PORT     Port is where it listens. (default 8080)
	// server.timeout  duration  CHECKOUT_SERVER_TIMEOUT  Timeout bounds a request. (required)
	// password        string    CHECKOUT_PASSWORD        of the database (secret)
	// labels.<key>    string    CHECKOUT_LABELS__<key>   Labels go into every log line.
}

func ExampleSchema_Sample() {
	s, err := schema.For[Checkout](&schema.Options{EnvPrefix: "CHECKOUT", Source: here})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s", s.Sample())
	// Output:
	// server:
	//   # Port is where it listens.
	//   # uint16, CHECKOUT_SERVER_PORT
	//   port: 8080
	//   # Timeout bounds a request.
	//   # duration, required, CHECKOUT_SERVER_TIMEOUT
	//   timeout: 0s
	//
	// # of the database
	// # string, secret, CHECKOUT_PASSWORD
	// password: ""
	//
	// # Labels go into every log line.
	// # map of string, CHECKOUT_LABELS__<key>
	// labels: {}
	// # labels:
	// #   key: ""
}

func ExampleSchema_JSON() {
	type app struct {
		Tags []string `usage:"of the host"`
	}
	s, err := schema.For[app](nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s", s.JSON())
	// Output:
	// {
	//   "$schema": "https://json-schema.org/draft/2020-12/schema",
	//   "title": "app",
	//   "type": ["object"],
	//   "properties": {
	//     "tags": {
	//       "description": "of the host",
	//       "type": ["array","object","string","number","boolean","null"],
	//       "pattern": "^\\s*(?:(?:(?:[^,\\[\\s][^,]*)?(?:,[^,]*)*)?|\\[[\\s\\S]*\\])\\s*$",
	//       "items": {
	//         "type": ["string","number","boolean","null"]
	//       },
	//       "propertyNames": {
	//         "pattern": "^(?:0|[1-9]\\d{0,8})$"
	//       },
	//       "additionalProperties": {
	//         "$ref": "#/properties/tags/items"
	//       }
	//     }
	//   },
	//   "patternProperties": {
	//     "^[-_]*[tT][-_]*[aA][-_]*[gG][-_]*[sS][-_]*$": {
	//       "$ref": "#/properties/tags"
	//     }
	//   },
	//   "additionalProperties": false
	// }
}

func ExampleSchema_Markdown() {
	s, err := schema.For[Checkout](&schema.Options{EnvPrefix: "CHECKOUT", Source: here})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(s.Markdown())
	// Output:
	// | key | type | default | | variable | flag | |
	// |---|---|---|---|---|---|---|
	// | `server.port` | uint16 | `8080` |  | `CHECKOUT_SERVER_PORT` | `-server.port` | Port is where it listens. |
	// | `server.timeout` | duration |  | required | `CHECKOUT_SERVER_TIMEOUT` | `-server.timeout` | Timeout bounds a request. |
	// | `password` | string |  | secret | `CHECKOUT_PASSWORD` | `-password` | of the database |
	// | `labels.<key>` | string |  |  | `CHECKOUT_LABELS__<key>` | `-labels` | Labels go into every log line. |
}

func ExampleSchema_Rows() {
	s, err := schema.For[Checkout](nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range s.Rows() {
		fmt.Println(r.Path, r.Env, "-"+r.Flag, r.Default, r.Required, r.Secret)
	}
	// Output:
	// server.port SERVER_PORT -server.port 8080 false false
	// server.timeout SERVER_TIMEOUT -server.timeout  true false
	// password PASSWORD -password  false true
	// labels.<key> LABELS__<key> -labels  false false
}
