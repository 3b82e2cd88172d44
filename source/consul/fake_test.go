package consul_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

// fake is a Consul that says what a test wants, even what a real one can't be
// made to say. It needs no network, so that time can be fake too.
type fake struct {
	kv    func(n int, r *http.Request) reply // n counts the queries from 1
	probe func(r *http.Request) reply        // nil: there are keys, and nothing is wrong
	self  reply                              // what is said of the token; the zero reply: ACLs are off

	mu      sync.Mutex
	queries []*http.Request // of keys
	times   []time.Time     // when they came
	probes  int
}

// reply is what the fake answers.
type reply struct {
	status int // 0: 200, or 404 if there are no pairs
	index  uint64
	pairs  []api.KVPair
	header http.Header // replaces what Consul sends
	body   string      // replaces pairs
	err    error       // the connection broke
}

func (f *fake) client(t testing.TB) *api.Client {
	t.Helper()
	client, err := api.NewClient(&api.Config{Address: "consul.test", HttpClient: &http.Client{Transport: f}})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func (f *fake) RoundTrip(r *http.Request) (*http.Response, error) {
	switch {
	case r.URL.Path == "/v1/acl/token/self":
		if f.self.status == 0 {
			return reply{status: 401, body: "ACL support disabled"}.response(r)
		}
		return f.self.response(r)
	case r.URL.Query().Has("keys"):
		f.mu.Lock()
		f.probes++
		f.mu.Unlock()
		said := reply{index: 1 << 40, body: `["app/"]`}
		if f.probe != nil {
			said = f.probe(r)
		}
		return said.response(r)
	}
	f.mu.Lock()
	f.queries, f.times = append(f.queries, r), append(f.times, time.Now())
	n := len(f.queries)
	f.mu.Unlock()
	return f.kv(n, r).response(r)
}

func (r reply) response(req *http.Request) (*http.Response, error) {
	if r.err != nil {
		return nil, r.err
	}
	if r.body == "" && len(r.pairs) > 0 {
		body, err := json.Marshal(r.pairs)
		if err != nil {
			return nil, err
		}
		r.body = string(body)
	}
	if r.status == 0 {
		r.status = http.StatusOK
		if r.body == "" {
			r.status = http.StatusNotFound
		}
	}
	if r.header == nil {
		r.header = trusted(r.index)
	}
	return &http.Response{
		StatusCode: r.status, Header: r.header, Request: req,
		Body: io.NopCloser(strings.NewReader(r.body)),
	}, nil
}

// trusted returns the headers of an answer as Consul gives it.
func trusted(index uint64) http.Header {
	h := http.Header{}
	h.Set("X-Consul-Index", strconv.FormatUint(index, 10))
	h.Set("X-Consul-KnownLeader", "true")
	h.Set("X-Consul-LastContact", "0")
	return h
}

// hold blocks until the client gives up, as a blocking query does at rest.
func hold(r *http.Request) reply {
	<-r.Context().Done()
	return reply{err: r.Context().Err()}
}

// asked returns the values that a query parameter had in the queries so far, "" where it was
// missing.
func (f *fake) asked(param string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var values []string
	for _, r := range f.queries {
		values = append(values, r.URL.Query().Get(param))
	}
	return values
}

func pair(key, value string, index uint64) api.KVPair {
	return api.KVPair{Key: key, Value: []byte(value), ModifyIndex: index}
}

// watchOnce runs Watch to its end and returns what it emitted.
func watchOnce(ctx context.Context, src source.Source) (snaps []source.Snapshot, err error) {
	err = src.Watch(ctx, func(s source.Snapshot) { snaps = append(snaps, s) })
	return snaps, err
}

func drawn(snaps []source.Snapshot) []string {
	var all []string
	for _, s := range snaps {
		all = append(all, s.Tree.Root().String())
	}
	return all
}

func wantTrees(t *testing.T, got []source.Snapshot, want ...string) {
	t.Helper()
	if !slices.Equal(drawn(got), want) {
		t.Fatalf("emitted\n\t%s\nwant\n\t%s", strings.Join(drawn(got), "\n\t"), strings.Join(want, "\n\t"))
	}
}

func originOf(t *testing.T, s source.Snapshot, path ...string) tree.Origin {
	t.Helper()
	o, ok := s.Tree.Origin(path)
	if !ok {
		t.Fatalf("no value at %q in %v", path, s.Tree.Root())
	}
	return o
}
