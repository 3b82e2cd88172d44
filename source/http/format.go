package http

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"mime"
	"strings"

	"github.com/confsync/confsync/source/document"
)

var errHTML = errors.New("a page of HTML, not a document")

// format returns the format of an answer of a media type.
func (s *site) format(contentType string) (document.Format, error) {
	media, params, _ := mime.ParseMediaType(contentType) // what can't be parsed tells nothing
	if media == "text/html" || media == "application/xhtml+xml" {
		return 0, errHTML
	}
	switch charset := strings.ToLower(params["charset"]); charset {
	case "", "utf-8", "utf8", "us-ascii":
	default:
		return 0, fmt.Errorf("the document is in %q, not in UTF-8", charset)
	}
	if s.opts.Format != 0 || s.opts.Decode != nil {
		return s.opts.Format, nil
	}
	if f := formatOf(media); f != 0 {
		return f, nil
	}
	if f, ok := document.FormatOf(s.path); ok {
		return f, nil
	}
	return 0, fmt.Errorf("neither the media type %q nor the URL tells the format: set Options.Format", media)
}

// formatOf returns the format that a media type tells, zero if it tells none.
func formatOf(media string) document.Format {
	_, name, _ := strings.Cut(media, "/")
	if i := strings.LastIndexByte(name, '+'); i >= 0 {
		name = name[i+1:]
	}
	switch strings.TrimPrefix(name, "x-") {
	case "yaml":
		return document.YAML
	case "json":
		return document.JSON
	case "toml":
		return document.TOML
	}
	return 0
}

// isHTML reports whether a text is a page of HTML, whatever its media type.
func isHTML(text string) bool {
	start := strings.ToLower(strings.TrimLeft(text[:min(len(text), 512)], "\ufeff \t\r\n"))
	return strings.HasPrefix(start, "<!doctype html") || strings.HasPrefix(start, "<html")
}

// revision returns what the server calls this version of the document, or the
// digest of it.
func revision(r *reading) string {
	switch {
	case r.etag != "":
		return r.etag
	case r.modified != "":
		return r.modified
	}
	sum := sha256.Sum256([]byte(r.text))
	return "sha256 " + hex.EncodeToString(sum[:6])
}
