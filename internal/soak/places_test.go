package soak

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/confsync/confsync/internal/stores"
	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/source/file"
	confsynchttp "github.com/confsync/confsync/source/http"
)

// places are the names of what is written to; each is a key of the configuration.
var places = []string{"consul", "etcd", "redis", "zookeeper", "file", "http"}

// place is somewhere that a writer writes.
type place struct {
	name   string
	source source.Source
	write  func(context.Context, part, string) error // the text is a bad level, or ""
	server *testserver.Server                        // nil where there is none to be stopped
	proxy  *testserver.Proxy

	mu      sync.Mutex
	written part // what it holds, as far as is known
	writes  int
}

// random returns a part that differs from the one before.
func random(n int) part {
	p := part{A: n, B: n, Level: uint8(n % 200), Map: map[string]int{}}
	for i := range 8 {
		if rand.N(3) > 0 {
			p.Map["key"+strconv.Itoa(i)] = rand.N(100)
		}
	}
	return p
}

// step writes once: mostly something good, sometimes a bad value.
func (p *place) step(ctx context.Context) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.writes++
	next, bad := random(p.writes), ""
	if rand.N(20) == 0 {
		bad = "high"
	}
	limited, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if p.write(limited, next, bad) == nil {
		p.written = next
	}
}

// settle writes something good, however often it takes.
func (p *place) settle(t *testing.T) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.writes++
	next := random(p.writes)
	var err error
	for range 100 {
		limited, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		err = p.write(limited, next, "")
		cancel()
		if err == nil {
			p.written = next
			return
		}
		rest(t.Context(), 200*time.Millisecond)
	}
	t.Fatalf("%s: %v", p.name, err)
}

func filePlace(t *testing.T) *place {
	path := filepath.Join(t.TempDir(), "part.json")
	p := &place{name: "file", source: source.Named("file", source.Mount("file", file.New(path, nil)))}
	p.write = func(_ context.Context, next part, bad string) error {
		if err := os.WriteFile(path+".new", encode(next, bad), 0o600); err != nil {
			return err
		}
		return os.Rename(path+".new", path)
	}
	return p
}

func httpPlace(t *testing.T) *place {
	var mu sync.Mutex
	var body []byte
	broken := false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if broken = !broken && rand.N(10) == 0; broken {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Write(body)
	}))
	t.Cleanup(server.Close)
	opts := &confsynchttp.Options{Interval: 200 * time.Millisecond}
	p := &place{name: "http", source: source.Named("http", source.Mount("http", confsynchttp.New(nil, server.URL+"/part.json", opts)))}
	p.write = func(_ context.Context, next part, bad string) error {
		mu.Lock()
		defer mu.Unlock()
		body = encode(next, bad)
		return nil
	}
	return p
}

// encode returns a part as a document.
func encode(p part, bad string) []byte {
	var level any = p.Level
	if bad != "" {
		level = bad
	}
	text, err := json.Marshal(map[string]any{"a": p.A, "b": p.B, "level": level, "map": p.Map})
	if err != nil {
		panic(err) // numbers and texts
	}
	return text
}

// storePlace returns a store, behind a proxy that breaks the connection. It
// holds a document, so that it is exact whatever the store promises for keys.
func storePlace(t *testing.T, s stores.Store) *place {
	server := s.Serve(t)
	proxy := testserver.NewProxy(t, server.Addr())
	reader, err := s.Open(proxy.Addr(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(reader.Close)
	writer, err := s.Open(server.Addr(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(writer.Close)
	const root = "soak"
	src := reader.Source(stores.Document, root, stores.Options{Probe: time.Second, Format: document.JSON})
	p := &place{name: s.Name, server: server, proxy: proxy, source: source.Named(s.Name, source.Mount(s.Name, src))}
	p.write = func(ctx context.Context, next part, bad string) error {
		return writer.Commit(ctx, stores.Transaction{Root: root, Put: map[string]string{"n": fmt.Sprint(next.A)}, Document: string(encode(next, bad))})
	}
	return p
}

// arrived reports whether the configuration has what the place holds.
func (p *place) arrived(a *app) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	got := a.Parts[p.name]
	return got.A == p.written.A && got.Level == p.written.Level && maps.Equal(got.Map, p.written.Map)
}

// fault breaks something, and returns how to mend it.
func (p *place) fault() (what string, mend func()) {
	switch rand.N(5) {
	case 0:
		p.proxy.Cut()
		return "cut", p.proxy.Heal
	case 1:
		p.proxy.Blackhole()
		return "black hole", p.proxy.Heal
	case 2:
		p.proxy.Latency(time.Duration(50+rand.N(400)) * time.Millisecond)
		return "latency", p.proxy.Heal
	case 3:
		p.server.Pause()
		return "pause", p.server.Resume
	default:
		p.server.Kill()
		return "kill", p.server.Start
	}
}
