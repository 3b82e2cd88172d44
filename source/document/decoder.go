package document

import (
	"bytes"
	"errors"
	"fmt"
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
	line    int // of the last place
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
// reader looks at the characters itself.
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
	for i := 0; i < len(data); {
		if c := data[i]; c < utf8.RuneSelf {
			if c < ' ' && c != '\n' && c != '\t' && c != '\r' {
				d.stop(tree.Unusable, d.place(i), fmt.Errorf("found %s in the text", tree.Describe(data[i:])))
				return
			}
			i++
			continue
		}
		d.ascii = false
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			d.stop(tree.Unusable, d.place(i), errors.New("the document is not UTF-8"))
			return
		}
		i += size
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

func linesOf(data []byte) lines {
	starts := make(lines, 1, 1+bytes.Count(data, []byte{'\n'}))
	for i := 0; ; {
		n := bytes.IndexByte(data[i:], '\n')
		if n < 0 {
			return starts
		}
		i += n + 1
		starts = append(starts, int32(i))
	}
}

// place returns the line and the column of an offset, in bytes. It is quickest
// for one that isn't far behind the last.
func (d *decoder) place(offset int) tree.Place {
	if d.lines == nil {
		d.lines = linesOf(d.data)
	}
	at := int32(offset)
	for near := 0; near < 4 && d.line+1 < len(d.lines) && d.lines[d.line+1] <= at; near++ {
		d.line++
	}
	if d.lines[d.line] > at || d.line+1 < len(d.lines) && d.lines[d.line+1] <= at {
		line, found := slices.BinarySearch(d.lines, at)
		if !found {
			line--
		}
		d.line = line
	}
	return tree.Place{Line: int32(d.line + 1), Column: at - d.lines[d.line] + 1}
}
