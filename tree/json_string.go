package tree

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// quoted reads a string, which is good until the next is read. It reports false
// after a problem.
func (r *jsonReader) quoted() ([]byte, bool) {
	r.pos++
	begin := r.pos
	for r.pos < len(r.data) {
		r.pos += plain(r.data[r.pos:])
		if r.pos == len(r.data) {
			break
		}
		switch c := r.data[r.pos]; {
		case c == '"':
			r.pos++
			return r.data[begin : r.pos-1], true
		case c == '\\':
			return r.escaped(begin)
		case c < ' ':
			r.unexpected(r.at(), "the rest of a string")
			return nil, false
		default:
			if !r.character() {
				return nil, false
			}
		}
	}
	r.unexpected(r.at(), "the end of a string")
	return nil, false
}

// plain returns how many characters a text begins with that stand for themselves
// in a string, and are ASCII.
func plain(text []byte) int {
	for i, c := range text {
		if c == '"' || c == '\\' || c < ' ' || c >= utf8.RuneSelf {
			return i
		}
	}
	return len(text)
}

// character moves past a character that isn't ASCII.
func (r *jsonReader) character() bool {
	_, size := utf8.DecodeRune(r.data[r.pos:])
	if size == 1 {
		r.problem(Unusable, r.at(), errNotUTF8)
		return false
	}
	r.pos += size
	return true
}

// escaped reads the rest of a string that has escapes, the first of them here.
func (r *jsonReader) escaped(begin int) ([]byte, bool) {
	text := bytes.Clone(r.data[begin:r.pos])
	for r.pos < len(r.data) {
		c := r.data[r.pos]
		switch {
		case c == '"':
			r.pos++
			return text, true
		case c < ' ':
			r.unexpected(r.at(), "the rest of a string")
			return nil, false
		case c == '\\':
			r.pos++
			var ok bool
			if text, ok = r.escape(text); !ok {
				return nil, false
			}
		case c < utf8.RuneSelf:
			text = append(text, c)
			r.pos++
		default:
			from := r.pos
			if !r.character() {
				return nil, false
			}
			text = append(text, r.data[from:r.pos]...)
		}
	}
	r.unexpected(r.at(), "the end of a string")
	return nil, false
}

var jsonEscapes = map[byte]byte{
	'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
}

// escape appends what stands behind a backslash. A surrogate without its other
// half is U+FFFD, as in encoding/json.
func (r *jsonReader) escape(text []byte) ([]byte, bool) {
	if r.pos < len(r.data) {
		if plain, ok := jsonEscapes[r.data[r.pos]]; ok {
			r.pos++
			return append(text, plain), true
		}
	}
	if !r.ahead('u') {
		r.unexpected(r.at(), `an escape such as \n or \\`)
		return nil, false
	}
	char, ok := r.hex(r.pos + 1)
	if !ok {
		r.unexpected(r.at(), `four hexadecimal digits after \u`)
		return nil, false
	}
	r.pos += 5
	if utf16.IsSurrogate(char) {
		low, ok := r.low()
		char = utf16.DecodeRune(char, low)
		if ok && char != unicode.ReplacementChar {
			r.pos += 6
		}
	}
	return utf8.AppendRune(text, char), true
}

// low returns the \uXXXX that stands here.
func (r *jsonReader) low() (rune, bool) {
	if !bytes.HasPrefix(r.data[r.pos:], []byte(`\u`)) {
		return 0, false
	}
	return r.hex(r.pos + 2)
}

func (r *jsonReader) hex(from int) (rune, bool) {
	if from+4 > len(r.data) {
		return 0, false
	}
	n, err := strconv.ParseUint(string(r.data[from:from+4]), 16, 16)
	return rune(n), err == nil
}

// Describe says what character a text begins with, for a message: a mark of
// punctuation as it is, and of everything else, which may be a part of a
// secret, the class.
func Describe(text []byte) string {
	char, size := utf8.DecodeRune(text)
	switch {
	case size == 0:
		return "the end"
	case char == utf8.RuneError && size == 1:
		return "a byte that is not UTF-8"
	case char == '\n' || char == '\r':
		return "the end of the line"
	case char == ' ':
		return "a space"
	case char == '\t':
		return "a tab"
	case char == 0:
		return "a NUL character"
	case !strconv.IsPrint(char):
		return fmt.Sprintf("the control character %U", char)
	case char == '\'':
		return `"'"`
	case unicode.IsLetter(char):
		return "a letter"
	case unicode.IsDigit(char):
		return "a digit"
	case unicode.IsPunct(char), unicode.IsSymbol(char):
		return "'" + string(char) + "'"
	}
	return "a character that is not ASCII"
}
