package tree

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"sync"
)

// JSON reads texts in JSON. The zero JSON reads RFC 8259.
type JSON struct {
	// Comments allows what JSONC adds: comments as in Go, and a comma after the
	// last element of a list or a map.
	Comments bool

	// Keys is the most values a text may have, maps, lists and their elements
	// included. Zero: no limit.
	Keys int

	// Depth is the most maps and lists that may stand inside one another. Zero: 10,000.
	Depth int

	// Done, once closed, ends the reading of a long text. The error is then [ErrInterrupted].
	Done <-chan struct{}
}

// ErrInterrupted is the error of a reading that was ended before it was done.
var ErrInterrupted = errors.New("interrupted")

const defaultJSONDepth = 10_000

// workshop is what a document is built in, and larger than most of what is built.
type workshop struct {
	build   Builder
	entries []Entry // of all maps that are open, each behind the one around it
}

const maxKept = 1024 // entries that room is kept for

var workshops = sync.Pool{New: func() any { return &workshop{entries: make([]Entry, 0, 64)} }}

// leave cleans up for the next document.
func (w *workshop) leave() {
	used := w.entries[:cap(w.entries)]
	if len(used) > maxKept {
		return
	}
	for i := range used {
		used[i] = Entry{}
	}
	*w = workshop{entries: used[:0]}
	workshops.Put(w)
}

// Read returns the tree of a text, in which each value has its line and its
// column in bytes. A number with neither fraction nor exponent is an Int.
// The tree doesn't hold on to data.
//
// The error is one or more [Problem] values, joined, of kind Unusable, Duplicate
// or TooLarge; none of them shows a value. A key that stands twice in a map is a
// problem, and so is anything behind the value.
func (j JSON) Read(data []byte) (Tree, error) {
	if j.Keys == 0 {
		j.Keys = math.MaxInt
	}
	if j.Depth == 0 {
		j.Depth = defaultJSONDepth
	}
	w := workshops.Get().(*workshop)
	defer w.leave()
	r := jsonReader{JSON: j, data: data, line: 1, workshop: w}
	t := r.document()
	if r.found != nil {
		return Tree{}, errors.Join(r.found...)
	}
	return t, nil
}

// jsonReader reads one text, in one pass.
type jsonReader struct {
	JSON
	data  []byte
	pos   int
	line  int32
	start int // where the line begins
	*workshop
	items   []Tree // of all lists that are open
	path    Path   // of the value at hand
	depth   int    // of the value at hand
	values  int    // so far
	stopped bool   // nothing that follows matters
	found   []error
}

func (r *jsonReader) document() Tree {
	n, at, below := r.value()
	t := Tree{root: n, at: at, places: below}
	if at := r.next(); !r.stopped && r.pos < len(r.data) {
		r.unexpected(at, "the end")
	}
	return t
}

// next skips to the next token and returns its place.
func (r *jsonReader) next() Place {
	pos := r.pos
	for ; pos < len(r.data); pos++ {
		switch c := r.data[pos]; {
		case c == ' ', c == '\t', c == '\r':
			continue
		case c == '\n':
			r.line++
			r.start = pos + 1
			continue
		case c == '/':
			r.pos = pos
			if r.comment() {
				pos = r.pos
				continue
			}
		}
		break
	}
	r.pos = pos
	return r.at()
}

func (r *jsonReader) at() Place {
	return Place{Line: r.line, Column: int32(r.pos-r.start) + 1}
}

// comment moves to the last byte of a comment, where one begins and may stand.
func (r *jsonReader) comment() bool {
	rest := r.data[r.pos:]
	if !r.Comments || len(rest) < 2 {
		return false
	}
	switch rest[1] {
	case '/':
		for r.pos+1 < len(r.data) && r.data[r.pos+1] != '\n' {
			r.pos++
		}
		return true
	case '*':
		for i := 2; i+1 < len(rest); i++ {
			if rest[i] == '\n' {
				r.line++
				r.start = r.pos + i + 1
			}
			if rest[i] == '*' && rest[i+1] == '/' {
				r.pos += i + 1
				return true
			}
		}
	}
	return false
}

// ahead reports whether c is the next byte.
func (r *jsonReader) ahead(c byte) bool { return r.pos < len(r.data) && r.data[r.pos] == c }

// value reads a value, and returns what a [Tree] is made of: a Tree is so large
// that to return one takes as long as to read it.
func (r *jsonReader) value() (n *Node, at Place, below *places) {
	at = r.next()
	if !r.take(at) {
		return nil, at, nil
	}
	if r.pos == len(r.data) {
		r.unexpected(at, "a value")
		return nil, at, nil
	}
	switch c := r.data[r.pos]; {
	case c == '{':
		n, below = r.object(at)
	case c == '[':
		n, below = r.array(at)
	case c == '"':
		if text, ok := r.quoted(); ok {
			n = scalar(&r.build, String, text)
		}
	case c == '-' || '0' <= c && c <= '9':
		n = r.number()
	default:
		n = r.word(at)
	}
	return n, at, below
}

