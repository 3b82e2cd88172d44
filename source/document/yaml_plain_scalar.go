package document

import (
	"bytes"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/confsync/confsync/tree"
)

// key reads a key and its colon.
func (p *plainYAML) key(inFlow bool) (tree.Entry, bool) {
	at := p.at()
	text, quoted, ok := p.scalar(inFlow)
	switch {
	case !ok || !p.before(':') || len(text) > maxPlainKey:
		return tree.Entry{}, false
	case string(text) == "<<" || !quoted && wordKind(text) == tree.Null:
		return tree.Entry{}, false
	}
	p.pos++
	p.spaces()
	return tree.Entry{Key: p.build.Key(text), At: at}, true
}

// scalar reads the text of a scalar.
func (p *plainYAML) scalar(inFlow bool) (text []byte, quoted, ok bool) {
	switch c := p.peek(); {
	case c == '"' || c == '\'':
		text, ok = p.quoted(c)
		return text, true, ok
	case !begins[c], c == '-' && !begins[p.byteAt(p.pos+1)]:
		return nil, false, false
	case p.pos == p.start && (bytes.HasPrefix(p.data[p.pos:], []byte("---")) || bytes.HasPrefix(p.data[p.pos:], []byte("..."))):
		return nil, false, false // it may be a marker
	}
	text, ok = p.unquoted(inFlow)
	return text, false, ok
}

// unquoted reads a scalar without quotes up to where something else begins.
func (p *plainYAML) unquoted(inFlow bool) ([]byte, bool) {
	begin, end := p.pos, p.pos
	for i := begin; ; i++ {
		switch c := p.byteAt(i); {
		case c == ' ':
			continue
		case c == '\n' || c == 0, c == '#' && p.data[i-1] == ' ', c == ':' && p.isBlank(i+1), inFlow && isFlow[c]:
			p.pos = end
			return p.data[begin:end], true
		case c == '\t', c == ':' && inFlow && !begins[p.data[i+1]]:
			return nil, false
		}
		end = i + 1
	}
}

// quoted reads a text between quotes that ends with its line.
func (p *plainYAML) quoted(quote byte) ([]byte, bool) {
	var text []byte // what has been read of one with escapes
	from := p.pos + 1
	for i := from; i < len(p.data); i++ {
		switch c := p.data[i]; {
		case c == '\n':
			return nil, false
		case c == '\\' && quote == '"':
			plain, ok := plainEscapes[p.byteAt(i+1)]
			if !ok {
				return nil, false
			}
			text = append(append(text, p.data[from:i]...), plain)
			i++
			from = i + 1
		case c == '\'' && c == quote && p.byteAt(i+1) == quote:
			i++
			text = append(text, p.data[from:i]...)
			from = i + 1
		case c == quote:
			p.pos = i + 1
			if text == nil {
				return p.data[from:i], true
			}
			return append(text, p.data[from:i]...), true
		}
	}
	return nil, false
}

// plainEscapes are the common ones between double quotes.
var plainEscapes = map[byte]byte{'"': '"', '\\': '\\', '/': '/', 'n': '\n', 't': '\t', 'r': '\r'}

// literal reads the lines behind a "|", which stand deeper than a column.
func (p *plainYAML) literal(column int) (tree.Tree, bool) {
	at := p.at()
	p.pos++
	strip := p.peek() == '-'
	if strip {
		p.pos++
	}
	first := len(p.data[p.pos:]) - len(bytes.TrimLeft(p.data[p.pos:], "\n "))
	indent := first - 1
	if bytes.LastIndexByte(p.data[p.pos:p.pos+first], '\n') != 0 || indent <= column || !p.take(1, at) {
		return tree.Tree{}, false
	}
	var text []byte
	end := 0 // of its last line that isn't empty
	for p.pos++; ; {
		p.line++
		p.start = p.pos
		line, _, more := bytes.Cut(p.data[p.pos:], []byte("\n"))
		body := bytes.TrimLeft(line, " ")
		switch spaces := len(line) - len(body); {
		case len(body) > 0 && spaces < indent, len(line) == 0 && !more:
			if strip {
				end--
			}
			return p.build.ScalarOf(tree.String, text[:end], at), true
		case len(body) == 0 && spaces > indent, !more:
			return tree.Tree{}, false
		case len(body) == 0:
			text = append(text, '\n')
		default:
			text = append(append(text, line[indent:]...), '\n')
			end = len(text)
		}
		p.pos += len(line) + 1
	}
}

// isFlow has the bytes that end a scalar between brackets.
var isFlow = [256]bool{',': true, '[': true, ']': true, '{': true, '}': true}

// begins are the bytes that a scalar without quotes may begin with, a dash too if
// another of them follows.
var begins = func() (is [256]bool) {
	for c := range is {
		is[c] = c > ' ' && !strings.ContainsRune("?:,[]{}#&*!|>'\"%@`\x7f", rune(c))
	}
	return is
}()

// wordKind returns the kind of a scalar that is no text although it is letters,
// Absent for any other.
func wordKind(text []byte) tree.Kind {
	switch string(text) {
	case "~", "null", "Null", "NULL":
		return tree.Null
	case "true", "True", "TRUE", "false", "False", "FALSE":
		return tree.Bool
	}
	return tree.Absent
}

// resolve makes a value of a scalar without quotes. It knows the common ones, and
// has the library say what the others are.
func (p *plainYAML) resolve(text []byte, at tree.Place) (tree.Tree, bool) {
	if c := text[0]; c > '9' || strings.IndexByte("+-.0123456789", c) < 0 {
		switch wordKind(text) {
		case tree.Null:
			return p.build.Null(at), true
		case tree.Bool:
			return p.build.Scalar(tree.Bool, strconv.FormatBool(text[0]|0x20 == 't'), at), true
		}
		return p.build.ScalarOf(tree.String, text, at), true
	}
	if kind := numberKind(text); kind != tree.Absent {
		return p.build.ScalarOf(kind, text, at), true
	}
	n := yaml.Node{Kind: yaml.ScalarNode, Value: string(text)}
	var v any
	if n.Decode(&v) != nil {
		return tree.Tree{}, false
	}
	if _, ok := v.(float64); ok && isPlainFloat(n.Value) {
		return p.build.Scalar(tree.Float, n.Value, at), true
	}
	return (&yamlDecoder{decoder: p.decoder}).scalarOf(v, n.Value, at), true
}

// numberKind returns the kind of a scalar that begins as a number, Absent where
// that isn't plain to see.
func numberKind(text []byte) tree.Kind {
	digits, dots, others := 0, 0, 0
	for i, c := range text {
		switch {
		case '0' <= c && c <= '9':
			digits++
		case c == '.':
			dots++
		case c == '-' && i == 0:
		case strings.IndexByte("abcdefABCDEFxXoO_+-", c) >= 0:
			return tree.Absent // it may be hexadecimal, an exponent, a date
		default:
			others++
		}
	}
	switch {
	case others > 0 && text[0] != '.' && text[0] != '+' && text[0] != '-':
		return tree.String
	case others > 0 || digits == 0 || len(text) > 18:
		return tree.Absent
	case dots == 0 && isPlainInt(string(text)):
		return tree.Int
	case dots == 1 && text[len(text)-1] != '.' && text[0] != '.' && text[0] != '-':
		return tree.Float
	}
	return tree.Absent
}
