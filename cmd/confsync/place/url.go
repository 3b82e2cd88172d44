package place

import (
	"errors"
	"net/http"
	"net/url"

	confsynchttp "github.com/confsync/confsync/source/http"
)

// webOptions are those of a document behind a URL.
var webOptions = append([]string{"format", "interval", "long-poll", "token-file", "absent"}, tlsOptions...)

// openURL takes a bearer token from the file that an option names, or from
// CONFSYNC_HTTP_TOKEN.
func openURL(a *address) (*Place, error) {
	address := a.scheme + ":" + a.path
	if u, err := url.Parse(address); err != nil || u.Host == "" || u.User != nil {
		return nil, errors.New("want a URL with a host and without credentials")
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if config := a.tls(); config != nil {
		transport.TLSClientConfig = config
	}
	opts := &confsynchttp.Options{
		Format: a.format("format"), Interval: a.duration("interval"), LongPoll: a.duration("long-poll"), Absent: a.has("absent"),
	}
	if token := a.secret("token-file", "CONFSYNC_HTTP_TOKEN"); token != "" {
		opts.Header = http.Header{"Authorization": {"Bearer " + token}}
	}
	return &Place{
		Source: confsynchttp.New(&http.Client{Transport: transport}, address, opts),
		closer: transport.CloseIdleConnections,
	}, nil
}
