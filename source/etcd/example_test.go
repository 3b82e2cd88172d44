package etcd_test

import (
	"fmt"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/source/etcd"
)

// The keys below a prefix are the configuration: /checkout/server/port is
// server.port.
func ExampleNew() {
	client, err := clientv3.New(clientv3.Config{
		Endpoints:            []string{"127.0.0.1:2379"},
		DialKeepAliveTime:    10 * time.Second, // off by default
		DialKeepAliveTimeout: 5 * time.Second,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	src := etcd.New(client, "/checkout", nil)
	fmt.Println(src.Name())
	// Output: etcd /checkout
}

// One key that holds a document goes below a path of its own.
func ExampleOptions_document() {
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{"127.0.0.1:2379"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	limits := etcd.New(client, "/shared/limits.yaml", &etcd.Options{Document: document.YAML})
	src := source.Mount("limits", source.Optional(limits))
	fmt.Println(src.Name())
	// Output: etcd /shared/limits.yaml
}
