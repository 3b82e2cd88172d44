package redis_test

import (
	"fmt"

	goredis "github.com/redis/go-redis/v9"

	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/source/redis"
)

// The keys below a prefix are the configuration: apps/checkout/server/port is
// server.port.
func ExampleNew() {
	client := goredis.NewClient(&goredis.Options{Addr: "127.0.0.1:6379"})
	defer client.Close()
	src := redis.New(client, "apps/checkout", nil)
	fmt.Println(src.Name())
	// Output: redis apps/checkout
}

// The fields of one hash are the configuration, on a server that is found
// through Sentinel.
func ExampleOptions_hash() {
	client := goredis.NewFailoverClient(&goredis.FailoverOptions{
		MasterName: "main", SentinelAddrs: []string{"10.0.0.1:26379", "10.0.0.2:26379", "10.0.0.3:26379"},
	})
	defer client.Close()
	src := redis.New(client, "apps:checkout", &redis.Options{Hash: true, Separator: "."})
	fmt.Println(src.Name())
	// Output: redis apps:checkout
}

// One key holds a document.
func ExampleOptions_document() {
	client := goredis.NewClusterClient(&goredis.ClusterOptions{Addrs: []string{"10.0.0.1:6379", "10.0.0.2:6379"}})
	defer client.Close()
	src := redis.New(client, "apps/checkout.yaml", &redis.Options{Document: document.YAML})
	fmt.Println(src.Name())
	// Output: redis apps/checkout.yaml
}
