package document

import (
	"bytes"
	"fmt"
)

// tooManyTOML says what a document has too many of, and at which offset, before
// the parser is let at it, which makes nodes of the whole of an array or a dotted
// key. Each element of an array has a comma of its own, but for the last.
func tooManyTOML(data []byte, limits Limits) (offset int, what error) {
	most := max(limits.Keys, manyValues)
	if len(data)/2 <= most {
		return 0, nil
	}
	commas, dots := 0, 0
	for i := 0; i < len(data); i++ {
		switch c := data[i]; c {
		case ',':
			commas++
			dots = 0
		case '.':
			dots++
		case '\n', '=', '[', ']', '{', '}':
			dots = 0
		case '#':
			if n := bytes.IndexByte(data[i:], '\n'); n >= 0 {
				i += n - 1
			} else {
				i = len(data)
			}
		case '"', '\'':
			i = endOfTOMLString(data, i)
		}
		if commas > most {
			return i, fmt.Errorf("more than %d values", limits.Keys)
		}
		if dots > max(limits.Depth, 1) {
			return i, fmt.Errorf("more than %d maps and lists inside one another", limits.Depth)
		}
	}
	return 0, nil
}

// endOfTOMLString returns the offset of the last quote of the string that begins
// at an offset.
func endOfTOMLString(data []byte, begin int) int {
	quote := data[begin : begin+1]
	if triple := bytes.Repeat(quote, 3); bytes.HasPrefix(data[begin:], triple) {
		quote = triple
	}
	for i := begin + len(quote); i < len(data); i++ {
		switch {
		case data[i] == '\\' && quote[0] == '"':
			i++
		case data[i] == '\n' && len(quote) == 1: // not closed, which the parser will say
			return i
		case bytes.HasPrefix(data[i:], quote):
			return i + len(quote) - 1
		}
	}
	return len(data)
}
