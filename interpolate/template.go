package interpolate

import (
	"errors"
	"strings"
)

// template is a text in parts.
type template []part

// part is a literal text or a placeholder.
type part struct {
	literal string
	name    string   // of a placeholder: what stands in it, before a default
	or      template // its default
	hasOr   bool
}

const maxNesting = 20 // placeholders in the defaults of one another

var (
	errUnclosed = errors.New(`a placeholder is not closed: want "}" behind "${", or "$$" for a dollar sign`)
	errEmpty    = errors.New(`a placeholder is empty: want a path or env:NAME, or "$$" for a dollar sign`)
	errNesting  = errors.New("too many placeholders stand inside one another")
)

// isTemplate reports whether a text has anything in it to fill or to take away.
func isTemplate(text string) bool {
	return strings.Contains(text, "${") || strings.Contains(text, "$$")
}

// parse reads a text.
func parse(text string) (template, error) {
	t, rest, err := parseUntil(text, false, 0)
	if err == nil && rest != "" {
		panic("interpolate: text is left over")
	}
	return t, err
}

// parseUntil reads to the end of the text or, inside a placeholder, to the brace
// that closes it.
func parseUntil(text string, inside bool, depth int) (t template, rest string, err error) {
	if depth > maxNesting {
		return nil, "", errNesting
	}
	var literal strings.Builder
	flush := func() {
		if literal.Len() > 0 {
			t = append(t, part{literal: literal.String()})
			literal.Reset()
		}
	}
	for text != "" {
		switch {
		case inside && text[0] == '}':
			flush()
			return t, text, nil
		case strings.HasPrefix(text, "$$"):
			literal.WriteByte('$')
			text = text[2:]
		case strings.HasPrefix(text, "${"):
			flush()
			var p part
			if p, text, err = parsePlaceholder(text[2:], depth); err != nil {
				return nil, "", err
			}
			t = append(t, p)
		default:
			literal.WriteByte(text[0])
			text = text[1:]
		}
	}
	if inside {
		return nil, "", errUnclosed
	}
	flush()
	return t, "", nil
}

// parsePlaceholder reads a placeholder from behind its opening brace.
func parsePlaceholder(text string, depth int) (p part, rest string, err error) {
	end, or := strings.IndexByte(text, '}'), strings.Index(text, ":-")
	if end < 0 {
		return p, "", errUnclosed
	}
	if or < 0 || or > end {
		p.name, rest = text[:end], text[end+1:]
	} else {
		p.name, p.hasOr = text[:or], true
		if p.or, rest, err = parseUntil(text[or+2:], true, depth+1); err != nil {
			return p, "", err
		}
		rest = rest[1:]
	}
	if p.name = strings.TrimSpace(p.name); p.name == "" {
		err = errEmpty
	}
	return p, rest, err
}
