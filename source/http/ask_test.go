package http_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	confhttp "github.com/confsync/confsync/source/http"
	"github.com/confsync/confsync/tree"
)

// scripted answers in the place of a server, in fake time.
type scripted func(*http.Request) *http.Response

func (f scripted) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	resp := f(r)
	if resp == nil {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	return resp, nil
}

func reply(code int, text string, header ...string) *http.Response {
	resp := &http.Response{
		StatusCode: code, Status: fmt.Sprint(code, " ", http.StatusText(code)), Header: http.Header{},
		Body: io.NopCloser(strings.NewReader(text)), ContentLength: -1,
	}
	for i := 0; i < len(header); i += 2 {
		resp.Header.Set(header[i], header[i+1])
	}
	return resp
}

// watched runs one Watch for a time and returns what it emitted and its error.
func watched(t *testing.T, d time.Duration, url string, opts *confhttp.Options, f scripted) ([]source.Snapshot, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	var snaps []source.Snapshot
	err := confhttp.New(&http.Client{Transport: f}, url, opts).Watch(ctx, func(s source.Snapshot) { snaps = append(snaps, s) })
	return snaps, err
}

const date = "Mon, 02 Jan 2006 15:04:05 GMT"

// An unchanged document is asked for by its ETag, else by its Last-Modified, but
// not by one of the very second.
func TestH1Conditions(t *testing.T) {
	tests := []struct {
		name   string
		header []string
		asks   string // by the second question's header
		want   string
	}{
		{"an ETag", []string{"Etag", `"7"`, "Last-Modified", date, "Date", "Mon, 02 Jan 2006 15:05:05 GMT"}, "If-None-Match", `"7"`},
		{"a weak ETag", []string{"Etag", `W/"7"`}, "If-None-Match", `W/"7"`},
		{"a Last-Modified", []string{"Last-Modified", date, "Date", "Mon, 02 Jan 2006 15:04:07 GMT"}, "If-Modified-Since", date},
		{"a Last-Modified of just now", []string{"Last-Modified", date, "Date", "Mon, 02 Jan 2006 15:04:06 GMT"}, "If-Modified-Since", ""},
		{"a Last-Modified of no known age", []string{"Last-Modified", date}, "If-Modified-Since", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var asked []string
				snaps, _ := watched(t, time.Minute, "http://host/app.yaml", nil, func(r *http.Request) *http.Response {
					got := r.Header.Get(tt.asks)
					asked = append(asked, got)
					if len(asked) == 1 && r.Header.Get("If-None-Match")+r.Header.Get("If-Modified-Since") != "" {
						t.Error("the first question has a condition")
					}
					if got != "" {
						return reply(304, "")
					}
					return reply(200, "a: 1", tt.header...)
				})
				if len(asked) < 2 || asked[1] != tt.want {
					t.Errorf("asked with %q, want %q", asked, tt.want)
				}
				if len(snaps) < 2 || !snaps[1].Tree.Same(snaps[0].Tree) || snaps[1].Revision != snaps[0].Revision {
					t.Errorf("an unchanged document is %v", snaps)
				}
			})
		})
	}
}

// Nothing is asked before a server's Retry-After is over.
func TestH5RetryAfterIsObeyed(t *testing.T) {
	for name, value := range map[string]func() string{
		"seconds": func() string { return "120" },
		"a date":  func() string { return time.Now().Add(2 * time.Minute).UTC().Format(http.TimeFormat) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var asked []time.Time
				refuse := true
				src := confhttp.New(&http.Client{Transport: scripted(func(*http.Request) *http.Response {
					asked = append(asked, time.Now())
					if refuse {
						refuse = false
						return reply(503, "", "Retry-After", value())
					}
					return reply(200, "a: 1")
				})}, "http://host/app.yaml", nil)
				sup := await.Supervise(t, src)
				time.Sleep(time.Minute)
				synctest.Wait()
				if st := sup.Status(); st.Err == nil || !strings.Contains(st.Err.Error(), "503 Service Unavailable: to be asked again in ") {
					t.Errorf("meanwhile: %v", st.Err)
				}
				await.Live(t, sup, `{a:1}`)
				if len(asked) != 2 || asked[1].Sub(asked[0]) < 119*time.Second {
					t.Errorf("asked at %v", asked)
				}
			})
		})
	}
}

