package document

import (
	"encoding/json"
	"errors"
	"strconv"

	"github.com/confsync/confsync/tree"
)

// jsonDecoder walks a document that encoding/json has found to be valid, so it
// checks nothing again. (Its token stream costs five times as much, most of it
// in values made only to be taken apart, and doesn't say where one begins.)
type jsonDecoder struct {
	*decoder
	pos   int
	line  int32
	start int // where the line begins
}

func (d *jsonDecoder) document() tree.Tree {
	if !json.Valid(d.data) {
		d.invalid()
		return tree.Tree{}
	}
	d.line = 1
	at := d.next()
	return d.notMap(d.value(), at)
}

// invalid notes the standard library's error.
func (d *jsonDecoder) invalid() {
	var raw json.RawMessage
	var syntax *json.SyntaxError
	err := json.Unmarshal(d.data, &raw)
	if !errors.As(err, &syntax) {
		d.problem(tree.Unusable, tree.Place{}, errors.New("not valid JSON"))
		return
	}
	d.problem(tree.Unusable, d.place(max(0, int(syntax.Offset)-1)), scrub(syntax.Error())) // it counts the offending byte
}

// next skips to the next token and is its place.
func (d *jsonDecoder) next() tree.Place {
	for ; d.pos < len(d.data); d.pos++ {
		switch d.data[d.pos] {
		case '\n':
			d.line++
			d.start = d.pos + 1
		case ' ', '\t', '\r', ',', ':':
		default:
			return tree.Place{Line: d.line, Column: int32(d.pos-d.start) + 1}
		}
	}
	return tree.Place{Line: d.line, Column: int32(d.pos-d.start) + 1}
}

func (d *jsonDecoder) value() tree.Tree {
	at := d.next()
	if !d.take(1, at) {
		return tree.Tree{}
	}
	switch d.data[d.pos] {
	case '{':
		return d.object(at)
	case '[':
		return d.array(at)
	case '"':
		return d.build.Scalar(tree.String, d.quoted(), at)
	case 't':
		d.pos += len("true")
		return d.build.Scalar(tree.Bool, "true", at)
	case 'f':
		d.pos += len("false")
		return d.build.Scalar(tree.Bool, "false", at)
	case 'n':
		d.pos += len("null")
		return d.build.Null(at)
	}
	return d.number(at)
}

func (d *jsonDecoder) object(at tree.Place) tree.Tree {
	if !d.enter(at) {
		return tree.Tree{}
	}
	defer d.leave()
	d.pos++
	entries := make([]tree.Entry, 0, 8)
	for keyAt := d.next(); !d.stopped && d.data[d.pos] != '}'; keyAt = d.next() {
		key := d.quoted()
		d.push(key)
		entries = append(entries, tree.Entry{Key: key, At: keyAt, Tree: d.value()})
		d.pop()
	}
	d.pos++
	return d.mapOf(entries, at)
}

func (d *jsonDecoder) array(at tree.Place) tree.Tree {
	if !d.enter(at) {
		return tree.Tree{}
	}
	defer d.leave()
	d.pos++
	var items []tree.Tree
	for d.next(); !d.stopped && d.data[d.pos] != ']'; d.next() {
		d.push(strconv.Itoa(len(items)))
		items = append(items, d.value())
		d.pop()
	}
	d.pos++
	return d.build.List(items, at)
}

// quoted reads a string.
func (d *jsonDecoder) quoted() string {
	begin, escaped := d.pos, false
	for d.pos++; d.data[d.pos] != '"'; d.pos++ {
		if d.data[d.pos] == '\\' {
			escaped = true
			d.pos++
		}
	}
	d.pos++
	if !escaped {
		return string(d.data[begin+1 : d.pos-1])
	}
	var s string
	if err := json.Unmarshal(d.data[begin:d.pos], &s); err != nil {
		d.problem(tree.Unusable, d.place(begin), errors.New("not a valid JSON string"))
	}
	return s
}

func (d *jsonDecoder) number(at tree.Place) tree.Tree {
	begin, kind := d.pos, tree.Int
	for ; d.pos < len(d.data); d.pos++ {
		switch c := d.data[d.pos]; c {
		case '.', 'e', 'E':
			kind = tree.Float
		case '+', '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		default:
			return d.build.Scalar(kind, string(d.data[begin:d.pos]), at)
		}
	}
	return d.build.Scalar(kind, string(d.data[begin:d.pos]), at)
}
