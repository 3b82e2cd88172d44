package soak

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/internal/stores"
	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/source/file"
	confsynchttp "github.com/confsync/confsync/source/http"
	confsyncnats "github.com/confsync/confsync/source/nats"
)

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
	proxy := testserver.NewProxy(t, server.Listener.Addr().String())
	opts := &confsynchttp.Options{Interval: 200 * time.Millisecond}
	src := confsynchttp.New(nil, "http://"+proxy.Addr()+"/part.json", opts)
	p := &place{name: "http", proxy: proxy, source: source.Named("http", source.Mount("http", src))}
	p.write = func(_ context.Context, next part, bad string) error {
		mu.Lock()
		defer mu.Unlock()
		body = encode(next, bad)
		return nil
	}
	return p
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
	p.read = func(ctx context.Context) (string, error) { return writer.Get(ctx, stores.DocumentKey(root)) }
	return p
}

// natsPlace returns a NATS server, behind a proxy, with a bucket that holds a
// document.
func natsPlace(t *testing.T) *place {
	server := testserver.NATS(t)
	proxy := testserver.NewProxy(t, server.Addr())
	const key = "soak"
	writer, reader := natsBucket(t, server.Addr()), natsBucket(t, proxy.Addr())
	src := confsyncnats.New(reader, key, &confsyncnats.Options{Probe: time.Second, Timeout: 2 * time.Second, Document: document.JSON})
	p := &place{name: "nats", server: server, proxy: proxy, source: source.Named("nats", source.Mount("nats", src))}
	p.write = func(ctx context.Context, next part, bad string) error {
		_, err := writer.Put(ctx, key, encode(next, bad))
		return err
	}
	p.read = func(ctx context.Context) (string, error) {
		entry, err := writer.Get(ctx, key)
		if err != nil {
			return "", err
		}
		return string(entry.Value()), nil
	}
	return p
}

// natsBucket makes a client that connects again for ever.
func natsBucket(t *testing.T, addr string) jetstream.KeyValue {
	conn, err := nats.Connect("nats://"+addr, nats.MaxReconnects(-1), nats.ReconnectWait(100*time.Millisecond), nats.Timeout(await.Limit))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	bucket, err := js.CreateOrUpdateKeyValue(t.Context(), jetstream.KeyValueConfig{Bucket: "soak"})
	if err != nil {
		t.Fatal(err)
	}
	return bucket
}
