package http_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/source"
	confhttp "github.com/confsync/confsync/source/http"
)

// No server that a redirect leads to is told what was meant for the one that was
// asked: by the header, by the URL, or as where the question comes from.
func TestH9RedirectsGiveNothingAway(t *testing.T) {
	tests := []struct {
		name, from string
		to         []string
		told       bool // the last one is
	}{
		{"the same server", "http://user:hunter2@host/a.yaml?token=hunter2", []string{"/b.yaml"}, true},
		{"up to https", "http://host/a.yaml?token=hunter2", []string{"https://host/b.yaml"}, true},
		{"down to http", "https://user:hunter2@host/a.yaml?token=hunter2", []string{"http://host/b.yaml"}, false},
		{"another host", "http://user:hunter2@host/a.yaml?token=hunter2", []string{"http://other/b.yaml"}, false},
		{"a host below", "https://host/a.yaml?token=hunter2", []string{"https://sub.host/b.yaml"}, false},
		{"another port", "http://host/a.yaml?token=hunter2", []string{"http://host:81/b.yaml"}, false},
		{"there and on", "https://host/a.yaml?token=hunter2", []string{"https://other/b.yaml", "https://other/c.yaml"}, false},
		{"there and back", "https://host/a.yaml?token=hunter2", []string{"https://other/b.yaml", "https://host/c.yaml"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				opts := &confhttp.Options{Header: http.Header{"Authorization": {"Bearer hunter2"}, "x-vault-token": {"hunter2"}, "Cookie": {"a=hunter2"}}}
				var asked []string
				snaps, err := watched(t, time.Second, tt.from, opts, func(r *http.Request) *http.Response {
					asked = append(asked, fmt.Sprint(r.URL, r.Header))
					if n := len(asked); n <= len(tt.to) {
						return reply(302, "", "Location", tt.to[n-1])
					}
					return reply(200, "a: 1")
				})
				if len(snaps) != 1 || len(asked) != len(tt.to)+1 {
					t.Fatalf("asked %q, got %v, %v", asked, snaps, err)
				}
				if last := asked[len(asked)-1]; strings.Contains(last, "Bearer hunter2") != tt.told || !tt.told && strings.Contains(last, "hunter2") {
					t.Errorf("the last question is %s", last)
				}
			})
		})
	}
}

// How long a server may have itself left alone is bounded, whatever it says.
func TestH5RetryAfterIsBounded(t *testing.T) {
	tests := []struct {
		after, date string
		want        time.Duration // that it is left alone
	}{
		{"120", "", 2 * time.Minute},
		{"9223372037", "", time.Hour}, // of seconds, that overflow a duration
		{"18446744074", "", time.Hour},
		{"99999999999999999999999", "", time.Hour},
		{"Fri, 31 Dec 9999 23:59:59 GMT", "", time.Hour},
		{"Mon, 02 Jan 2006 15:06:05 GMT", "Mon, 02 Jan 2006 15:04:05 GMT", 2 * time.Minute}, // its clock is not ours
		{"Sat, 02 Jan 1999 15:04:05 GMT", "", 0},
		{"0", "", 0},
		{"-5", "", 0},
		{"1.5", "", 0},
		{"soon", "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.after, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked := 0
				src := confhttp.New(&http.Client{Transport: scripted(func(*http.Request) *http.Response {
					asked++
					return reply(429, "", "Retry-After", tt.after, "Date", tt.date)
				})}, "http://host/app.yaml", nil)
				ask := func() int {
					_ = src.Watch(t.Context(), func(source.Snapshot) {})
					return asked
				}
				ask()
				if tt.want > 0 {
					time.Sleep(tt.want - time.Second)
					if n := ask(); n != 1 {
						t.Errorf("asked %d times before %v", n, tt.want)
					}
					time.Sleep(time.Second)
				}
				if n := ask(); n != 2 {
					t.Errorf("asked %d times after %v", n, tt.want)
				}
			})
		})
	}
}

