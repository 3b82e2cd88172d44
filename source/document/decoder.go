package document

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/confsync/confsync/tree"
)

// decoder is what the decoders of all formats have in common: the text, the
// path of the value at hand, the problems so far, and when to stop.
type decoder struct {
	*workshop
	done    <-chan struct{} // closed to end the decoding
	data    []byte          // valid UTF-8 with no byte order mark
	ascii   bool
	lines   lines
	at      line // of the last place
	limits  Limits
	path    tree.Path
	depth   int  // of the value at hand
	deepest int  // of all so far
	values  int  // so far
	stopped bool // nothing that follows matters
	found   []error
}

const maxProblems = 100

// accept takes in the data of the document, which must be text. JSON's own
// reader looks at the characters itself. The lines are those that every value of
// TOML is to be found in; YAML's readers count for themselves.
func (d *decoder) accept(data []byte, format Format) {
	if isUTF16(data) {
		d.problem(tree.Unusable, tree.Place{Line: 1, Column: 1}, errors.New("the document is UTF-16: save it as UTF-8"))
		return
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	d.data, d.ascii = data, true
	if format == JSON || format == JSONC {
		return
	}
	if format == TOML {
		d.lines = newLines(data)
	}
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case ' ' <= c && c < utf8.RuneSelf, c == '\t', c == '\r':
		case c == '\n':
			if d.lines != nil {
				d.lines = append(d.lines, int32(i+1))
			}
		case c < ' ':
			d.stop(tree.Unusable, d.place(i), fmt.Errorf("found %s in the text", tree.Describe(data[i:])))
			return
		default:
			d.ascii = false
			r, size := utf8.DecodeRune(data[i:])
			if r == utf8.RuneError && size == 1 {
				d.stop(tree.Unusable, d.place(i), errors.New("the document is not UTF-8"))
				return
			}
			i += size - 1
		}
	}
}

// isUTF16 reports whether a text begins with the byte order mark of UTF-16, or
// with one of its ASCII characters.
func isUTF16(data []byte) bool {
	if len(data) < 2 {
		return false
	}
	a, b := data[0], data[1]
	return a == 0xff && b == 0xfe || a == 0xfe && b == 0xff || (a == 0) != (b == 0)
}

// problem notes that something is wrong with the value at hand.
func (d *decoder) problem(kind tree.ProblemKind, at tree.Place, err error) {
	if d.stopped {
		return
	}
	d.found = append(d.found, tree.Problem{
		Path:   tree.Shortened(d.path),
		Kind:   kind,
		Origin: tree.Origin{Line: int(at.Line), Column: int(at.Column)},
		Err:    err,
	})
	if kind == tree.TooLarge || len(d.found) == maxProblems {
		d.stopped = true
	}
}

// stop notes a problem after which nothing can be read.
func (d *decoder) stop(kind tree.ProblemKind, at tree.Place, err error) {
	d.problem(kind, at, err)
	d.stopped = true
}

// interrupted reports whether the decoding is to end, and ends it.
func (d *decoder) interrupted() bool {
	select {
	case <-d.done:
		d.stopped, d.found = true, []error{tree.ErrInterrupted}
		return true
	default:
		return false
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
	if d.values%1024 < n {
		d.interrupted()
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
	t, twice := d.build.MapOf(entries, at)
	for _, e := range twice {
		d.duplicate(e.Key, e.First, e.Second)
	}
	return t
}

// close builds the map of the entries from base on, and forgets them.
func (d *decoder) close(base int, at tree.Place) tree.Tree {
	t := d.mapOf(d.open[base:], at)
	d.open = d.open[:base]
	return t
}

func (d *decoder) duplicate(key string, first, second tree.Place) {
	d.push(key)
	d.problem(tree.Duplicate, second, &tree.DuplicateKeyError{Key: key, First: first, Second: second})
	d.pop()
}

// notMap returns the problem of a document whose top level is something else.
func (d *decoder) notMap(t tree.Tree, at tree.Place) tree.Tree {
	if t.Root() != nil && t.Root().Kind() != tree.Map {
		d.problem(tree.Unusable, at, fmt.Errorf("the document is a %s, not a map", t.Root().Kind()))
	}
	return t
}

// lines are the offsets at which the lines of a text begin.
type lines []int32

// newLines returns the first line, with room for the others.
func newLines(data []byte) lines { return make(lines, 1, 1+bytes.Count(data, []byte{'\n'})) }

func linesOf(data []byte) lines {
	starts := newLines(data)
	for i := 0; ; {
		n := bytes.IndexByte(data[i:], '\n')
		if n < 0 {
			return starts
		}
		i += n + 1
		starts = append(starts, int32(i))
	}
}

// line is one of them.
type line struct {
	number     int32 // from 1; 0 for none
	begin, end int32
}

// place returns the line and the column of an offset, in bytes. It is quickest
// for one that isn't far behind the last.
func (d *decoder) place(offset int) tree.Place {
	at := int32(offset)
	if at < d.at.begin || at >= d.at.end {
		d.seek(at)
	}
	return tree.Place{Line: d.at.number, Column: at - d.at.begin + 1}
}

// seek finds the line of an offset, which is mostly one of the next.
func (d *decoder) seek(at int32) {
	if d.lines == nil {
		d.lines = linesOf(d.data)
	}
	i := int(d.at.number) // of the line after the last, from 0
	for near := 0; near < 4 && i+1 < len(d.lines) && d.lines[i+1] <= at; near++ {
		i++
	}
	if i == len(d.lines) || d.lines[i] > at || i+1 < len(d.lines) && d.lines[i+1] <= at {
		found := false
		if i, found = slices.BinarySearch(d.lines, at); !found {
			i--
		}
	}
	d.at = line{number: int32(i + 1), begin: d.lines[i], end: math.MaxInt32}
	if i+1 < len(d.lines) {
		d.at.end = d.lines[i+1]
	}
}
