package document

import "bytes"

// manyValues is how many values a parser may make nodes of before the limit on
// values is looked at. Fewer cost no more than some megabytes.
const manyValues = 1 << 17

// tooManyYAML reports whether a document has more values than both manyValues and
// the limit, and at which offset, before the parser is let at it: a parser that
// makes nodes takes a hundred times the memory of the text. What is counted is
// what every value in a large document has: a comma, a dash or a colon of its own.
func tooManyYAML(data []byte, limit int) (offset int, too bool) {
	limit = max(limit, manyValues)
	if len(data)/2 <= limit {
		return 0, false
	}
	c := yamlCounter{data: data}
	for c.pos < len(c.data) {
		if c.token(); c.values > limit {
			return c.pos, true
		}
	}
	return 0, false
}

// yamlCounter walks over the tokens of a document, without checking them.
type yamlCounter struct {
	data   []byte
	pos    int
	line   int  // where the line begins
	base   int  // the column of the key or the dash that the next value belongs to; -1 at the top
	fresh  bool // the line has no token yet
	flow   int  // brackets that are open
	values int
}

// token moves past the next token.
func (c *yamlCounter) token() {
	if c.pos == c.line {
		c.fresh = true
	}
	switch b := c.data[c.pos]; {
	case b == '\n':
		c.pos++
		c.line = c.pos
	case b == ' ' || b == '\t' || b == '\r':
		c.pos++
	case b == '#', b == '%' && c.pos == c.line:
		c.skipLine()
	case b == '"' || b == '\'':
		c.mark()
		c.quoted(b)
	case b == '[' || b == '{':
		c.mark()
		c.flow++
		c.pos++
	case b == ']' || b == '}':
		c.flow = max(0, c.flow-1)
		c.pos++
	case b == ',' && c.flow > 0:
		c.values++
		c.pos++
	case (b == '-' || b == '?' || b == ':') && c.blank(c.pos+1):
		c.values++
		if c.flow == 0 && b != ':' {
			c.base = c.pos - c.line
			c.fresh = true
		}
		c.pos++
	case (b == '|' || b == '>') && c.flow == 0:
		c.block()
	case c.pos == c.line && (bytes.HasPrefix(c.data[c.pos:], []byte("---")) || bytes.HasPrefix(c.data[c.pos:], []byte("..."))) && c.blank(c.pos+3):
		c.pos += 3
		c.base, c.fresh = -1, false
	case b == '&' || b == '*' || b == '!':
		for !c.blank(c.pos) && !(c.flow > 0 && c.ends(c.pos)) {
			c.pos++
		}
	default:
		c.mark()
		c.plain()
	}
}

// mark notes where the first token of a line, or the first behind a dash, stands.
func (c *yamlCounter) mark() {
	if c.fresh && c.flow == 0 {
		c.base = c.pos - c.line
	}
	c.fresh = false
}

// blank reports whether space, or nothing, is at an offset.
func (c *yamlCounter) blank(i int) bool {
	return i >= len(c.data) || bytes.IndexByte([]byte(" \t\r\n"), c.data[i]) >= 0
}

// ends reports whether what stands at an offset ends a plain scalar between brackets.
func (c *yamlCounter) ends(i int) bool {
	return bytes.IndexByte([]byte(",[]{}"), c.data[i]) >= 0
}

func (c *yamlCounter) skipLine() {
	if n := bytes.IndexByte(c.data[c.pos:], '\n'); n >= 0 {
		c.pos += n
	} else {
		c.pos = len(c.data)
	}
}

func (c *yamlCounter) quoted(quote byte) {
	for c.pos++; c.pos < len(c.data); c.pos++ {
		switch b := c.data[c.pos]; {
		case b == '\\' && quote == '"':
			c.pos++
		case b == '\n':
			c.line = c.pos + 1
		case b == quote:
			c.pos++
			if quote == '"' || c.pos == len(c.data) || c.data[c.pos] != quote {
				if c.pos < len(c.data) && c.data[c.pos] == ':' { // as a key in JSON has it
					c.values++
					c.pos++
				}
				c.fresh = false
				return
			}
		}
	}
	c.pos = len(c.data)
}

// plain moves past a scalar without quotes and, where it is a value outside of
// brackets, past the lines that go on with it.
func (c *yamlCounter) plain() {
	for c.pos < len(c.data) && c.data[c.pos] != '\n' {
		b := c.data[c.pos]
		switch {
		case b == ':' && (c.blank(c.pos+1) || c.flow > 0 && c.ends(c.pos+1)):
			return
		case b == '#' && c.blank(c.pos-1):
			return
		case c.flow > 0 && c.ends(c.pos):
			return
		}
		c.pos++
	}
	if c.flow == 0 {
		c.deeper(c.base + 1)
	}
}

// block moves past a block scalar.
func (c *yamlCounter) block() {
	c.skipLine()
	c.deeper(c.base + 1)
}

// deeper moves past the lines that follow and have that much space before
// them, or nothing else.
func (c *yamlCounter) deeper(indent int) {
	for c.pos < len(c.data) {
		rest := c.data[c.pos+1:]
		text := bytes.TrimLeft(rest, " ")
		space := len(rest) - len(text)
		if space < indent && len(bytes.TrimLeft(text, "\r")) > 0 && bytes.TrimLeft(text, "\r")[0] != '\n' {
			return
		}
		c.pos++
		c.line = c.pos
		c.skipLine()
	}
}
