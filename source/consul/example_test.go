package consul_test

import (
	"fmt"

	"github.com/hashicorp/consul/api"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/consul"
	"github.com/confsync/confsync/source/document"
)

// The keys below a prefix are the configuration: apps/checkout/server/port is
// server.port.
func ExampleNew() {
	client, err := api.NewClient(api.DefaultConfig()) // reads CONSUL_HTTP_ADDR, CONSUL_HTTP_TOKEN, ...
	if err != nil {
		fmt.Println(err)
		return
	}
	src := consul.New(client, "apps/checkout", nil)
	fmt.Println(src.Name())
	// Output: consul apps/checkout
}

// One key that holds a document goes below a path of its own.
func ExampleOptions_document() {
	client, err := api.NewClient(api.DefaultConfig())
	if err != nil {
		fmt.Println(err)
		return
	}
	limits := consul.New(client, "shared/limits.yaml", &consul.Options{Document: document.YAML})
	src := source.Mount("limits", source.Optional(limits))
	fmt.Println(src.Name())
	// Output: consul shared/limits.yaml
}
