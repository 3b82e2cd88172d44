package document

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/confsync/confsync/tree"
)

// decoder is what the decoders of all formats have in common: the text, the
// path of the value at hand, the problems so far, and when to stop.
type decoder struct {
	data    []byte // valid UTF-8 with no byte order mark
	ascii   bool
	lines   lines
	limits  Limits
	build   tree.Builder
	path    tree.Path
	depth   int  // of the value at hand
	deepest int  // of all so far
	values  int  // so far
	stopped bool // nothing that follows matters
	found   []error
}

const maxProblems = 100

// accept takes in the data of the document.
func (d *decoder) accept(data []byte) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	d.data, d.ascii = data, true
	for i := 0; i < len(data); {
		if data[i] < utf8.RuneSelf {
			i++
			continue
		}
		d.ascii = false
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			d.problem(tree.Unusable, d.place(i), errors.New("the document is not UTF-8"))
			d.stopped = true
			return
		}
		i += size
	}
}

// problem notes that something is wrong with the value at hand.
func (d *decoder) problem(kind tree.ProblemKind, at tree.Place, err error) {
	if d.stopped {
		return
	}
	d.found = append(d.found, tree.Problem{
		Path:   slices.Clone(d.path),
		Kind:   kind,
		Origin: tree.Origin{Line: int(at.Line), Column: int(at.Column)},
		Err:    err,
	})
	if kind == tree.TooLarge || len(d.found) == maxProblems {
		d.stopped = true
	}
}

func (d *decoder) err() error { return errors.Join(d.found...) }

// take counts n more values. It reports false when that is too many, or when
// the decoder has stopped.
func (d *decoder) take(n int, at tree.Place) bool {
	d.values += min(n, d.limits.Keys+1)
	if d.values > d.limits.Keys {
		d.problem(tree.TooLarge, at, fmt.Errorf("more than %d values", d.limits.Keys))
	}
	return !d.stopped
}

// enter is called before the children of a map or a list are read, and leave
// after, when it reported true.
func (d *decoder) enter(at tree.Place) bool {
	if !d.fits(1, at) {
		return false
	}
	d.depth++
	return true
}

// fits reports whether a value of that depth may stand here.
func (d *decoder) fits(depth int, at tree.Place) bool {
	d.deepest = max(d.deepest, d.depth+depth)
	if d.deepest > d.limits.Depth {
		d.problem(tree.TooLarge, at, fmt.Errorf("more than %d maps and lists inside one another", d.limits.Depth))
	}
	return !d.stopped
}

func (d *decoder) leave() { d.depth-- }

// push and pop keep the path of the value at hand.
func (d *decoder) push(segment string) { d.path = append(d.path, segment) }
func (d *decoder) pop()                { d.path = d.path[:len(d.path)-1] }

// mapOf builds a map. Every key that stands more than once is a problem.
func (d *decoder) mapOf(entries []tree.Entry, at tree.Place) tree.Tree {
	if d.stopped {
		return tree.Tree{}
	}
	t, err := d.build.Map(entries, at)
	if err == nil {
		return t
	}
	for i := 1; i < len(entries); i++ { // the builder has sorted them
		if entries[i].Key == entries[i-1].Key && entries[i].Tree.Root() != nil {
			d.duplicate(entries[i].Key, entries[i-1].At, entries[i].At)
		}
	}
	return tree.Tree{}
}

func (d *decoder) duplicate(key string, first, second tree.Place) {
	d.push(key)
	d.problem(tree.Duplicate, second, &tree.DuplicateKeyError{Key: key, First: first, Second: second})
	d.pop()
}

// notMap is the problem of a document whose top level is something else.
func (d *decoder) notMap(t tree.Tree, at tree.Place) tree.Tree {
	if t.Root() != nil && t.Root().Kind() != tree.Map {
		d.problem(tree.Unusable, at, fmt.Errorf("the document is a %s, not a map", t.Root().Kind()))
	}
	return t
}

func tooManyBytes(n, limit int) error {
	return fmt.Errorf("%d bytes, more than %d", n, limit)
}

// lines are the offsets at which the lines of a text begin.
type lines []int

func linesOf(data []byte) lines {
	starts := make(lines, 1, 1+bytes.Count(data, []byte{'\n'}))
	for i := 0; ; {
		n := bytes.IndexByte(data[i:], '\n')
		if n < 0 {
			return starts
		}
		i += n + 1
		starts = append(starts, i)
	}
}

// place is the line and column of an offset.
func (d *decoder) place(offset int) tree.Place {
	if d.lines == nil {
		d.lines = linesOf(d.data)
	}
	line, found := slices.BinarySearch(d.lines, offset)
	if !found {
		line--
	}
	return tree.Place{Line: int32(line + 1), Column: int32(offset-d.lines[line]) + 1}
}

// quoted is what parsers put of a document into their messages.
var quoted = regexp.MustCompile("U\\+[0-9A-F]+ ?|'(\\\\.|[^'\\\\])*'|\"(\\\\.|[^\"\\\\])*\"|`[^`]*`")

// scrub is a parser's message without what it quotes. Single marks of
// punctuation stay, for they are the syntax that was expected.
func scrub(message string) error {
	clean := quoted.ReplaceAllStringFunc(message, func(q string) string {
		if len(q) == 3 && !unicode.IsLetter(rune(q[1])) && !unicode.IsDigit(rune(q[1])) {
			return q
		}
		return ""
	})
	return errors.New(strings.Join(strings.Fields(clean), " "))
}
