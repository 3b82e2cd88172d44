package web_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/confsync/confsync/source/sourcetest"
	"github.com/confsync/confsync/web"
)

// TestStreamEnds asserts that a request for events ends by itself, since a server
// that shuts down waits for it, and that it says nothing twice meanwhile.
func TestStreamEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := web.Handler(open(t, sourcetest.NewMemory("m", nil)))
		begun, w := time.Now(), httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/?events", nil))
		if lasted := time.Since(begun); lasted != 20*time.Second {
			t.Errorf("it lasted %v", lasted)
		}
		if n := strings.Count(w.Body.String(), "data: "); n != 1 || !w.Flushed {
			t.Errorf("%d events, flushed %v:\n%s", n, w.Flushed, w.Body)
		}
		w = httptest.NewRecorder()
		begun = time.Now()
		h.ServeHTTP(w, httptest.NewRequest("HEAD", "/?events", nil))
		if w.Body.Len() > 0 || time.Since(begun) > 0 || w.Header().Get("Content-Type") != "text/event-stream" {
			t.Errorf("HEAD: %v %s", w.Header(), w.Body)
		}
	})
}
