package source_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/confsync/confsync/source/sourcetest"
	"github.com/confsync/confsync/tree"
)

// endpoint is what a feed reads: a JSON object over HTTP, with long polls.
type endpoint struct {
	mu      sync.Mutex
	values  map[string]string
	spoilt  bool
	down    bool
	bytes   int           // that are sent beside the values
	pause   time.Duration // after each eighth of an answer
	version int
	changed chan struct{} // closed and replaced at each change; nothing is sent
}

func (e *endpoint) change(f func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	f()
	e.version++
	close(e.changed)
	e.changed = make(chan struct{})
}

func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for {
		e.mu.Lock()
		etag, changed, down, body := fmt.Sprintf("%q", fmt.Sprint(e.version)), e.changed, e.down, e.bodyLocked()
		pause, more := e.pause, e.bytes
		e.mu.Unlock()
		switch {
		case down:
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		case r.Header.Get("If-None-Match") != etag:
			w.Header().Set("ETag", etag)
			send(w, body, pause)
			for ; more > 0; more -= len(blanks) {
				if _, err := fmt.Fprint(w, blanks); err != nil {
					return
				}
			}
			return
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		case <-time.After(time.Second):
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
}

var blanks = strings.Repeat(" ", 1<<16)

func send(w http.ResponseWriter, body string, pause time.Duration) {
	for part := len(body)/8 + 1; body != ""; time.Sleep(pause) {
		n := min(part, len(body))
		fmt.Fprint(w, body[:n])
		w.(http.Flusher).Flush()
		body = body[n:]
	}
}

func (e *endpoint) bodyLocked() string {
	if e.spoilt {
		return "{"
	}
	root := make(map[string]any)
	for path, value := range e.values {
		if section, key, below := strings.Cut(path, "."); below {
			if root[section] == nil {
				root[section] = make(map[string]any)
			}
			root[section].(map[string]any)[key] = value
		} else {
			root[path] = value
		}
	}
	data, err := json.Marshal(root)
	if err != nil {
		panic(err)
	}
	return string(data)
}

// TestOwnSourceKeepsTheContract holds the source of ExampleSource to the contract.
func TestOwnSourceKeepsTheContract(t *testing.T) {
	sourcetest.Run(t, sourcetest.Harness{
		Strict: true,
		Ignore: []string{
			"net/http.(*persistConn).readLoop", "net/http.(*persistConn).writeLoop", "net/http.(*Transport).dialConnFor",
			"net/http.(*conn).serve", "net/http.(*connReader).backgroundRead",
		},
		New: func(t *testing.T, values map[string]string) sourcetest.Store {
			e := &endpoint{values: maps.Clone(values), changed: make(chan struct{})}
			server := httptest.NewServer(e)
			t.Cleanup(server.Close)
			t.Cleanup(server.CloseClientConnections)
			return sourcetest.Store{
				Source: &feed{client: server.Client(), url: server.URL, maxBytes: 4 << 20, silence: 500 * time.Millisecond},
				Set: func(_ *testing.T, key tree.Path, value string) {
					e.change(func() { e.values[key.String()], e.spoilt = value, false })
				},
				Delete: func(_ *testing.T, key tree.Path) { e.change(func() { delete(e.values, key.String()) }) },
				Commit: func(_ *testing.T, values map[string]string) { e.change(func() { e.values = maps.Clone(values) }) },
				Spoil:  func(*testing.T) { e.change(func() { e.spoilt = true }) },
				Break:  func(*testing.T) { e.change(func() { e.down = true }) },
				Heal:   func(*testing.T) { e.change(func() { e.down, e.pause = false, 0 }) },
				Flood:  func(*testing.T) int { e.change(func() { e.bytes = 40 << 20 }); return 4 << 20 },
				Slow: func(*testing.T) time.Duration {
					e.change(func() { e.pause = 100 * time.Millisecond })
					return time.Minute
				},

				WritableWhileBroken: true,
			}
		},
	})
}

// TestGuideShowsTheExample holds the guide's code to the one that is tested.
func TestGuideShowsTheExample(t *testing.T) {
	guide, err := os.ReadFile("../docs/writing-a-source.md")
	if err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile("example_source_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(string(guide), "```go\n")
	code, _, found := strings.Cut(code, "```")
	if !found || !strings.Contains(string(example), code) {
		t.Error("the code of docs/writing-a-source.md is not that of example_source_test.go")
	}
}
