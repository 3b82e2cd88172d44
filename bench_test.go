package confsync_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/source/sourcetest"
	"github.com/confsync/confsync/tree"
)

// Fleet is the shape of the benchmarks: services of eight keys each.
type Fleet struct {
	Limits struct {
		Requests int `default:"100"`
		Burst    int `default:"10"`
	}
	Services map[string]Service
}

type Service struct {
	Host    string
	Port    uint16
	TLS     bool `config:"tls"`
	Timeout time.Duration
	Retries int
	Weight  float64
	Name    string
	Zone    string
}

var sizes = []int{1_000, 10_000, 100_000}

// fleetIn returns a document of n keys.
func fleetIn(format document.Format, n int) []byte {
	l := fleetLanguages[format]
	var services []string
	for i := range n / 8 {
		services = append(services, fmt.Sprintf(l.service, i, 8000+i%1000))
	}
	return []byte(l.begin + strings.Join(services, l.between) + l.end)
}

var fleetLanguages = map[document.Format]struct{ begin, service, between, end string }{
	document.YAML: {
		"limits:\n  requests: 500\nservices:\n", `  svc-%05[1]d:
    host: host%[1]d.example.com
    port: %[2]d
    tls: true
    timeout: 5s
    retries: 3
    weight: 0.5
    name: service %[1]d
    zone: eu-west-1
`, "", "",
	},
	document.JSON: {
		"{\n  \"limits\": {\n    \"requests\": 500\n  },\n  \"services\": {\n", `    "svc-%05[1]d": {
      "host": "host%[1]d.example.com",
      "port": %[2]d,
      "tls": true,
      "timeout": "5s",
      "retries": 3,
      "weight": 0.5,
      "name": "service %[1]d",
      "zone": "eu-west-1"
    }`, ",\n", "\n  }\n}\n",
	},
	document.TOML: {
		"[limits]\nrequests = 500\n", `
[services.svc-%05[1]d]
host = "host%[1]d.example.com"
port = %[2]d
tls = true
timeout = "5s"
retries = 3
weight = 0.5
name = "service %[1]d"
zone = "eu-west-1"
`, "", "",
	},
}

// memoryOf returns a source that holds a tree and can be changed.
func memoryOf(tb testing.TB, name string, n int) *sourcetest.Memory {
	services := map[string]any{}
	for i := range n / 8 {
		services[fmt.Sprintf("svc-%05d", i)] = map[string]any{
			"host": fmt.Sprintf("host%d.example.com", i), "port": 8000 + i%1000, "tls": true, "timeout": "5s",
			"retries": 3, "weight": 0.5, "name": fmt.Sprintf("service %d", i), "zone": "eu-west-1",
		}
	}
	return sourcetest.NewMemory(name, map[string]any{"services": services})
}

func open(tb testing.TB, sources ...source.Source) *confsync.Config[Fleet] {
	c, err := confsync.Open(tb.Context(), confsync.Options[Fleet]{Sources: sources})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { c.Close() })
	return c
}

func BenchmarkGet(b *testing.B) {
	c := open(b, memoryOf(b, "m", 1000))
	b.ReportAllocs()
	for b.Loop() {
		if c.Get().Limits.Requests != 100 {
			b.Fatal("wrong value")
		}
	}
}

// BenchmarkOpen is the opening and the closing, with a document of no keys.
func BenchmarkOpen(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		openAndClose(b, func() (tree.Tree, error) { return tree.Tree{}, nil }, 0)
	}
}

func BenchmarkLoad(b *testing.B) {
	for _, format := range []document.Format{document.YAML, document.JSON, document.TOML} {
		for _, n := range []int{100, 1_000, 10_000, 100_000} {
			data := fleetIn(format, n)
			b.Run(fmt.Sprintf("%v/N=%d", format, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					openAndClose(b, func() (tree.Tree, error) { return document.Decode(format, data, document.Limits{}) }, n/8)
				}
			})
		}
	}
}

func openAndClose(b *testing.B, read func() (tree.Tree, error), services int) {
	src := source.Poll("doc", time.Hour, func(context.Context) (source.Snapshot, error) {
		t, err := read()
		return source.Snapshot{Tree: t}, err
	})
	c, err := confsync.Open(b.Context(), confsync.Options[Fleet]{Sources: []source.Source{src}})
	if err != nil || len(c.Get().Services) != services {
		b.Fatal(err)
	}
	c.Close()
}

// BenchmarkChange is one key from the source's emit to the callback.
func BenchmarkChange(b *testing.B) {
	for _, n := range sizes {
		for _, where := range []string{"map", "struct"} {
			b.Run(fmt.Sprintf("%s/N=%d", where, n), func(b *testing.B) {
				low, high := memoryOf(b, "low", n), sourcetest.NewMemory("high", nil)
				c := open(b, low, high)
				changed := make(chan int, 1)
				defer c.OnChange(func(ch confsync.Change[*Fleet]) {
					changed <- ch.New.Limits.Requests + ch.New.Services["svc-00007"].Retries
				})()
				i := 1000
				b.ReportAllocs()
				for b.Loop() {
					i++
					if where == "map" {
						high.Set("services.svc-00007.retries", fmt.Sprint(i))
					} else {
						high.Set("limits.requests", fmt.Sprint(i))
					}
					if got := <-changed; got < i {
						b.Fatal("got", got, "want", i)
					}
				}
			})
		}
	}
}
