package consul

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"reflect"
	"strings"

	"github.com/hashicorp/consul/api"
)

// streaming returns a client that talks as client does, through the same
// connections, and hands the body of an answer to whoever has asked for it by
// withBody, while it arrives. The api package reads an answer into memory as a
// whole, and more than once, however large it is, and bounds the time of the
// whole; and it has no way to be told otherwise.
//
// How the client was made to talk is in a field of it that isn't exported. Were
// that field another in some version of the api package, the client itself would
// be returned, whose answers are read as a whole; a test would fail first.
func streaming(client *api.Client) *api.Client {
	field := reflect.ValueOf(client).Elem().FieldByName("config")
	if !field.IsValid() || field.Type() != reflect.TypeFor[api.Config]() {
		return client
	}
	config := *(*api.Config)(field.Addr().UnsafePointer())
	if config.HttpClient == nil {
		return client
	}
	via := *config.HttpClient
	via.Transport = tap{via.Transport}
	config.HttpClient = &via
	stream, err := api.NewClient(&config)
	if err != nil { // such as a token's file that is gone
		return client
	}
	stream.SetHeaders(client.Headers())
	return stream
}

type bodyKey struct{}

// taker takes the body of an answer while it arrives.
type taker struct {
	heard func() // called whenever some of it has arrived
	read  func(io.Reader) error
}

// withBody has a taker's read called with the body of the answer, if that is a
// good one. The client then sees an empty list in its place.
func withBody(ctx context.Context, t taker) context.Context {
	return context.WithValue(ctx, bodyKey{}, t)
}

// tap is a transport that does so.
type tap struct{ next http.RoundTripper }

func (t tap) RoundTrip(r *http.Request) (*http.Response, error) {
	next := t.next
	if next == nil {
		next = http.DefaultTransport
	}
	taker, ok := r.Context().Value(bodyKey{}).(taker)
	if !ok {
		return next.RoundTrip(r)
	}
	// What is unpacked by the transport is handed over by 32 KiB, for which a slow
	// link needs longer than a silence may last.
	r = r.Clone(r.Context())
	r.Header.Set("Accept-Encoding", "gzip")
	resp, err := next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	taker.heard()
	if err := unpack(resp, taker.heard); err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return resp, nil
	}
	err = taker.read(resp.Body)
	resp.Body.Close()
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(strings.NewReader("[]"))
	return resp, nil
}

// unpack has heard called with everything that arrives of a body, and unpacks it.
func unpack(resp *http.Response, heard func()) error {
	packed := resp.Body
	arriving := listener{packed, heard}
	if resp.Header.Get("Content-Encoding") != "gzip" {
		resp.Body = closing{arriving, packed}
		return nil
	}
	unpacked, err := gzip.NewReader(arriving)
	if err != nil {
		packed.Close()
		return err
	}
	resp.Header.Del("Content-Encoding")
	resp.Header.Del("Content-Length")
	resp.ContentLength = -1
	resp.Body = closing{unpacked, packed}
	return nil
}

// closing reads the one and closes the other.
type closing struct {
	io.Reader
	io.Closer
}

// listener tells of everything that is read.
type listener struct {
	io.Reader
	heard func()
}

func (l listener) Read(p []byte) (int, error) {
	n, err := l.Reader.Read(p)
	if n > 0 {
		l.heard()
	}
	return n, err
}
