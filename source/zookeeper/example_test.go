package zookeeper_test

import (
	"fmt"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/source/zookeeper"
)

// The nodes below a root are the configuration: /apps/checkout/server/port is
// server.port.
func ExampleNew() {
	conn, _, err := zk.Connect([]string{"127.0.0.1:2181"}, 10*time.Second)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()
	src := zookeeper.New(conn, "/apps/checkout", nil)
	fmt.Println(src.Name())
	// Output: zookeeper /apps/checkout
}

// One node that holds a document goes below a path of its own.
func ExampleOptions_document() {
	conn, _, err := zk.Connect([]string{"127.0.0.1:2181"}, 10*time.Second)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()
	limits := zookeeper.New(conn, "/shared/limits.yaml", &zookeeper.Options{Document: document.YAML})
	src := source.Mount("limits", source.Optional(limits))
	fmt.Println(src.Name())
	// Output: zookeeper /shared/limits.yaml
}
