package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/web"
)

func ExampleHandler() {
	type App struct{ Port int }
	cfg, err := confsync.Open(context.Background(), confsync.Options[App]{
		Sources: []source.Source{source.Static("built in", map[string]any{"port": 8080})},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer cfg.Close()

	admin := http.NewServeMux() // not the one that the world sees
	admin.Handle("/debug/config", web.Handler(cfg))
	server := httptest.NewServer(admin)
	defer server.Close()

	answer, err := http.Get(server.URL + "/debug/config?json") // without ?json: the page
	if err != nil {
		fmt.Println(err)
		return
	}
	defer answer.Body.Close()
	var shown struct {
		Values []struct {
			Path, Value string
			Layers      []struct{ From string }
		}
	}
	if err := json.NewDecoder(answer.Body).Decode(&shown); err != nil {
		fmt.Println(err)
		return
	}
	for _, v := range shown.Values {
		fmt.Println(v.Path, "is", v.Value, "from", v.Layers[0].From)
	}
	// Output:
	// port is 8080 from built in
}

func ExampleHealth() {
	type App struct{ Port int }
	cfg, err := confsync.Open(context.Background(), confsync.Options[App]{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer cfg.Close()

	admin := http.NewServeMux()
	admin.Handle("/readyz", web.Health(cfg, 5*time.Minute)) // a store may be away for so long
	server := httptest.NewServer(admin)
	defer server.Close()

	answer, err := http.Get(server.URL + "/readyz")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	fmt.Printf("%s %s", answer.Status, text)
	// Output:
	// 200 OK ok
}
