package tree

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Path names a value in a tree, a segment for each level; the empty Path is
// the root. A list's elements are named by their index in decimal.
//
// In text, segments are joined by dots. A dot or a backslash inside a segment
// is written with a backslash before it, and an empty segment as `\e`, so
// ParsePath(p.String()) is p for every Path.
type Path []string

var errUnescape = errors.New(`a backslash stands only before a dot, a backslash or a lone "e"`)

// ParsePath reads what [Path.String] writes. The empty string is the root.
// An empty segment, as in "a..b", is an error.
func ParsePath(s string) (Path, error) {
	if s == "" {
		return nil, nil
	}
	var p Path
	var seg strings.Builder
	for i := 0; ; i++ {
		switch {
		case i == len(s) || s[i] == '.':
			if seg.Len() == 0 {
				return nil, fmt.Errorf("path %q: empty segment", s)
			}
			p = append(p, seg.String())
			seg.Reset()
			if i == len(s) {
				return p, nil
			}
		case s[i] != '\\':
			seg.WriteByte(s[i])
		case i+1 < len(s) && (s[i+1] == '.' || s[i+1] == '\\'):
			i++
			seg.WriteByte(s[i])
		case seg.Len() == 0 && strings.HasPrefix(s[i:], `\e`) && (i+2 == len(s) || s[i+2] == '.'):
			p = append(p, "")
			i += 2
			if i == len(s) {
				return p, nil
			}
		default:
			return nil, fmt.Errorf("path %q: %w", s, errUnescape)
		}
	}
}

var escaper = strings.NewReplacer(`\`, `\\`, `.`, `\.`)

// String is the path in the form that [ParsePath] reads.
func (p Path) String() string {
	if len(p) == 1 && p[0] != "" && !strings.ContainsAny(p[0], `.\`) {
		return p[0]
	}
	var b strings.Builder
	for i, seg := range p {
		if i > 0 {
			b.WriteByte('.')
		}
		if seg == "" {
			b.WriteString(`\e`)
			continue
		}
		escaper.WriteString(&b, seg)
	}
	return b.String()
}

// Child is p with segments added. It shares no memory with p.
func (p Path) Child(segments ...string) Path {
	return append(slices.Clip(slices.Clone(p)), segments...)
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
