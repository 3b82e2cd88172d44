package http

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// guarded returns a client that follows redirects as another does, and tells no
// server what is meant for the one that was asked: neither the header, which may
// hold a token, nor the first URL, whose query may hold one, as the Referer.
func guarded(client *http.Client, header http.Header) *http.Client {
	own := *client
	own.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		req.Close = via[0].Close
		leaves := func(r *http.Request) bool { return !sameServer(via[0].URL, r.URL) }
		if leaves(req) || slices.ContainsFunc(via, leaves) {
			for key := range header {
				req.Header.Del(key)
			}
			req.Header.Del("Referer")
		}
		switch {
		case client.CheckRedirect != nil:
			return client.CheckRedirect(req, via)
		case len(via) >= 10: // as the standard library's
			return errors.New("stopped after 10 redirects")
		}
		return nil
	}
	return &own
}

// sameServer reports whether what may be told to one server may be told to another:
// it is the same one, and no less secret.
func sameServer(from, to *url.URL) bool {
	return strings.EqualFold(from.Host, to.Host) && (from.Scheme == to.Scheme || to.Scheme == "https")
}
