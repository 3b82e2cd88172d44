package http_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	confhttp "github.com/confsync/confsync/source/http"
	"github.com/confsync/confsync/source/sourcetest"
	"github.com/confsync/confsync/tree"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// site is a real server of one document, behind a proxy.
type site struct {
	url   string
	proxy *testserver.Proxy

	mu      sync.Mutex
	text    string
	version int
	answer  http.HandlerFunc // in the place of the document; nil: the document
	plain   bool             // neither ETag nor Last-Modified
	asked   []*http.Request
	full    int           // answers with a body
	news    chan struct{} // closed when there is another version
}

func serve(t *testing.T, text string) *site {
	t.Helper()
	s := &site{text: text, news: make(chan struct{})}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.proxy = testserver.NewProxy(t, server.Listener.Addr().String())
	s.url = "http://" + s.proxy.Addr() + "/app.json"
	return s
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked = append(s.asked, r)
	answer := s.answer
	var wait time.Duration
	fmt.Sscanf(r.Header.Get("Prefer"), "wait=%d", &wait)
	if answer == nil && wait > 0 && r.Header.Get("If-None-Match") == s.etag() {
		news := s.news
		s.mu.Unlock()
		select {
		case <-news:
		case <-time.After(wait * time.Second):
		case <-r.Context().Done():
			return
		}
		s.mu.Lock()
	}
	defer s.mu.Unlock()
	switch {
	case answer != nil:
		answer(w, r)
		return
	case !s.plain:
		w.Header().Set("Etag", s.etag())
		if r.Header.Get("If-None-Match") == s.etag() {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	s.full++
	_, _ = io.WriteString(w, s.text)
}

func (s *site) etag() string { return fmt.Sprintf(`"v%d"`, s.version) }

// set has the server hold another document.
func (s *site) set(text string) { s.become(func() { s.text, s.answer = text, nil }) }

// fail has the server answer otherwise; nil: with the document again.
func (s *site) fail(answer http.HandlerFunc) { s.become(func() { s.answer = answer }) }

func (s *site) become(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
	s.version++
	close(s.news)
	s.news = make(chan struct{})
}

// counts returns how many questions there were, and answers with a body.
func (s *site) counts() (asked, full int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked), s.full
}

// client makes a client with connections of its own.
func client(t *testing.T) *http.Client {
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func quick() *confhttp.Options {
	return &confhttp.Options{Interval: 50 * time.Millisecond, Timeout: time.Second, Limits: document.Limits{Bytes: 4 << 20}}
}

// supervise watches a site until the test ends.
func (s *site) supervise(t *testing.T, opts *confhttp.Options) *source.Supervisor {
	return await.Supervise(t, confhttp.New(client(t), s.url, opts))
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "x", code) }
}

func TestContract(t *testing.T) {
	run := func(t *testing.T, opts *confhttp.Options, plain bool) {
		sourcetest.Run(t, sourcetest.Harness{
			Within: await.Limit, Strict: true,
			Ignore: []string{
				"net/http.(*persistConn).readLoop",
				"net/http.(*persistConn).writeLoop",
				"net/http.(*Transport).dialConnFor",
				"net/http.(*conn).serve",
				"net/http.(*connReader).backgroundRead",
				"github.com/confsync/confsync/internal/testserver.(*Proxy).listenLocked.func1",
				"github.com/confsync/confsync/internal/testserver.(*Proxy).listenLocked.func1.1",
				"github.com/confsync/confsync/internal/testserver.(*link).pipe",
				"github.com/confsync/confsync/internal/testserver.(*link).pipe.func1",
			},
			New: func(t *testing.T, values map[string]string) sourcetest.Store {
				now := maps.Clone(values)
				s := serve(t, nested(now))
				s.plain = plain
				write := func() { s.set(nested(now)) }
				return sourcetest.Store{
					Source:              confhttp.New(client(t), s.url, opts),
					Set:                 func(_ *testing.T, p tree.Path, value string) { now[p.String()] = value; write() },
					Delete:              func(_ *testing.T, p tree.Path) { delete(now, p.String()); write() },
					Commit:              func(_ *testing.T, all map[string]string) { maps.Copy(now, all); write() },
					Spoil:               func(*testing.T) { s.set("{") },
					Break:               func(*testing.T) { s.proxy.Cut() },
					Heal:                func(*testing.T) { s.proxy.Bandwidth(0); s.proxy.Heal() },
					WritableWhileBroken: true,
					Flood:               func(*testing.T) int { s.set(`{"alpha":"` + strings.Repeat("x", 40<<20) + `"}`); return 4 << 20 },
					Slow: func(*testing.T) time.Duration {
						s.proxy.Bandwidth(32 << 10)
						s.set(nested(now) + strings.Repeat(" ", 128<<10))
						return 2 * await.Limit
					},
				}
			},
		})
	}
	t.Run("by ETag", func(t *testing.T) { run(t, quick(), false) })
	t.Run("by digest", func(t *testing.T) { run(t, quick(), true) })
	t.Run("long poll", func(t *testing.T) {
		run(t, &confhttp.Options{LongPoll: 10 * time.Second, Interval: 50 * time.Millisecond, Timeout: time.Second, Limits: quick().Limits}, false)
	})
}

// nested returns values by their paths as JSON.
func nested(values map[string]string) string {
	doc := map[string]any{}
	for p, value := range values {
		at := doc
		if outer, inner, below := strings.Cut(p, "."); below {
			if doc[outer] == nil {
				doc[outer] = map[string]any{}
			}
			at, p = doc[outer].(map[string]any), inner
		}
		at[p] = value
	}
	text, err := json.Marshal(doc)
	if err != nil {
		panic(err)
	}
	return string(text)
}
