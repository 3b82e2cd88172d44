package document

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"sync"

	"github.com/confsync/confsync/tree"
)

// explain replaces the problems of a document that a merge left its conflict
// markers in by that one: whatever else is wrong with it comes of them.
func (d *decoder) explain(err error) error {
	for i, line := 0, []byte(nil); i < len(d.data); i += len(line) + 1 {
		line, _, _ = bytes.Cut(d.data[i:], []byte{'\n'})
		if bytes.HasPrefix(line, []byte("<<<<<<< ")) {
			at := d.place(i)
			return errors.Join(tree.Problem{
				Kind:   tree.Unusable,
				Origin: tree.Origin{Line: int(at.Line), Column: int(at.Column)},
				Err:    errors.New("a merge conflict marker begins here"),
			})
		}
	}
	return err
}

// word returns the letters that a text begins with.
func word(text []byte) string {
	end := 0
	for end < len(text) && 'a' <= text[end]|0x20 && text[end]|0x20 <= 'z' {
		end++
	}
	return string(text[:end])
}

// charInMessage is how the TOML parser names a character that it found.
var charInMessage = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?s)(unexpected character )?U\+[0-9A-F]{4,6}( '.')?`)
})

// withoutChar returns a message of the TOML parser in which what it found, which
// rest begins with, is described rather than shown. Nothing else of the document
// is ever in them.
func withoutChar(message string, rest []byte) string {
	return charInMessage().ReplaceAllStringFunc(message, func(found string) string {
		if strings.HasPrefix(found, "unexpected") {
			return "found " + tree.Describe(rest)
		}
		return tree.Describe(rest)
	})
}
