package document

import (
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/confsync/confsync/tree"
)

// yamlChars finds bytes by lines and characters, which is how the parser counts,
// in a time that doesn't depend on how long the lines are.
type yamlChars struct {
	lines []yamlLine
	marks []int // the offset of every markEvery-th character
}

type yamlLine struct{ offset, chars int } // where it begins

const markEvery = 64

func newYAMLChars(data []byte) *yamlChars {
	c := &yamlChars{lines: []yamlLine{{}}}
	chars := 0
	for i := 0; i < len(data); chars++ {
		if chars%markEvery == 0 {
			c.marks = append(c.marks, i)
		}
		r, size := utf8.DecodeRune(data[i:])
		i += size
		switch r {
		case '\r':
			if i < len(data) && data[i] == '\n' {
				continue // the line ends with the next character
			}
		case '\n', '\u0085', '\u2028', '\u2029':
		default:
			continue
		}
		c.lines = append(c.lines, yamlLine{i, chars + 1})
	}
	return c
}

// offset returns where a character stands, and where its line begins.
func (c *yamlChars) offset(data []byte, line, column int) (at, start int) {
	if line > len(c.lines) {
		return len(data), len(data)
	}
	begin := c.lines[line-1]
	at, chars := begin.offset, begin.chars
	want := begin.chars + column - 1
	if mark := min(want/markEvery, len(c.marks)-1); mark >= 0 && c.marks[mark] > at {
		at, chars = c.marks[mark], mark*markEvery
	}
	for ; chars < want && at < len(data); chars++ {
		_, size := utf8.DecodeRune(data[at:])
		at += size
	}
	return at, begin.offset
}

func (d *yamlDecoder) at(n *yaml.Node) tree.Place { return d.column(n.Line, n.Column) }

// column returns a place of the parser's with its column in bytes.
func (d *yamlDecoder) column(line, column int) tree.Place {
	if line < 1 {
		return tree.Place{}
	}
	if !d.ascii {
		if d.chars == nil {
			d.chars = newYAMLChars(d.data)
		}
		at, start := d.chars.offset(d.data, line, column)
		column = at - start + 1
	}
	return tree.Place{Line: int32(line), Column: int32(column)}
}

// from returns the text from a place on.
func (d *yamlDecoder) from(at tree.Place) []byte {
	if at.Line < 1 {
		return nil
	}
	if d.chars == nil {
		d.chars = newYAMLChars(d.data)
	}
	offset := len(d.data)
	if int(at.Line) <= len(d.chars.lines) {
		offset = min(d.chars.lines[at.Line-1].offset+int(at.Column)-1, len(d.data))
	}
	return d.data[offset:]
}
