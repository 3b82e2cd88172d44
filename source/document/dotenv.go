package document

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/confsync/confsync/tree"
)

// dotenvDecoder reads the lines of a dotenv file, by the rules in Decode's comment.
type dotenvDecoder struct {
	*decoder
	pos    int
	lookup func(name string) (string, bool) // nil: a "$" is a "$"
	known  map[string]string                // with lookup: the values so far
	room   int                              // with lookup: bytes that variables may still bring in
}

func (d *dotenvDecoder) document() tree.Tree {
	top := tree.Place{Line: 1, Column: 1}
	d.take(1, top)
	d.known, d.room = make(map[string]string), d.limits.Bytes
	var entries []tree.Entry
	for !d.stopped {
		d.skip(" \t\r\n")
		if d.pos == len(d.data) {
			break
		}
		if d.data[d.pos] == '#' {
			d.line()
			continue
		}
		if e, ok := d.entry(); ok {
			entries = append(entries, e)
		}
	}
	return d.mapOf(entries, top)
}

// entry reads KEY=VALUE to the end of its last line.
func (d *dotenvDecoder) entry() (tree.Entry, bool) {
	at := d.place(d.pos)
	key := d.key()
	d.skip(" \t")
	if key == "export" && !d.ahead('=') && !d.ahead(':') {
		at = d.place(d.pos)
		key = d.key()
		d.skip(" \t")
	}
	if key == "" || !d.ahead('=') && !d.ahead(':') {
		d.problem(tree.Unusable, at, d.notALine(key))
		d.line()
		return tree.Entry{}, false
	}
	d.pos++
	d.push(key)
	defer d.pop()
	value, ok := d.value()
	if d.lookup != nil {
		d.known[key] = value.Root().Text()
	}
	return tree.Entry{Key: key, At: at, Tree: value}, ok
}

// notALine says what is wrong with a line at the place where its key, or what
// follows it, can't be read.
func (d *dotenvDecoder) notALine(key string) error {
	rest := d.data[d.pos:]
	switch {
	case len(rest) == 0 || rest[0] == '\n' || rest[0] == '\r':
		return errors.New("the line is not KEY=VALUE: nothing stands after the key")
	case key != "" && (d.data[d.pos-1] == ' ' || d.data[d.pos-1] == '\t'):
		return errors.New("the line is not KEY=VALUE: a key is one word")
	}
	return fmt.Errorf("the line is not KEY=VALUE: found %s in the key", tree.Describe(rest))
}

// key reads a key, "" when there is none.
func (d *dotenvDecoder) key() string {
	begin := d.pos
	for d.pos < len(d.data) {
		r, size := utf8.DecodeRune(d.data[d.pos:])
		if !unicode.IsLetter(r) && !unicode.IsNumber(r) && !strings.ContainsRune("_.-[]", r) {
			break
		}
		d.pos += size
	}
	return string(d.data[begin:d.pos])
}

func (d *dotenvDecoder) value() (tree.Tree, bool) {
	begin := d.pos
	d.skip(" \t")
	at := d.place(d.pos)
	if !d.take(1, at) {
		return tree.Tree{}, false
	}
	var text string
	var err error
	switch {
	case d.ahead('\''):
		text, err = d.single()
	case d.ahead('"'):
		text, err = d.double()
	default:
		d.pos = begin
		if text = unquoted(d.line()); strings.Contains(text, "\r") {
			err = errors.New("a carriage return without a line feed stands in the line")
		}
		text, err = d.expand(text, err)
	}
	if err != nil {
		d.problem(tree.Unusable, at, err)
		return tree.Tree{}, false
	}
	return d.build.Scalar(tree.String, text, at), true
}

// unquoted returns a value with the space and the comment around it taken away.
func unquoted(line []byte) string {
	for i := 1; i < len(line); i++ {
		if line[i] == '#' && (line[i-1] == ' ' || line[i-1] == '\t') {
			line = line[:i]
		}
	}
	return string(bytes.Trim(line, " \t\r"))
}

// single reads a value in single quotes.
func (d *dotenvDecoder) single() (string, error) {
	text, err := d.quoted('\'')
	return strings.ReplaceAll(text, `\'`, "'"), err
}

// double reads a value in double quotes.
func (d *dotenvDecoder) double() (string, error) {
	raw, err := d.quoted('"')
	if err != nil {
		return "", err
	}
	var text strings.Builder
	for {
		before, after, found := strings.Cut(raw, `\`)
		if text.WriteString(before); !found {
			return d.expand(text.String(), nil)
		}
		plain, size := d.escape(after)
		text.WriteString(plain)
		raw = after[size:]
	}
}

// escape returns what a backslash and what follows it mean, and how much of it
// does. A backslash before anything that is not an escape is a backslash.
func (d *dotenvDecoder) escape(after string) (plain string, size int) {
	if after == "" {
		return `\`, 0
	}
	if after[0] == '$' && d.lookup != nil {
		return "$$", 1
	}
	if plain, ok := escapes[after[0]]; ok {
		return plain, 1
	}
	if after[0] == '0' && len(after) >= 4 {
		if n, err := strconv.ParseUint(after[1:4], 8, 8); err == nil {
			return string(rune(n)), 4
		}
	}
	return `\`, 0
}

var escapes = map[byte]string{
	'a': "\a", 'b': "\b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t", 'v': "\v", '"': `"`, '$': "$", '\\': `\`,
}

// quoted reads what stands between two quotes, and the rest of the line. A
// backslash before a quote keeps it from ending the text.
func (d *dotenvDecoder) quoted(quote byte) (string, error) {
	d.pos++
	begin := d.pos
	for ; d.pos < len(d.data) && d.data[d.pos] != quote; d.pos++ {
		if d.data[d.pos] == '\\' && d.pos+1 < len(d.data) {
			d.pos++
		}
	}
	if d.pos >= len(d.data) {
		d.pos = len(d.data)
		return "", errors.New("the quote is not closed")
	}
	text := strings.ReplaceAll(string(d.data[begin:d.pos]), "\r\n", "\n")
	d.pos++
	if rest := bytes.TrimLeft(d.line(), " \t\r"); len(rest) > 0 && rest[0] != '#' {
		return "", fmt.Errorf("found %s after the closing quote", tree.Describe(rest))
	}
	return text, nil
}

func (d *dotenvDecoder) ahead(c byte) bool { return d.pos < len(d.data) && d.data[d.pos] == c }

// skip moves past any of the characters.
func (d *dotenvDecoder) skip(any string) {
	for d.pos < len(d.data) && strings.IndexByte(any, d.data[d.pos]) >= 0 {
		d.pos++
	}
}

// line moves to the end of the line and returns what it moved past.
func (d *dotenvDecoder) line() []byte {
	begin := d.pos
	if n := bytes.IndexByte(d.data[d.pos:], '\n'); n >= 0 {
		d.pos += n
	} else {
		d.pos = len(d.data)
	}
	return d.data[begin:d.pos]
}
