package document

import (
	"errors"
	"fmt"
	"strings"

	"github.com/confsync/confsync/source"
)

// expand replaces the variables in a value, where they are to be replaced. A panic
// of the lookup is what is wrong with the value.
func (d *dotenvDecoder) expand(text string, err error) (_ string, failed error) {
	if d.lookup == nil || err != nil || !strings.Contains(text, "$") {
		return text, err
	}
	defer func() {
		if v := recover(); v != nil {
			failed = source.Panicked("the lookup of a variable", v)
		}
	}()
	x := expander{variable: d.variable, room: d.room}
	text = x.text(text, 0)
	d.room = x.room
	return text, x.err
}

// variable returns the value of a variable: the environment's, so that it can
// override the file, or the one that stands further up.
func (d *dotenvDecoder) variable(name string) (string, bool) {
	if value, ok := d.lookup(name); ok {
		return value, true
	}
	value, ok := d.known[name]
	return value, ok
}

// expander replaces $NAME, ${NAME}, ${NAME:-default} and their like in texts.
type expander struct {
	variable func(name string) (string, bool)
	room     int // bytes that values may still bring in
	err      error
}

const deepestExpansion = 20 // defaults inside defaults

func (x *expander) text(text string, depth int) string {
	if depth > deepestExpansion {
		x.fail(errors.New("too many ${ inside one another"))
		return ""
	}
	var out strings.Builder
	for {
		before, after, found := strings.Cut(text, "$")
		if out.WriteString(before); !found || x.err != nil {
			return out.String()
		}
		switch {
		case strings.HasPrefix(after, "$"):
			out.WriteByte('$')
			text = after[1:]
		case strings.HasPrefix(after, "{"):
			inner, rest, ok := cutBraces(after[1:])
			if !ok {
				x.fail(errors.New("a ${ that is not closed (write $$ for a $)"))
				return ""
			}
			out.WriteString(x.braced(inner, depth))
			text = rest
		default:
			name := nameOf(after)
			if name == "" {
				out.WriteByte('$')
			} else {
				value, _ := x.value(name)
				out.WriteString(value)
			}
			text = after[len(name):]
		}
	}
}

// braced returns what NAME, NAME:-default and their like stand for.
func (x *expander) braced(inner string, depth int) string {
	name := nameOf(inner)
	operator := inner[len(name):]
	value, set := x.value(name)
	nonEmpty := strings.HasPrefix(operator, ":") // as well as set
	set = set && (!nonEmpty || value != "")
	operator = strings.TrimPrefix(operator, ":")
	switch {
	case name == "" || operator == "" && nonEmpty:
	case operator == "":
		return value
	case operator[0] == '-' && set:
		return value
	case operator[0] == '-':
		return x.text(operator[1:], depth+1)
	case operator[0] == '+' && set:
		return x.text(operator[1:], depth+1)
	case operator[0] == '+':
		return ""
	case operator[0] == '?' && set:
		return value
	case operator[0] == '?':
		x.fail(fmt.Errorf("the variable %s is required", name))
		return ""
	}
	x.fail(errors.New("not ${NAME}, ${NAME:-default}, ${NAME:+other} or ${NAME:?} (write $$ for a $)"))
	return ""
}

func (x *expander) value(name string) (string, bool) {
	value, set := x.variable(name)
	if x.room -= len(value); x.room < 0 {
		x.fail(errors.New("variables make the document too large"))
		return "", false
	}
	return value, set
}

func (x *expander) fail(err error) {
	if x.err == nil {
		x.err = err
	}
}

// nameOf returns the variable's name that a text begins with, "" when it begins
// with none.
func nameOf(text string) string {
	end := 0
	for ; end < len(text); end++ {
		c := text[end] | 0x20
		letter := 'a' <= c && c <= 'z' || text[end] == '_'
		if !letter && (end == 0 || text[end] < '0' || text[end] > '9') {
			break
		}
	}
	return text[:end]
}

// cutBraces splits a text at the brace that closes the one before it.
func cutBraces(text string) (inner, rest string, ok bool) {
	open := 1
	for i := range len(text) {
		switch {
		case text[i] == '{' && i > 0 && text[i-1] == '$':
			open++
		case text[i] == '}':
			if open--; open == 0 {
				return text[:i], text[i+1:], true
			}
		}
	}
	return "", "", false
}
