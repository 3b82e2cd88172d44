package http

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

const longestHold = time.Hour // that a server's Retry-After is obeyed

var (
	errURL = errors.New("the URL can't be parsed")
	errCut = errors.New("the answer may have been cut off: asked again, the server answers otherwise")
)

// reading is what has been read, and what the server knows it by.
type reading struct {
	page     document.Page
	text     string
	snap     source.Snapshot
	etag     string // "" for none
	modified string // a Last-Modified that tells one version from the next; "" for none
}

// answer is what a server has answered, its body read.
type answer struct {
	*http.Response
	text string // of a 200
}

// ask asks for the document, and puts what there is into a reading. It reports
// whether that is another than before. With wait, the server may keep the question
// waiting. An answer that may not be the whole is asked for twice.
func (s *site) ask(ctx context.Context, r *reading, wait bool) (changed bool, err error) {
	a, err := s.fetch(ctx, r, wait)
	if err == nil && a.mayBeCut(r.text) {
		was := a.text
		if a, err = s.fetch(ctx, r, false); err == nil && (a.StatusCode != http.StatusOK || a.text != was) {
			err = errCut
		}
	}
	if err != nil {
		return false, err
	}
	switch {
	case a.StatusCode == http.StatusNotModified && (r.etag != "" || r.modified != ""):
		r.snap.Bytes = 0
		return false, nil
	case a.StatusCode == http.StatusOK:
		return s.read(ctx, a, r)
	case s.opts.Absent && (a.StatusCode == http.StatusNotFound || a.StatusCode == http.StatusGone):
		absent := tree.Problem{Kind: tree.Unusable, Origin: s.origin(""), Err: fmt.Errorf("no such document: %w", source.ErrAbsent)}
		changed = !errors.Is(r.snap.Err, source.ErrAbsent)
		r.etag, r.modified, r.text, r.snap = "", "", "", source.Snapshot{Err: absent}
		return changed, nil
	}
	err = statusError(a.StatusCode)
	if d := retryAfter(a.Header); d > 0 {
		s.hold(d, err)
	}
	return false, err
}

// fetch asks once.
func (s *site) fetch(ctx context.Context, r *reading, wait bool) (a answer, err error) {
	silence := newSilence(ctx, s.opts.Timeout)
	defer silence.end()
	req, err := http.NewRequestWithContext(silence.ctx, http.MethodGet, s.raw, nil)
	if err != nil {
		return a, errURL // its own words may have a part of a password
	}
	s.describe(req.Header, r)
	req.Close = s.silent
	if wait && s.opts.LongPoll > 0 && (r.etag != "" || r.modified != "") {
		req.Header.Set("Prefer", "wait="+strconv.Itoa(int(s.opts.LongPoll/time.Second)))
		silence.extend(s.opts.LongPoll)
	}
	a.Response, err = s.client.Do(req)
	if err == nil {
		defer a.Body.Close()
		if a.StatusCode == http.StatusOK {
			a.text, err = s.body(a.Response, silence)
		}
	}
	s.silent = err != nil && silence.fell()
	return a, silence.explain(withoutURL(err))
}

// body reads the body of an answer. One byte more than there may be, and no more
// than that, is enough to say no.
func (s *site) body(resp *http.Response, silence *silence) (string, error) {
	if _, err := s.format(resp.Header.Get("Content-Type")); err != nil {
		return "", err
	}
	most := int64(s.opts.Limits.Bytes) + 1
	var text strings.Builder
	text.Grow(int(min(max(resp.ContentLength, 0), most)))
	_, err := io.Copy(&text, io.LimitReader(silence.reader(resp.Body), most))
	return text.String(), err
}

// mayBeCut reports whether a document may be only a part of what it is meant to
// be: nothing but the end of the connection says where it ends, which a server that
// crashes ends too; or it is empty and was not, as a file that is just being written.
func (a answer) mayBeCut(before string) bool {
	switch {
	case a.StatusCode != http.StatusOK || a.text == before:
		return false
	case strings.TrimSpace(a.text) == "":
		return strings.TrimSpace(before) != ""
	}
	return a.ContentLength < 0 && a.ProtoMajor == 1 && len(a.TransferEncoding) == 0 && !a.Uncompressed
}

// describe sets the header of a question.
func (s *site) describe(h http.Header, r *reading) {
	h.Set("Accept", "application/yaml, application/json, application/toml, */*;q=0.5")
	for key, values := range s.opts.Header {
		h[http.CanonicalHeaderKey(key)] = values
	}
	switch {
	case r.etag != "":
		h.Set("If-None-Match", r.etag)
	case r.modified != "":
		h.Set("If-Modified-Since", r.modified)
	}
}

// read reads a document.
func (s *site) read(ctx context.Context, a answer, r *reading) (changed bool, err error) {
	format, err := s.format(a.Header.Get("Content-Type"))
	if err != nil {
		return false, err
	}
	if isHTML(a.text) {
		return false, errHTML
	}
	changed = a.text != r.text || r.page.Format != format || r.snap.Revision == "" || r.snap.Err != nil
	if r.page.Format != format {
		r.page = s.page(format)
	}
	r.text, r.etag, r.modified = a.text, a.Header.Get("Etag"), lastModified(a.Header)
	r.snap = source.Snapshot{Revision: revision(r), Bytes: int64(len(a.text))}
	r.snap.Tree, r.snap.Err = r.page.ReadContext(ctx, a.text, s.origin(r.snap.Revision))
	return changed, nil
}

func (s *site) page(format document.Format) document.Page {
	return document.Page{Format: format, Decode: s.opts.Decode, Limits: s.opts.Limits}
}

func (s *site) origin(revision string) tree.Origin {
	return tree.Origin{Layer: s.Name(), Kind: "http", Key: s.shown, Revision: revision}
}

// lastModified returns the answer's Last-Modified if nothing can have been written
// later in the same second. "" if not, or if there is none.
func lastModified(h http.Header) string {
	modified, err := http.ParseTime(h.Get("Last-Modified"))
	if err != nil {
		return ""
	}
	if now, err := http.ParseTime(h.Get("Date")); err != nil || now.Sub(modified) < 2*time.Second {
		return ""
	}
	return h.Get("Last-Modified")
}

// statusError says which status an answer has, in words of our own.
func statusError(code int) error {
	return errors.New(strings.TrimSpace(strconv.Itoa(code) + " " + http.StatusText(code)))
}

// retryAfter returns how long the server wants to be left alone, longestHold at
// the most; zero if it doesn't say.
func retryAfter(h http.Header) time.Duration {
	value := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(seconds, uint64(longestHold/time.Second))) * time.Second
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(h.Get("Date")) // by the server's clock, if it tells
	if err != nil {
		now = time.Now()
	}
	return min(at.Sub(now), longestHold)
}

// withoutURL takes the URL, which may hold secrets, out of an error.
func withoutURL(err error) error {
	var of *url.Error
	if errors.As(err, &of) {
		return of.Err
	}
	return err
}
