package http_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	confhttp "github.com/confsync/confsync/source/http"
)

func ExampleNew() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer let-me-in" {
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/yaml")
		fmt.Fprint(w, "pool:\n  size: 8\n")
	}))
	defer server.Close()

	client := server.Client() // in a program: a client with the program's certificates and proxies
	src := confhttp.New(client, server.URL+"/app.yaml", &confhttp.Options{
		Interval: time.Minute,
		Header:   http.Header{"Authorization": {"Bearer let-me-in"}},
	})

	type App struct {
		Pool struct{ Size int }
	}
	cfg, err := confsync.Open(context.Background(), confsync.Options[App]{Sources: []source.Source{src}})
	if err != nil {
		log.Fatal(err)
	}
	defer cfg.Close()
	fmt.Println(cfg.Get().Pool.Size)
	// Output: 8
}
