package document

import (
	"bytes"

	"github.com/confsync/confsync/tree"
)

// plainYAML reads what most configuration files are made of, in one pass and
// straight to a tree: maps and lists by indentation, scalars that end with their
// line, lists and maps in brackets on one line, literal texts, and comments. At everything else,
// and at every mistake, it gives up, and the parser reads the document: so it
// must never take what the parser reads otherwise, and need not know what is
// wrong.
type plainYAML struct {
	*decoder
	pos    int   // of what is read next
	line   int32 // from 1
	start  int   // where the line begins
	column int   // of the token that is next, from 0; -1 at the end
}

const (
	maxPlainKey   = 1000 // bytes; the parser knows no longer ones
	maxPlainDepth = 1000
)

// plain returns the tree of a document, and false when it isn't plain.
func (d *yamlDecoder) plain() (tree.Tree, bool) {
	if !isPlainText(d.data, d.ascii) {
		return tree.Tree{}, false
	}
	trial := *d.decoder
	trial.limits.Depth = min(trial.limits.Depth, maxPlainDepth)
	p := plainYAML{decoder: &trial, line: 1}
	t, ok := p.document()
	d.open = d.open[:0]
	return t, ok
}

func (p *plainYAML) document() (tree.Tree, bool) {
	ok := p.next()
	if ok && p.column == 0 && bytes.HasPrefix(p.data[p.pos:], []byte("---\n")) {
		p.pos += 3
		ok = p.next()
	}
	if !ok || p.column < 0 {
		return tree.Tree{}, false
	}
	t, ok := p.mapping(p.column)
	return t, ok && p.column < 0
}

// isPlainText reports whether a text has no line ends but LF, and no character
// that is one to the parser, or is refused by it.
func isPlainText(data []byte, ascii bool) bool {
	if bytes.IndexByte(data, '\r') >= 0 {
		return false
	}
	if ascii {
		return true
	}
	for _, odd := range []string{"\u0085", "\u2028", "\u2029", "\ufeff", "\ufffe", "\uffff"} {
		if bytes.Contains(data, []byte(odd)) {
			return false
		}
	}
	return true
}

// byteAt returns the byte at an offset, 0 at the end.
func (p *plainYAML) byteAt(i int) byte {
	if i < len(p.data) {
		return p.data[i]
	}
	return 0
}

func (p *plainYAML) peek() byte { return p.byteAt(p.pos) }

// isBlank reports whether space, or nothing, is at an offset.
func (p *plainYAML) isBlank(i int) bool {
	c := p.byteAt(i)
	return c == ' ' || c == '\n' || c == 0
}

func (p *plainYAML) spaces() {
	for p.peek() == ' ' {
		p.pos++
	}
}

func (p *plainYAML) at() tree.Place {
	return tree.Place{Line: p.line, Column: int32(p.pos-p.start) + 1}
}

// next moves to the first token of a later line, or to the end. It reports false
// when there is one in this line, of which something has been read.
func (p *plainYAML) next() bool {
	fresh := p.pos == p.start
	for {
		p.spaces()
		switch c := p.peek(); {
		case p.pos == len(p.data):
			p.column = -1
			return true
		case c == '\n':
			p.pos++
			p.line++
			p.start, fresh = p.pos, true
		case c == '#' && (p.pos == p.start || p.data[p.pos-1] == ' '):
			p.skipComment()
		default:
			p.column = p.pos - p.start
			return fresh
		}
	}
}

func (p *plainYAML) skipComment() {
	if n := bytes.IndexByte(p.data[p.pos:], '\n'); n >= 0 {
		p.pos += n
	} else {
		p.pos = len(p.data)
	}
}

// lineEnds reports whether nothing but a comment is left of the line.
func (p *plainYAML) lineEnds() bool {
	c := p.peek()
	return c == '\n' || c == 0 || c == '#' && p.data[p.pos-1] == ' '
}

// before reports whether c is next, and space or nothing behind it.
func (p *plainYAML) before(c byte) bool { return p.peek() == c && p.isBlank(p.pos+1) }

// block reads the map or the list that begins in a line of its own.
func (p *plainYAML) block() (tree.Tree, bool) {
	if p.before('-') {
		return p.sequence(p.column)
	}
	return p.mapping(p.column)
}

