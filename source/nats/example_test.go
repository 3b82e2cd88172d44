package nats_test

import (
	"context"
	"fmt"
	"log"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	confnats "github.com/confsync/confsync/source/nats"
)

// A program keeps its settings in step with a bucket. Credentials and TLS are the
// connection's.
func ExampleNew() {
	conn, err := nats.Connect("tls://nats.example.com", nats.MaxReconnects(-1), nats.UserCredentials("app.creds"))
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		log.Fatal(err)
	}
	kv, err := js.KeyValue(context.Background(), "config")
	if err != nil {
		log.Fatal(err)
	}

	type App struct {
		Pool struct{ Size int }
	}
	cfg, err := confsync.Open(context.Background(), confsync.Options[App]{Sources: []source.Source{
		confnats.New(kv, "shared.limits", &confnats.Options{Document: document.YAML}), // one document
		confnats.New(kv, "apps.checkout", nil),                                        // a key a value: apps.checkout.pool.size
	}})
	if err != nil {
		log.Fatal(err)
	}
	defer cfg.Close()
	fmt.Println(cfg.Get().Pool.Size)
}
