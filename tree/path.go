package tree

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Path names a value in a tree, a segment for each level; the empty Path is
// the root. A list's elements are named by their index in decimal.
//
// In text, segments are joined by dots. A dot or a backslash inside a segment
// is written with a backslash before it, and an empty segment as `\e`. What
// doesn't print is written as Go does it: `\n`, `\x1b`, `\u2028`. So a path in
// a message is always on one line, and ParsePath(p.String()) is p for every Path.
type Path []string

var errUnescape = errors.New(`a backslash stands only before a dot, a backslash, a lone "e", or as in Go's \n, \x1b and \u2028`)

// ParsePath reads what [Path.String] writes. The empty string is the root.
// An empty segment, as in "a..b", is an error.
func ParsePath(s string) (Path, error) {
	if s == "" {
		return nil, nil
	}
	var p Path
	for rest, more := s, true; more; {
		var seg string
		var err error
		if seg, rest, more, err = cutSegment(rest); err != nil {
			return nil, fmt.Errorf("path %q: %w", s, err)
		}
		p = append(p, seg)
	}
	return p, nil
}

// cutSegment reads the first segment of a path, and reports whether another one
// follows.
func cutSegment(s string) (seg, rest string, more bool, err error) {
	if s == `\e` || strings.HasPrefix(s, `\e.`) {
		return "", strings.TrimPrefix(s[2:], "."), len(s) > 2, nil
	}
	var b []byte
	for s != "" && s[0] != '.' {
		switch {
		case s[0] != '\\':
			b, s = append(b, s[0]), s[1:]
		case len(s) > 1 && (s[1] == '.' || s[1] == '\\'):
			b, s = append(b, s[1]), s[2:]
		default:
			r, multibyte, tail, err := strconv.UnquoteChar(s, 0)
			if err != nil {
				return "", "", false, errUnescape
			}
			if s = tail; r < utf8.RuneSelf || !multibyte {
				b = append(b, byte(r))
			} else {
				b = utf8.AppendRune(b, r)
			}
		}
	}
	if len(b) == 0 {
		return "", "", false, errors.New("empty segment")
	}
	return string(b), strings.TrimPrefix(s, "."), s != "", nil
}

// MarshalText returns the path in the form that [ParsePath] reads.
func (p Path) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what [ParsePath] reads.
func (p *Path) UnmarshalText(text []byte) (err error) {
	*p, err = ParsePath(string(text))
	return err
}

// String returns the path in the form that [ParsePath] reads.
func (p Path) String() string {
	if len(p) == 1 && isBare(p[0]) {
		return p[0]
	}
	var b []byte
	for i, seg := range p {
		if i > 0 {
			b = append(b, '.')
		}
		switch {
		case seg == "":
			b = append(b, `\e`...)
		case isBare(seg):
			b = append(b, seg...)
		default:
			b = appendEscaped(b, seg)
		}
	}
	return string(b)
}

// isBare reports whether a segment is written as it is.
func isBare(seg string) bool {
	for i := range len(seg) {
		if c := seg[i]; c < ' ' || c > '~' || c == '.' || c == '\\' {
			return false
		}
	}
	return seg != ""
}

func appendEscaped(b []byte, seg string) []byte {
	for len(seg) > 0 {
		r, size := utf8.DecodeRuneInString(seg)
		switch {
		case r == '.' || r == '\\':
			b = append(b, '\\', byte(r))
		case strconv.IsPrint(r) && (r != utf8.RuneError || size > 1):
			b = append(b, seg[:size]...)
		default:
			quoted := strconv.Quote(seg[:size])
			b = append(b, quoted[1:len(quoted)-1]...)
		}
		seg = seg[size:]
	}
	return b
}

// Child returns p with segments added. It shares no memory with p.
func (p Path) Child(segments ...string) Path {
	child := make(Path, 0, len(p)+len(segments))
	return append(append(child, p...), segments...)
}

// Equal reports whether p and q have the same segments.
func (p Path) Equal(q Path) bool { return slices.Equal(p, q) }

// Compare orders paths segment by segment.
func (p Path) Compare(q Path) int { return slices.Compare(p, q) }

// HasPrefix reports whether p is q or stands below it.
func (p Path) HasPrefix(q Path) bool {
	return len(p) >= len(q) && slices.Equal(p[:len(q)], q)
}

// Index reads a segment as a list index: decimal digits with no leading zero.
// It is what tells "servers/0" and "servers/10" from "servers/blue".
func Index(segment string) (int, bool) {
	if segment == "" || len(segment) > 9 || (segment[0] == '0' && len(segment) > 1) {
		return 0, false
	}
	n := 0
	for i := range len(segment) {
		c := segment[i]
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

// Shortened returns a copy of a path for a message, or no more than what a path
// deeper than any that people write begins with.
func Shortened(p Path) Path {
	const deep = 20
	if len(p) > deep {
		p = p[:4]
	}
	return slices.Clone(p)
}
