package redis

import (
	"bufio"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A command is its name and its arguments.
type command []string

func (c command) append(buf []byte) []byte {
	buf = appendLine(buf, '*', len(c))
	for _, arg := range c {
		buf = append(appendLine(buf, '$', len(arg)), arg...)
		buf = append(buf, "\r\n"...)
	}
	return buf
}

func appendLine(buf []byte, kind byte, n int) []byte {
	return append(strconv.AppendInt(append(buf, kind), int64(n), 10), "\r\n"...)
}

// A reply is a string, an int64, nil, a list ([]any, of the keys and values in
// turn where the server sends a map), or one of these errors.
type refusal string

func (r refusal) Error() string { return string(r) }

// code returns the first word, such as "NOPERM".
func (r refusal) code() string {
	code, _, _ := strings.Cut(string(r), " ")
	return code
}

// errTooLong is the reply in place of one beyond a decoder's bounds.
var errTooLong = errors.New("the reply is larger than MaxBytes or MaxKeys allow")

// decoder reads the protocol, RESP2 or RESP3. The go-redis client reads it too,
// but takes a push for a reply once a connection is subscribed, doesn't expect
// one within a reply, where servers before 7.2 put it, and bounds nothing.
type decoder struct {
	r      *bufio.Reader
	push   func([]any) // called with each push when it has been read
	bytes  int         // that a reply may hold, negative: any number
	items  int         // that a list may have, negative: any number
	held   int
	beyond bool // one of the bounds; the rest of the reply is dropped
}

// next returns the next reply. The error, when there is one, is the
// connection's, and the last.
func (d *decoder) next() (any, error) {
	d.held, d.beyond = 0, false
	reply, err := d.value()
	if err == nil && d.beyond {
		return errTooLong, nil
	}
	return reply, err
}

func (d *decoder) value() (any, error) {
	for {
		v, pushed, err := d.item()
		if err != nil || !pushed {
			return v, err
		}
	}
}

// item reads a value, or a push, which isn't one.
func (d *decoder) item() (v any, pushed bool, err error) {
	line, err := d.r.ReadSlice('\n')
	if err != nil {
		return nil, false, err
	}
	if len(line) < 3 {
		return nil, false, errors.New("protocol: short line")
	}
	kind, rest := line[0], string(line[1:len(line)-2])
	switch kind {
	case '+', ',', '(', '#':
		return rest, false, nil
	case '-':
		return refusal(rest), false, nil
	case '_':
		return nil, false, nil
	}
	n, err := strconv.ParseInt(rest, 10, 64)
	if err != nil {
		return nil, false, fmt.Errorf("protocol: no length after %q", kind)
	}
	switch kind {
	case ':':
		return n, false, nil
	case '$', '=':
		v, err = d.bulk(n)
	case '!':
		v, err = d.bulk(n)
		message, _ := v.(string)
		v = refusal(message)
	case '*', '~':
		v, err = d.list(n)
	case '%':
		v, err = d.list(2 * n)
	case '|': // attributes, of the value that follows
		if _, err = d.list(2 * n); err == nil {
			return d.item()
		}
	case '>':
		return d.pushed(n)
	default:
		err = fmt.Errorf("protocol: unknown type %q", kind)
	}
	return v, pushed, err
}

// pushed reads a push, which is no part of what a reply holds. If it is beyond a
// bound itself, any key may have changed.
func (d *decoder) pushed(n int64) (v any, pushed bool, err error) {
	held, beyond := d.held, d.beyond
	d.held, d.beyond = 0, false
	v, err = d.list(n)
	list, _ := v.([]any)
	if d.beyond {
		list = []any{"invalidate", nil}
	}
	d.held, d.beyond = held, beyond
	if err != nil || isAnswer(list) {
		return v, false, err
	}
	d.push(list)
	return nil, true, nil
}

// isAnswer reports whether a push is the answer to a command.
func isAnswer(push []any) bool {
	return len(push) == 3 && (push[0] == "subscribe" || push[0] == "psubscribe")
}

const largest = 1 << 31 // length of a string, that a sane server sends

func (d *decoder) bulk(n int64) (any, error) {
	if n < 0 {
		return nil, nil
	}
	if n > largest {
		return nil, errors.New("protocol: string too long")
	}
	size := int(n)
	d.held += size
	d.beyond = d.beyond || d.bytes >= 0 && d.held > d.bytes
	if d.beyond {
		_, err := d.r.Discard(size + 2)
		return "", err
	}
	var text strings.Builder
	text.Grow(size)
	for text.Len() < size {
		part, err := d.r.Peek(min(size-text.Len(), max(1, d.r.Buffered())))
		if err != nil {
			return nil, err
		}
		text.Write(part)
		d.r.Discard(len(part))
	}
	_, err := d.r.Discard(2)
	return text.String(), err
}

func (d *decoder) list(n int64) (any, error) {
	if n < 0 {
		return nil, nil
	}
	d.beyond = d.beyond || d.items >= 0 && n > int64(d.items)
	list := make([]any, 0, min(n, 1024))
	for range n {
		item, err := d.value()
		if err != nil {
			return nil, err
		}
		if !d.beyond {
			list = append(list, item)
		}
	}
	return list, nil
}
