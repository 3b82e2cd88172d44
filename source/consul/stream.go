package consul

import (
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

// withBody has read called with the body of the answer, if that is a good one.
// The client then sees an empty list in its place.
func withBody(ctx context.Context, read func(io.Reader) error) context.Context {
	return context.WithValue(ctx, bodyKey{}, read)
}

// tap is a transport that does so.
type tap struct{ next http.RoundTripper }

func (t tap) RoundTrip(r *http.Request) (*http.Response, error) {
	next := t.next
	if next == nil {
		next = http.DefaultTransport
	}
	resp, err := next.RoundTrip(r)
	read, ok := r.Context().Value(bodyKey{}).(func(io.Reader) error)
	if err != nil || !ok || resp.StatusCode != http.StatusOK {
		return resp, err
	}
	err = read(resp.Body)
	resp.Body.Close()
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(strings.NewReader("[]"))
	return resp, nil
}
