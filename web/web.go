// Package web shows a configuration in a browser: what is in force, where each
// value came from, how the sources stand, and what was rejected. It also has the
// same as JSON, and an answer for health probes.
//
// Nothing is mounted by itself. The page is for operators: put [Handler] behind
// whatever keeps others away from the rest of your debugging pages. Secrets are
// redacted before they get here.
package web

import (
	"bytes"
	"embed"
	"iter"
	"net/http"
	"time"

	"github.com/confsync/confsync"
)

// Served is a configuration that can be shown. A [*confsync.Config] is one.
type Served interface {
	All() iter.Seq[confsync.Explanation]
	Status() confsync.Status
	History() []confsync.Generation
	OnStatus(func(confsync.Status)) (cancel func())
	Healthy(maxAge time.Duration) error
}

// Handler returns a handler of the page, for any path of any mux:
//
//	mux.Handle("/debug/config", web.Handler(cfg))
//
// With "?json", or to a client that accepts JSON and no HTML, it answers with
// what the page shows. It only reads: any method but GET and HEAD is refused.
//
// The page keeps one request open and is told of changes by it. Such a request
// ends by itself within 20 seconds, and the page makes another, so that a server
// that shuts down has to wait no longer.
func Handler(c Served) http.Handler {
	h := &handler{config: c}
	return http.HandlerFunc(h.serve)
}

type handler struct {
	config Served
}

//go:embed page
var page embed.FS

// security allows the page its own script, style and requests, and nothing else.
var security = map[string]string{
	"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
	"X-Content-Type-Options":       "nosniff",
	"X-Frame-Options":              "DENY",
	"Referrer-Policy":              "no-referrer",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Cache-Control":                "no-store",
}

// serve tells by the query what is asked for, since it doesn't know the path it
// is mounted at.
func (h *handler) serve(w http.ResponseWriter, r *http.Request) {
	for name, value := range security {
		w.Header().Set(name, value)
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	switch name := r.URL.RawQuery; {
	case name == "json", name == "" && wantsJSON(r):
		h.serveJSON(w, r)
	case name == "events":
		h.serveEvents(w, r)
	case types[name] != "":
		serveFile(w, r, name)
	default:
		serveFile(w, r, "index.html")
	}
}

// types are those of the page's files. The system's own table may have others,
// which a browser would refuse.
var types = map[string]string{
	"index.html": "text/html; charset=utf-8",
	"app.js":     "text/javascript; charset=utf-8",
	"style.css":  "text/css; charset=utf-8",
	"icon.svg":   "image/svg+xml",
}

func serveFile(w http.ResponseWriter, r *http.Request, name string) {
	text, err := page.ReadFile("page/" + name)
	if err != nil {
		panic(err) // it is embedded
	}
	w.Header().Set("Content-Type", types[name])
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(text))
}