// Questions come at random intervals, and a long poll that isn't kept waiting is
// no hot loop.
func TestH6Intervals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked []time.Time
		answer := func(*http.Request) *http.Response {
			asked = append(asked, time.Now())
			return reply(200, "a: 1", "Etag", "x")
		}
		watched(t, time.Hour, "http://host/app.yaml", &confhttp.Options{Interval: time.Minute}, answer)
		if n := len(asked); n < 55 || n > 67 {
			t.Errorf("%d questions in an hour", n)
		}
		gaps := map[time.Duration]bool{}
		for i := range asked[1:] {
			gap := asked[i+1].Sub(asked[i])
			gaps[gap] = true
			if gap < 54*time.Second || gap > 66*time.Second {
				t.Errorf("%v between two questions", gap)
			}
		}
		if len(gaps) < len(asked)/2 {
			t.Error("the intervals are not random")
		}
		asked = nil
		watched(t, time.Hour, "http://host/app.yaml", &confhttp.Options{Interval: time.Minute, LongPoll: time.Minute}, answer)
		if n := len(asked); n > 68 {
			t.Errorf("%d questions in an hour of a server that doesn't wait", n)
		}
	})
}

func TestH7Formats(t *testing.T) {
	tests := []struct {
		url, media string
		format     document.Format
		text       string
		says       string // "": the document is read
	}{
		{url: "http://host/app", media: "application/yaml", text: "a: 1"},
		{url: "http://host/app", media: "text/x-yaml; charset=UTF-8", text: "a: 1"},
		{url: "http://host/app", media: "application/vnd.app+json", text: `{"a":1}`},
		{url: "http://host/app", media: "application/toml", text: "a = 1"},
		{url: "http://host/app.toml", media: "text/plain", text: "a = 1"},
		{url: "http://host/app.toml", text: "a = 1"},
		{url: "http://host/app", media: "application/json", format: document.YAML, text: "a: 1"},
		{url: "http://host/app", media: "application/octet-stream", text: "a: 1", says: "set Options.Format"},
		{url: "http://host/app.yaml", media: "text/html", format: document.YAML, text: "a: 1", says: "HTML"},
	}
	for _, tt := range tests {
		t.Run(tt.url+" "+tt.media, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				snaps, err := watched(t, time.Second, tt.url, &confhttp.Options{Format: tt.format}, func(*http.Request) *http.Response {
					return reply(200, tt.text, "Content-Type", tt.media)
				})
				switch {
				case tt.says != "":
					if err == nil || !strings.Contains(err.Error(), tt.says) || len(snaps) > 0 {
						t.Errorf("Watch = %v with %d snapshots, want %q", err, len(snaps), tt.says)
					}
				case len(snaps) != 1 || snaps[0].Tree.Root().String() != `{a:1}`:
					t.Errorf("got %v, %v", snaps, err)
				}
			})
		})
	}
}

// A decoder of the program's reads what no format is told of.
func TestDecodeOfTheProgram(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		upper := func(data []byte, limits document.Limits) (tree.Tree, error) {
			return document.Decode(document.YAML, []byte(strings.ToLower(string(data))), limits)
		}
		snaps, _ := watched(t, time.Second, "http://host/app", &confhttp.Options{Decode: upper}, func(*http.Request) *http.Response {
			return reply(200, "A: X")
		})
		if len(snaps) != 1 || snaps[0].Tree.Root().String() != `{a:"x"}` {
			t.Errorf("got %v", snaps)
		}
	})
}

// A URL's user, password and query are in nothing that is shown.
func TestH8SecretsOfTheURL(t *testing.T) {
	const url = "http://user:hunter2@host/app.yaml?token=hunter2"
	src := confhttp.New(&http.Client{Transport: failing{}}, url, nil)
	if got := src.Name(); got != "http http://host/app.yaml" {
		t.Errorf("Name = %q", got)
	}
	err := src.Watch(t.Context(), func(source.Snapshot) {})
	if err == nil || err.Error() != "refused" {
		t.Errorf("Watch = %v", err)
	}
	for _, wrong := range []string{"http://hunter2\n/", "http://user:hunter2/x@host/", "http://user:%hunter2@host/", "http://host:hunter2/", "://hunter2"} {
		err = confhttp.New(nil, wrong, nil).Watch(t.Context(), func(source.Snapshot) {})
		if err == nil || strings.Contains(err.Error(), "hu") {
			t.Errorf("%q: Watch = %v", wrong, err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		snaps, _ := watched(t, time.Second, url, nil, func(*http.Request) *http.Response { return reply(200, "a: 1", "Etag", `"7"`) })
		origin, _ := snaps[0].Tree.Origin(tree.Path{"a"})
		if got, want := origin.String(), `http "http://host/app.yaml" ("7"):1:4`; origin.Key != "http://host/app.yaml" || origin.Line != 1 {
			t.Errorf("origin %s, want %s", got, want)
		}
	})
}

type failing struct{}

func (failing) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New("refused") }