// What may be a part of a document counts once it has come twice.
func TestH10AnswersThatMayBeCutOff(t *testing.T) {
	whole := func(text string) *http.Response {
		r := reply(200, text)
		r.ContentLength, r.ProtoMajor = int64(len(text)), 1
		return r
	}
	toTheEnd := func(text string) *http.Response {
		r := whole(text)
		r.ContentLength = -1
		return r
	}
	chunked := func(text string) *http.Response {
		r := toTheEnd(text)
		r.TransferEncoding = []string{"chunked"}
		return r
	}
	tests := []struct {
		name    string
		answers []*http.Response
		want    string // the last snapshot of all
		asked   int
		fails   bool
	}{
		{"a length", []*http.Response{whole("a: 1")}, `{a:1}`, 1, false},
		{"chunks", []*http.Response{chunked("a: 1")}, `{a:1}`, 1, false},
		{"to the end of the connection", []*http.Response{toTheEnd("a: 1"), toTheEnd("a: 1")}, `{a:1}`, 2, false},
		{"cut off", []*http.Response{toTheEnd("a: 1"), toTheEnd("a: 12")}, "", 2, true},
		{"cut off, and then away", []*http.Response{toTheEnd("a: 1"), reply(503, "")}, "", 2, true},
		{"emptied", []*http.Response{whole("a: 1"), whole("\n"), whole("\n")}, `{}`, 3, false},
		{"caught while it is written", []*http.Response{whole("a: 1"), whole(""), whole("a: 2")}, `{a:1}`, 3, true},
		{"empty from the start", []*http.Response{whole("")}, `{}`, 1, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked := 0
				snaps, err := watched(t, time.Hour, "http://host/app.yaml", &confhttp.Options{Interval: 50 * time.Minute}, func(*http.Request) *http.Response {
					if asked++; asked > len(tt.answers) {
						return nil
					}
					return tt.answers[asked-1]
				})
				got := ""
				if n := len(snaps); n > 0 {
					got = snaps[n-1].Tree.Root().String()
				}
				failed := err != nil && strings.Contains(err.Error(), "may have been cut off")
				if got != tt.want || failed != tt.fails || asked < tt.asked {
					t.Errorf("got %s and %v of %d answers, want %s of %d", got, err, asked, tt.want, tt.asked)
				}
			})
		})
	}
}

// deaf is a connection that takes what is sent and says nothing any more.
type deaf struct {
	net.Conn
	now *atomic.Bool
}

func (c deaf) Write(p []byte) (int, error) {
	if c.now.Load() {
		return len(p), nil
	}
	return c.Conn.Write(p)
}

// A connection that has died without a word, and that HTTP/2 would go on with for
// all questions to come, is left.
func TestU3ConnectionThatIsDead(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/app.json" {
			http.Redirect(w, r, "/there.json", http.StatusFound)
			return
		}
		fmt.Fprintf(w, `{"proto":%d}`, r.ProtoMajor)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	var mu sync.Mutex
	var conns []*atomic.Bool
	transport := server.Client().Transport.(*http.Transport)
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, address)
		mu.Lock()
		defer mu.Unlock()
		conns = append(conns, new(atomic.Bool))
		return deaf{c, conns[len(conns)-1]}, err
	}
	defer transport.CloseIdleConnections()
	sup := await.Supervise(t, confhttp.New(&http.Client{Transport: transport}, server.URL+"/app.json", quick()))
	await.Live(t, sup, `{proto:2}`)
	mu.Lock()
	for _, c := range conns {
		c.Store(true)
	}
	mu.Unlock()
	await.Until(t, "that the source is cut off", func() bool { return sup.Status().State != source.Live })
	await.Live(t, sup, `{proto:2}`)
}

// What a server says of its status is not shown: it may be anything.
func TestStatusInWordsOfOurOwn(t *testing.T) {
	for code, want := range map[int]string{500: "500 Internal Server Error", 599: "599"} {
		resp := reply(code, "hunter2")
		resp.Status = fmt.Sprint(code, " hunter2\x1b[31m")
		_, err := watched(t, time.Second, "http://host/app.yaml", nil, func(*http.Request) *http.Response { return resp })
		if err == nil || err.Error() != want {
			t.Errorf("Watch = %v, want %s", err, want)
		}
	}
}

// Intervals and timeouts of less than nothing are the defaults.
func TestTimesOfLessThanNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		snaps, err := watched(t, 50*time.Minute, "http://host/app.yaml", &confhttp.Options{Interval: -1, Timeout: -1, LongPoll: -1}, func(*http.Request) *http.Response {
			asked++
			return reply(200, "a: 1")
		})
		if len(snaps) == 0 || asked > 120 {
			t.Errorf("%d questions, %d snapshots, %v", asked, len(snaps), err)
		}
	})
}
