package web_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/sourcetest"
	"github.com/confsync/confsync/web"
)

type app struct {
	Server struct {
		Port uint16 `default:"8080"`
	}
	Token string `config:"token,secret"`
	Text  string
	Many  map[string]int
}

func open(t *testing.T, sources ...source.Source) *confsync.Config[app] {
	t.Helper()
	c, err := confsync.Open(t.Context(), confsync.Options[app]{Sources: sources, Logger: slog.New(slog.DiscardHandler), Policy: await.Policy()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// document is the part of the JSON that tests look at.
type document struct {
	Status struct {
		Generation uint64
		Sources    []source.Status
		Rejections map[string]uint64
		Rejected   *struct {
			Problems []struct{ Path, Kind, Error, From string }
		}
		Unknown []struct{ Path, Error string }
	}
	Values []struct {
		Path, Value, Full, Type string
		Secret                  bool
		Layers                  []struct{ Layer, Role, Value, From, By string }
		Rejected                []struct{ Value, From, Why string }
		Searched                []string
	}
	History []struct {
		Number  uint64
		Changes []struct{ Path, Old, New, From string }
	}
}

func fetch(t *testing.T, h http.Handler, target string) (document, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", target, nil))
	var d document
	if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil || w.Code != 200 || w.Header().Get("Content-Type") != "application/json" {
		t.Fatalf("%s: %d %v\n%s", target, w.Code, err, w.Body)
	}
	return d, w.Body.String()
}

// TestJSON asserts that the JSON has what is in force, what it hides, what is
// rejected and what changed, and no secret.
func TestJSON(t *testing.T) {
	long := strings.Repeat("x", 200)
	low := sourcetest.NewMemory("low", map[string]any{"server": map[string]any{"port": 1}, "token": "hunter2", "text": long})
	high := sourcetest.NewMemory("high", map[string]any{"server": map[string]any{"port": 2}, "tokne": "hunter2"})
	c := open(t, low, high)
	h := web.Handler(c)
	high.Set("server.port", 3)
	await.Until(t, "the second generation", func() bool { return c.Generation() == 2 })
	high.Set("server.port", "80a")
	await.Until(t, "the rejection", func() bool { return c.Status().Rejected != nil })
	d, text := fetch(t, h, "/any/path?json")
	if strings.Contains(text, "hunter2") {
		t.Errorf("a secret is shown:\n%s", text)
	}
	if d.Status.Generation != 2 || len(d.Status.Sources) != 2 || d.Status.Sources[1].State != source.Live || len(d.Status.Unknown) != 1 {
		t.Errorf("%+v", d.Status)
	}
	if d.Status.Rejections["mistyped"] != 1 {
		t.Errorf("%+v", d.Status.Rejections)
	}
	if r := d.Status.Rejected; r == nil || r.Problems[0].Path != "server.port" || r.Problems[0].Kind != "mistyped" || !strings.Contains(r.Problems[0].Error, "80a") {
		t.Errorf("%+v", r)
	}
	for _, v := range d.Values {
		switch v.Path {
		case "server.port":
			if v.Value != "3" || v.Type != "uint16" || len(v.Layers) != 3 || v.Layers[0].From != `memory "server.port" (revision 2)` || v.Layers[1].Role != "hidden" ||
				v.Layers[1].By != "high" || len(v.Rejected) != 1 ||
				v.Rejected[0].Value != `"80a"` || !strings.Contains(v.Rejected[0].Why, "80a") {
				t.Errorf("%+v", v)
			}
		case "token":
			if v.Value != "<redacted>" || !v.Secret {
				t.Errorf("%+v", v)
			}
		case "text":
			if v.Full != long || len(v.Value) > 80 {
				t.Errorf("%+v", v)
			}
		}
	}
	if last := d.History[len(d.History)-1]; last.Number != 2 || len(last.Changes) != 1 || last.Changes[0].Path != "server.port" || last.Changes[0].Old != "2" || last.Changes[0].New != "3" {
		t.Errorf("%+v", d.History)
	}
}

// TestMountedAnywhere asserts that the page and all it refers to are found on any
// path, with and without a slash at the end, behind StripPrefix too.
func TestMountedAnywhere(t *testing.T) {
	c := open(t)
	mux := http.NewServeMux()
	mux.Handle("/exact", web.Handler(c))
	mux.Handle("/below/", web.Handler(c))
	mux.Handle("/stripped/", http.StripPrefix("/stripped", web.Handler(c)))
	mux.Handle("GET /method", web.Handler(c))
	for _, at := range []string{"/exact", "/below/", "/below/x/y", "/stripped/", "/method"} {
		for query, want := range map[string]string{
			"": "text/html; charset=utf-8", "?app.js": "text/javascript; charset=utf-8", "?style.css": "text/css; charset=utf-8",
			"?icon.svg": "image/svg+xml", "?json": "application/json",
		} {
			w := httptest.NewRecorder()
			mux.ServeHTTP(w, httptest.NewRequest("GET", at+query, nil))
			if got := w.Header().Get("Content-Type"); w.Code != 200 || got != want {
				t.Errorf("%s%s: %d %s, want %s", at, query, w.Code, got, want)
			}
		}
	}
}

// TestHeaders asserts what every answer says to a browser, and what is refused.
func TestHeaders(t *testing.T) {
	h := web.Handler(open(t))
	for _, query := range []string{"", "?json", "?app.js", "?nothing"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/"+query, nil))
		policy := w.Header().Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("%q: the policy %q lacks %q", query, policy, part)
			}
		}
		if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") || w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%q: %v", query, w.Header())
		}
		if strings.Contains(w.Body.String(), "//cdn") || strings.Contains(w.Body.String(), "src=\"http") {
			t.Errorf("%q loads something from elsewhere", query)
		}
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, "/", nil))
		if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: %d %v", method, w.Code, w.Header())
		}
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Accept", "application/json")
	w := httptest.NewRecorder()
	if h.ServeHTTP(w, r); w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("a client that wants JSON is given %v", w.Header())
	}
}