// mapping reads the map whose keys stand in a column.
func (p *plainYAML) mapping(column int) (tree.Tree, bool) {
	at := p.at()
	if !p.take(1, at) || !p.enter(at) {
		return tree.Tree{}, false
	}
	defer p.leave()
	base := len(p.open)
	for p.column = column; p.column == column; {
		entry, ok := p.key(false)
		if !ok {
			return tree.Tree{}, false
		}
		if entry.Tree, ok = p.entry(column); !ok || p.column > column {
			return tree.Tree{}, false
		}
		p.open = append(p.open, entry)
	}
	return p.mapOf(base, at)
}

// mapOf builds the map of the entries from base on.
func (p *plainYAML) mapOf(base int, at tree.Place) (tree.Tree, bool) {
	t, twice := p.build.MapOf(p.open[base:], at)
	p.open = p.open[:base]
	return t, twice == nil
}

// entry reads what stands behind a key, and goes on to the next token. A list
// may stand in the column of its key.
func (p *plainYAML) entry(column int) (tree.Tree, bool) {
	if !p.lineEnds() {
		return p.inline(column)
	}
	switch {
	case !p.next():
		return tree.Tree{}, false
	case p.column > column:
		return p.block()
	case p.column == column && p.before('-'):
		return p.sequence(column)
	}
	return tree.Tree{}, true // nothing
}

// sequence reads the list whose dashes stand in a column.
func (p *plainYAML) sequence(column int) (tree.Tree, bool) {
	at := p.at()
	if !p.take(1, at) || !p.enter(at) {
		return tree.Tree{}, false
	}
	defer p.leave()
	var items []tree.Tree
	for p.column = column; p.column == column && p.before('-'); {
		item, ok := p.item(column)
		if !ok || p.column > column {
			return tree.Tree{}, false
		}
		items = append(items, item)
	}
	return p.build.List(items, at), true
}

// item reads what stands behind a dash.
func (p *plainYAML) item(column int) (tree.Tree, bool) {
	p.pos++
	p.spaces()
	switch inner := p.pos - p.start; {
	case p.lineEnds():
		if !p.next() || p.column <= column {
			return tree.Tree{}, false
		}
		return p.block()
	case p.before('-'):
		return p.sequence(inner)
	case p.beginsMap():
		return p.mapping(inner)
	}
	return p.inline(column)
}

// beginsMap reports whether a key is next.
func (p *plainYAML) beginsMap() bool {
	begin := p.pos
	_, _, ok := p.scalar(false)
	ok = ok && p.before(':')
	p.pos = begin
	return ok
}

// inline reads the value that begins behind a key or a dash in a column, and goes
// on to the next token.
func (p *plainYAML) inline(column int) (t tree.Tree, ok bool) {
	if p.peek() == '|' {
		t, ok = p.literal(column)
	} else {
		t, ok = p.value(false)
	}
	return t, ok && p.next()
}

func (p *plainYAML) value(inFlow bool) (tree.Tree, bool) {
	at := p.at()
	if c := p.peek(); c == '[' || c == '{' {
		return p.flow(c)
	}
	text, quoted, ok := p.scalar(inFlow)
	switch {
	case !ok || !p.take(1, at):
		return tree.Tree{}, false
	case quoted:
		return p.build.ScalarOf(tree.String, text, at), true
	}
	return p.resolve(text, at)
}

// flow reads a list or a map in brackets.
func (p *plainYAML) flow(open byte) (t tree.Tree, ok bool) {
	at := p.at()
	if !p.take(1, at) || !p.enter(at) {
		return tree.Tree{}, false
	}
	defer p.leave()
	end := open + 2 // ']' or '}'
	base := len(p.open)
	p.pos++
	p.spaces()
	for more := p.peek() != end; more; {
		var entry tree.Entry
		if open == '{' {
			if entry, ok = p.key(true); !ok {
				return tree.Tree{}, false
			}
		}
		if entry.Tree, ok = p.value(true); !ok {
			return tree.Tree{}, false
		}
		p.open = append(p.open, entry)
		p.spaces()
		if more = p.peek() == ','; more {
			p.pos++
			p.spaces()
		}
	}
	if p.peek() != end {
		return tree.Tree{}, false
	}
	p.pos++
	if open == '{' {
		return p.mapOf(base, at)
	}
	items := make([]tree.Tree, 0, len(p.open)-base)
	for _, e := range p.open[base:] {
		items = append(items, e.Tree)
	}
	p.open = p.open[:base]
	return p.build.List(items, at), true
}
