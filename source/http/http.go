// Package http reads configuration from a URL and asks again and again.
//
// The document behind the URL is the tree. It is asked for with the ETag of the
// last answer, or else its Last-Modified where that is old enough to tell one
// version from the next, so that an unchanged document costs an answer of no
// body. A server that has neither is asked for the whole, which is compared.
//
// What counts as an answer:
//
//   - 200 with a document. The format is [Options].Format, or the one of the
//     answer's media type, or the one of the URL's path.
//   - 304, which says that the document is as it was.
//   - 404 and 410, where [Options].Absent says that there may be no document.
//
// All else is an error, and what was read last stays: any other status, a page of
// HTML (such as the login page that a proxy redirects to), a text that says it isn't
// UTF-8. A document that doesn't parse or is too large is an error too, but the watch
// goes on. One that is empty and was not, or whose end only the end of the connection
// tells, is asked for twice, and counts if both answers are the same. Retry-After is
// obeyed, for an hour at the most: until then no question is asked. Redirects are the
// client's to follow; Options.Header, and the URL's query as a Referer, don't go to
// another host.
//
// Authentication, TLS, proxies and redirects are the *http.Client's, which is the
// caller's. Neither the name of the source nor an error has the URL's user,
// password or query in it, as these may be secrets.
package http

import (
	"cmp"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

// Options say how a URL is read. The zero Options, like a nil *Options, are ready
// to use.
type Options struct {
	// Format is the language of the document, whatever the server says that it is.
	// Zero: the one that the answer's media type tells (application/yaml,
	// application/json, application/toml and their kin), or else the one that
	// [document.FormatOf] tells by the URL's path.
	Format document.Format

	// Decode reads the document instead of its format: another language, or an
	// encrypted document. Nil: the format.
	Decode func(data []byte, limits document.Limits) (tree.Tree, error)

	// Interval is the mean time between two questions, which is spread by a tenth
	// either way. Zero or less: 30s.
	Interval time.Duration

	// LongPoll is for a server that keeps a question waiting until the document is
	// another one, or until this time is over: it is asked to by the header
	// "Prefer: wait=" (RFC 7240), and asked again at once. One that answers too
	// soon, with nothing new, is asked at Interval. Zero: the server isn't asked
	// to wait.
	LongPoll time.Duration

	// Timeout is how long the server may be silent: before it answers, beyond
	// LongPoll, and between two pieces of its answer. Zero or less: 10s.
	Timeout time.Duration

	// Absent says that 404 and 410 mean that there is no document: the snapshot's
	// error wraps [source.ErrAbsent], as an [source.Optional] source may have it.
	// Otherwise they are errors like any other status, as a server that has lost
	// its way answers so too.
	Absent bool

	// Header is sent with each question, but not to another host, port or scheme
	// that a redirect leads to, unless that is https at the same host. It is not
	// changed, and must not be.
	Header http.Header

	// Limits bound the document. Zero fields: the defaults of [document.Limits].
	Limits document.Limits
}

func (o *Options) withDefaults() Options {
	var opts Options
	if o != nil {
		opts = *o
	}
	opts.Interval = cmp.Or(max(opts.Interval, 0), 30*time.Second)
	opts.Timeout = cmp.Or(max(opts.Timeout, 0), 10*time.Second)
	opts.Limits = opts.Limits.OrDefault()
	return opts
}

// New makes the source of the document behind a URL. It asks for nothing before
// Watch. A nil client is [http.DefaultClient]. A URL that can't be parsed is an
// error of each Watch.
//
// A client with a Timeout must give a question as long as [Options].LongPoll and
// Timeout together.
func New(client *http.Client, rawURL string, opts *Options) source.Source {
	s := &site{raw: rawURL, opts: opts.withDefaults()}
	s.client = guarded(cmp.Or(client, http.DefaultClient), s.opts.Header)
	if u, err := url.Parse(rawURL); err == nil {
		s.shown = (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
		s.path = u.Path
	}
	return s
}

// site is the source.
type site struct {
	client *http.Client
	raw    string // the URL, secrets and all
	shown  string // what of it may be shown
	path   string
	opts   Options

	single source.Single
	silent bool // the last question had no answer; Watch's own

	mu       sync.Mutex
	notUntil time.Time // the server's wish; zero: none
	because  error     // the answer with which it was uttered
}

func (s *site) Name() string { return "http " + s.shown }