// TestEvents asserts that each change is told, and that a stream leaves nothing
// behind when its client goes.
func TestEvents(t *testing.T) {
	m := sourcetest.NewMemory("m", nil)
	server := httptest.NewServer(web.Handler(open(t, m)))
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", server.URL+"?events", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	events := make(chan string)
	go func() {
		defer close(events)
		for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				events <- data
			}
		}
	}()
	next := func(what string, holds func(d document) bool) {
		t.Helper()
		for deadline := time.Now().Add(await.Limit); time.Now().Before(deadline); {
			var d document
			if err := json.Unmarshal([]byte(await.Receive(t, what, events)), &d.Status); err != nil {
				t.Fatal(err)
			}
			if holds(d) {
				return
			}
		}
		t.Fatalf("never told: %s", what)
	}
	next("the present", func(d document) bool { return d.Status.Generation == 1 })
	m.Set("server.port", 9)
	next("a generation", func(d document) bool { return d.Status.Generation == 2 })
	m.Set("server.port", "x")
	next("a rejection", func(d document) bool { return d.Status.Rejected != nil })
	m.Delete("server.port")
	next("that it is healed", func(d document) bool { return d.Status.Rejected == nil && d.Status.Generation == 3 })
	m.Fail(errors.New("cable cut"))
	next("that a source is cut off", func(d document) bool {
		return len(d.Status.Sources) == 1 && d.Status.Sources[0].State != source.Live && d.Status.Sources[0].Err != nil
	})
	cancel()
	for range events { // until the reader has seen the end
	}
}

// TestHealth asserts what a probe is told.
func TestHealth(t *testing.T) {
	m := sourcetest.NewMemory("store", nil)
	c := open(t, m)
	h := web.Health(c, 0)
	probe := func() (int, string) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/healthz", nil))
		return w.Code, w.Body.String()
	}
	if code, text := probe(); code != 200 || text != "ok\n" {
		t.Errorf("%d %s", code, text)
	}
	m.Fail(errors.New("cable cut"))
	await.Until(t, "the probe fails", func() bool { code, _ := probe(); return code == http.StatusServiceUnavailable })
	if _, text := probe(); !strings.Contains(text, "store") || !strings.Contains(text, "cable cut") {
		t.Errorf("%s", text)
	}
	w := httptest.NewRecorder()
	web.Health(c, time.Hour).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != 200 {
		t.Errorf("within the hour it may be away: %d %s", w.Code, w.Body)
	}
	m.Heal()
	await.Until(t, "the probe succeeds", func() bool { code, _ := probe(); return code == 200 })
}

// TestStandardLibraryOnly asserts that the page brings no library with it.
func TestStandardLibraryOnly(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f", `{{join .Imports "\n"}}`, ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for name := range strings.Lines(string(out)) {
		if strings.Contains(name, ".") && !strings.HasPrefix(name, "github.com/confsync/confsync") {
			t.Errorf("it imports %s", name)
		}
	}
}

// TestManyValues asserts that ten thousand values come whole.
func TestManyValues(t *testing.T) {
	many := map[string]any{}
	for i := range 10_000 {
		many[fmt.Sprint("key", i)] = i
	}
	c := open(t, source.Static("many", map[string]any{"many": many}))
	server := httptest.NewServer(web.Handler(c))
	defer server.Close()
	answer, err := http.Get(server.URL + "?json")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if n := strings.Count(string(text), `"path": "many.key`); err != nil || n != 10_000 {
		t.Errorf("%d values: %v", n, err)
	}
}