func (r *jsonReader) word(at Place) *Node {
	end := r.pos
	for end < len(r.data) && ('a' <= r.data[end]|0x20 && r.data[end]|0x20 <= 'z') {
		end++
	}
	switch word := r.data[r.pos:end]; string(word) {
	case "true", "false":
		r.pos = end
		return scalar(&r.build, Bool, word)
	case "null":
		r.pos = end
		return &Node{kind: Null}
	}
	r.unexpected(at, "a value")
	return nil
}

func (r *jsonReader) object(at Place) (*Node, *places) {
	if !r.enter(at) {
		return nil, nil
	}
	defer r.leave()
	base := len(r.entries)
	defer func() { r.entries = r.entries[:base] }()
	for first := true; ; first = false {
		keyAt := r.next()
		if r.ahead('}') && (first || r.Comments) {
			break
		}
		if !r.ahead('"') {
			r.unexpected(keyAt, "a key in double quotes")
			return nil, nil
		}
		text, ok := r.quoted()
		if !ok {
			return nil, nil
		}
		key := r.build.Key(text)
		if colon := r.next(); !r.ahead(':') {
			r.unexpected(colon, "':'")
			return nil, nil
		}
		r.pos++
		r.path = append(r.path, key)
		n, valueAt, below := r.value()
		r.path = r.path[:len(r.path)-1]
		r.entries = append(r.entries, Entry{})
		e := &r.entries[len(r.entries)-1]
		e.Key, e.At = key, keyAt
		e.Tree.root, e.Tree.at, e.Tree.places = n, valueAt, below
		if end := r.next(); r.stopped || !r.ahead(',') {
			if !r.stopped && !r.ahead('}') {
				r.unexpected(end, "',' or '}'")
				return nil, nil
			}
			break
		}
		r.pos++
	}
	r.pos++
	return r.mapOf(r.entries[base:], at)
}

func (r *jsonReader) array(at Place) (*Node, *places) {
	if !r.enter(at) {
		return nil, nil
	}
	defer r.leave()
	base := len(r.items)
	defer func() { r.items = r.items[:base] }()
	for first := true; ; first = false {
		if r.next(); r.ahead(']') && (first || r.Comments) {
			break
		}
		r.path = append(r.path, strconv.Itoa(len(r.items)-base))
		n, valueAt, below := r.value()
		r.path = r.path[:len(r.path)-1]
		r.items = append(r.items, Tree{root: n, at: valueAt, places: below})
		if end := r.next(); r.stopped || !r.ahead(',') {
			if !r.stopped && !r.ahead(']') {
				r.unexpected(end, "',' or ']'")
				return nil, nil
			}
			break
		}
		r.pos++
	}
	r.pos++
	t := r.build.List(r.items[base:], at)
	return t.root, t.places
}

// number reads -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?
func (r *jsonReader) number() *Node {
	begin, kind := r.pos, Int
	digits := func() bool {
		from := r.pos
		for r.pos < len(r.data) && '0' <= r.data[r.pos] && r.data[r.pos] <= '9' {
			r.pos++
		}
		return r.pos > from
	}
	if r.ahead('-') {
		r.pos++
	}
	whole := true
	if r.ahead('0') {
		r.pos++
	} else {
		whole = digits()
	}
	if whole && r.ahead('.') {
		kind = Float
		r.pos++
		whole = digits()
	}
	if whole && (r.ahead('e') || r.ahead('E')) {
		kind = Float
		r.pos++
		if r.ahead('+') || r.ahead('-') {
			r.pos++
		}
		whole = digits()
	}
	if !whole {
		r.unexpected(r.at(), "a digit")
		return nil
	}
	return scalar(&r.build, kind, r.data[begin:r.pos])
}

// take counts a value. It reports false when that is one too many, or when the
// reader has stopped.
func (r *jsonReader) take(at Place) bool {
	if r.values++; r.values > r.Keys {
		r.problem(TooLarge, at, fmt.Errorf("more than %d values", r.Keys))
	}
	if r.values%1024 == 0 {
		select {
		case <-r.Done:
			r.stopped, r.found = true, []error{ErrInterrupted}
		default:
		}
	}
	return !r.stopped
}

// enter goes past the bracket that opens a map or a list; leave is called after
// its children, when it has reported true.
func (r *jsonReader) enter(at Place) bool {
	if r.depth++; r.depth > r.Depth {
		r.problem(TooLarge, at, fmt.Errorf("more than %d maps and lists inside one another", r.Depth))
	}
	r.pos++
	return !r.stopped
}

func (r *jsonReader) leave() { r.depth-- }

// mapOf builds a map. Every key that stands more than once is a problem.
func (r *jsonReader) mapOf(entries []Entry, at Place) (*Node, *places) {
	if r.stopped {
		return nil, nil
	}
	t, twice := r.build.MapOf(entries, at)
	for _, d := range twice {
		if r.stopped {
			break
		}
		p := Shortened(r.path.Child(d.Key))
		r.found = append(r.found, Problem{Path: p, Kind: Duplicate, Origin: d.Second.origin(), Err: d})
		r.stopped = len(r.found) == MaxProblems
	}
	return t.root, t.places
}
