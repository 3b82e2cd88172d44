package document

import (
	"bytes"
	"errors"
	"strings"

	"github.com/confsync/confsync/tree"
)

// dotenvDecoder reads the lines of a dotenv file, by the rules in Decode's comment.
type dotenvDecoder struct {
	*decoder
	pos int
}

func (d *dotenvDecoder) document() tree.Tree {
	top := tree.Place{Line: 1, Column: 1}
	d.take(1, top)
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
	if key == "export" && !d.ahead('=') {
		at = d.place(d.pos)
		key = d.key()
		d.skip(" \t")
	}
	if key == "" || !d.ahead('=') {
		d.problem(tree.Unusable, at, errors.New("the line is not KEY=VALUE"))
		d.line()
		return tree.Entry{}, false
	}
	d.pos++
	d.push(key)
	defer d.pop()
	value, ok := d.value()
	return tree.Entry{Key: key, At: at, Tree: value}, ok
}

// key reads a key, "" when there is none.
func (d *dotenvDecoder) key() string {
	begin := d.pos
	for ; d.pos < len(d.data); d.pos++ {
		c := d.data[d.pos]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
		inside := '0' <= c && c <= '9' || c == '.' || c == '-'
		if !letter && (!inside || d.pos == begin) {
			break
		}
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
	if !d.ahead('"') && !d.ahead('\'') {
		d.pos = begin
		return d.build.Scalar(tree.String, unquoted(d.line()), at), true
	}
	text, problem := d.quoted()
	if problem == nil {
		rest := bytes.TrimLeft(d.line(), " \t\r")
		if len(rest) > 0 && rest[0] != '#' {
			problem = errors.New("something stands after the closing quote")
		}
	}
	if problem != nil {
		d.problem(tree.Unusable, at, problem)
		return tree.Tree{}, false
	}
	return d.build.Scalar(tree.String, strings.ReplaceAll(text, "\r\n", "\n"), at), true
}

// unquoted is a value with the space and the comment around it taken away.
func unquoted(line []byte) string {
	for i := 1; i < len(line); i++ {
		if line[i] == '#' && (line[i-1] == ' ' || line[i-1] == '\t') {
			line = line[:i]
		}
	}
	return string(bytes.Trim(line, " \t\r"))
}

// quoted reads a value in quotes, of either kind.
func (d *dotenvDecoder) quoted() (string, error) {
	quote := d.data[d.pos]
	var text strings.Builder
	var problem error
	for d.pos++; d.pos < len(d.data); d.pos++ {
		c := d.data[d.pos]
		switch {
		case c == quote:
			d.pos++
			return text.String(), problem
		case c == '\\' && quote == '"' && d.pos+1 < len(d.data):
			d.pos++
			plain, ok := escapes[d.data[d.pos]]
			if !ok {
				problem = errors.New("a backslash before a character that needs none")
			}
			text.WriteByte(plain)
		default:
			text.WriteByte(c)
		}
	}
	return "", errors.New("the quote is not closed")
}

var escapes = map[byte]byte{'n': '\n', 'r': '\r', 't': '\t', '"': '"', '$': '$', '\\': '\\'}

func (d *dotenvDecoder) ahead(c byte) bool { return d.pos < len(d.data) && d.data[d.pos] == c }

// skip moves past any of the characters.
func (d *dotenvDecoder) skip(any string) {
	for d.pos < len(d.data) && strings.IndexByte(any, d.data[d.pos]) >= 0 {
		d.pos++
	}
}

// line moves to the end of the line and is what it moved past.
func (d *dotenvDecoder) line() []byte {
	begin := d.pos
	if n := bytes.IndexByte(d.data[d.pos:], '\n'); n >= 0 {
		d.pos += n
	} else {
		d.pos = len(d.data)
	}
	return d.data[begin:d.pos]
}
