package http_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/source"
	confhttp "github.com/confsync/confsync/source/http"
	"github.com/confsync/confsync/tree"
)

// Whatever the server answers but the document, the last good one stays, the
// status says why, and the next good answer heals it.
func TestH2AnswersThatAreNoDocument(t *testing.T) {
	page := "<!DOCTYPE html><title>Log in</title>"
	tests := []struct {
		name   string
		answer http.HandlerFunc
		says   string
	}{
		{"an error of the server's", status(500), "500 Internal Server Error"},
		{"not found", status(404), "404 Not Found"},
		{"not allowed", status(403), "403 Forbidden"},
		{"no content", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, "204 No Content"},
		{"a part", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(206); fmt.Fprint(w, `{}`) }, "206 Partial Content"},
		{"a login page", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/login" {
				http.Redirect(w, r, "/login", http.StatusFound)
				return
			}
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, page)
		}, "a page of HTML"},
		{"a page that says it is plain", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			fmt.Fprint(w, "\n"+page)
		}, "a page of HTML"},
		{"another character set", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json; charset=iso-8859-1")
			fmt.Fprint(w, `{}`)
		}, `in "iso-8859-1"`},
		{"half of it", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, `{"a": `)
		}, "unexpected EOF"},
		{"redirects without end", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/again", http.StatusFound)
		}, "10 redirects"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, `{"a":1}`)
			sup := s.supervise(t, quick())
			await.Live(t, sup, `{a:1}`)
			s.fail(tt.answer)
			await.Until(t, tt.says, func() bool { err := sup.Status().Err; return err != nil && strings.Contains(err.Error(), tt.says) })
			if got, _, _ := sup.Latest(); got.Tree.Root().String() != `{a:1}` {
				t.Errorf("the last good document is %v now", got.Tree.Root())
			}
			s.set(`{"a":2}`)
			await.Live(t, sup, `{a:2}`)
		})
	}
}

// A document that can't be used doesn't end the watch.
func TestH3DocumentThatCannotBeUsed(t *testing.T) {
	s := serve(t, `{"a":1}`)
	opts := quick()
	opts.Limits.Bytes = 100
	sup := s.supervise(t, opts)
	await.Live(t, sup, `{a:1}`)
	for text, kind := range map[string]tree.ProblemKind{
		`{"a": hush`: tree.Unusable,
		`{"a": "` + strings.Repeat("x", 200) + `"}`: tree.TooLarge,
	} {
		s.set(text)
		await.Until(t, "a problem", func() bool {
			found := tree.Problems(sup.Status().Err)
			return len(found) == 1 && found[0].Kind == kind && found[0].Origin.Key == s.url
		})
		if st := sup.Status(); st.State != source.Live || strings.Contains(st.Err.Error(), "hush") {
			t.Errorf("status %+v, want live, and no value in the error", st)
		}
		s.set(`{"a":1}`)
		await.Live(t, sup, `{a:1}`)
	}
}

// Absence is believed only where an option says that there may be none.
func TestH4Absence(t *testing.T) {
	s := serve(t, `{"a":1}`)
	opts := quick()
	opts.Absent = true
	sup := s.supervise(t, opts)
	await.Live(t, sup, `{a:1}`)
	for _, code := range []int{404, 410} {
		s.fail(status(code))
		await.Until(t, "absence", func() bool { return errors.Is(sup.Status().Err, source.ErrAbsent) })
		s.fail(nil)
		await.Live(t, sup, `{a:1}`)
	}
}

func TestU3SilenceIsReported(t *testing.T) {
	for _, longPoll := range []time.Duration{0, 2 * time.Second} {
		t.Run(fmt.Sprint(longPoll), func(t *testing.T) {
			s := serve(t, `{"a":1}`)
			opts := quick()
			opts.LongPoll = longPoll
			sup := s.supervise(t, opts)
			await.Live(t, sup, `{a:1}`)
			s.proxy.Blackhole()
			if st := await.Stale(t, sup); st.Err == nil || !strings.Contains(st.Err.Error(), "no answer within 1s") {
				t.Errorf("status %+v", st)
			}
			s.set(`{"a":2}`)
			s.proxy.Heal()
			await.Live(t, sup, `{a:2}`)
		})
	}
}

// A document that takes far longer than Timeout arrives, as something comes all
// the while.
func TestU9DocumentOverASlowLink(t *testing.T) {
	value := strings.Repeat("x", 256<<10)
	s := serve(t, `{"a":"`+value+`"}`)
	s.proxy.Bandwidth(64 << 10)
	opts := quick()
	opts.Timeout = 2 * time.Second
	sup := s.supervise(t, opts)
	await.Live(t, sup, `{a:"`+value+`"}`)
	if _, full := s.counts(); full > 1 {
		t.Errorf("the document was sent %d times", full)
	}
}

func TestU11OneWatchAtATime(t *testing.T) {
	s := serve(t, `{"a":1}`)
	src := confhttp.New(client(t), s.url, quick())
	await.Live(t, await.Supervise(t, src), `{a:1}`)
	if err := src.Watch(t.Context(), func(source.Snapshot) { t.Error("emitted") }); !errors.Is(err, source.ErrWatched) {
		t.Errorf("the second Watch = %v, want %v", err, source.ErrWatched)
	}
}
