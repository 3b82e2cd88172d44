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

// reading is what has been read, and what the server knows it by.
type reading struct {
	page     document.Page
	text     string
	snap     source.Snapshot
	etag     string // "" for none
	modified string // a Last-Modified that tells one version from the next; "" for none
}

// ask asks once, and puts what there is into a reading. It reports whether that
// is another than before. With wait, the server may keep the question waiting.
func (s *site) ask(ctx context.Context, r *reading, wait bool) (changed bool, err error) {
	silence := newSilence(ctx, s.opts.Timeout)
	defer silence.end()
	req, err := http.NewRequestWithContext(silence.ctx, http.MethodGet, s.raw, nil)
	if err != nil {
		return false, withoutURL(err)
	}
	s.describe(req.Header, r)
	if wait && s.opts.LongPoll > 0 && (r.etag != "" || r.modified != "") {
		req.Header.Set("Prefer", "wait="+strconv.Itoa(int(s.opts.LongPoll/time.Second)))
		silence.extend(s.opts.LongPoll)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return false, silence.explain(withoutURL(err))
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNotModified && (r.etag != "" || r.modified != ""):
		r.snap.Bytes = 0
		return false, nil
	case resp.StatusCode == http.StatusOK:
		changed, err := s.read(resp, silence, r)
		return changed, silence.explain(err)
	case s.opts.Absent && (resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusGone):
		absent := tree.Problem{Kind: tree.Unusable, Origin: s.origin(""), Err: fmt.Errorf("no such document: %w", source.ErrAbsent)}
		changed = !errors.Is(r.snap.Err, source.ErrAbsent)
		r.etag, r.modified, r.snap = "", "", source.Snapshot{Err: absent}
		return changed, nil
	}
	err = errors.New(resp.Status)
	if d := retryAfter(resp.Header); d > 0 {
		s.hold(min(d, longestHold), err)
	}
	return false, err
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
func (s *site) read(resp *http.Response, silence *silence, r *reading) (changed bool, err error) {
	format, err := s.format(resp.Header.Get("Content-Type"))
	if err != nil {
		return false, err
	}
	// One byte more than there may be, and no more than that, is enough to say no.
	var body strings.Builder
	body.Grow(int(min(max(resp.ContentLength, 0), int64(s.opts.Limits.Bytes)+1)))
	if _, err := io.Copy(&body, io.LimitReader(silence.reader(resp.Body), int64(s.opts.Limits.Bytes)+1)); err != nil {
		return false, err
	}
	text := body.String()
	if isHTML(text) {
		return false, errHTML
	}
	changed = text != r.text || r.page.Format != format || r.snap.Revision == "" || r.snap.Err != nil
	if r.page.Format != format {
		r.page = s.page(format)
	}
	r.text, r.etag, r.modified = text, resp.Header.Get("Etag"), lastModified(resp.Header)
	r.snap = source.Snapshot{Revision: revision(r), Bytes: int64(len(text))}
	r.snap.Tree, r.snap.Err = r.page.ReadContext(silence.ctx, text, s.origin(r.snap.Revision))
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

// retryAfter returns how long the server wants to be left alone; zero if it
// doesn't say.
func retryAfter(h http.Header) time.Duration {
	value := h.Get("Retry-After")
	if seconds, err := strconv.Atoi(value); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return time.Until(at)
	}
	return 0
}

// withoutURL takes the URL, which may hold secrets, out of an error.
func withoutURL(err error) error {
	var of *url.Error
	if errors.As(err, &of) {
		return of.Err
	}
	return err
}
