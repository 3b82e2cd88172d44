package tree

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

var errNotUTF8 = errors.New("the text is not UTF-8")

func (r *jsonReader) problem(kind ProblemKind, at Place, err error) {
	if r.stopped {
		return
	}
	r.stopped = true
	r.found = append(r.found, Problem{Path: Shortened(r.path), Kind: kind, Origin: at.origin(), Err: err})
}

// unexpected notes the problem of a text that isn't JSON.
func (r *jsonReader) unexpected(at Place, want string) {
	rest := r.data[r.pos:]
	if len(rest) == 0 {
		r.problem(Unusable, at, fmt.Errorf("the text ends where %s was expected", want))
		return
	}
	r.problem(Unusable, at, fmt.Errorf("found %s where %s was expected%s", Describe(rest), want, r.hint(rest)))
}

// hint says what to write instead, where that is likely.
func (r *jsonReader) hint(rest []byte) string {
	word := rest
	if i := slices.IndexFunc(rest, func(c byte) bool { return c|0x20 < 'a' || c|0x20 > 'z' }); i >= 0 {
		word = rest[:i]
	}
	before := strings.TrimRight(string(r.data[max(0, r.pos-100):r.pos]), " \t\r\n")
	switch {
	case (rest[0] == '}' || rest[0] == ']') && strings.HasSuffix(before, ","):
		return ": remove the comma before it"
	case rest[0] == '\'':
		return ": strings are written in double quotes"
	case rest[0] == '#' || rest[0] == '/':
		if !r.Comments {
			return ": JSON has no comments"
		}
		return ""
	}
	return WriteInstead(string(word))
}

// WriteInstead returns the end of a message about a bare word that no document
// may hold, ": write true" for True; "" where nothing is known of it.
func WriteInstead(word string) string {
	switch strings.ToLower(word) {
	case "true", "yes", "on":
		return ": write true"
	case "false", "no", "off":
		return ": write false"
	case "null", "none", "nil", "undefined":
		return ": write null"
	}
	return ""
}
