package document

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/confsync/confsync/tree"
)

// tomlDecoder takes the parser's expressions one by one and puts each where
// TOML's rules on tables say that it belongs.
type tomlDecoder struct {
	*decoder
	cursor int // in the expression at hand, past what has been read of it
}

func (d *tomlDecoder) document() tree.Tree {
	if at, what := tooManyTOML(d.data, d.limits); what != nil {
		d.problem(tree.TooLarge, d.place(at), what)
		return tree.Tree{}
	}
	parser := &d.workshop.toml
	parser.Reset(slices.Clip(d.data))
	root := d.newTable(tree.Place{Line: 1, Column: 1}, byHeader)
	current := root
	for !d.stopped && parser.NextExpression() {
		switch e := parser.Expression(); e.Kind {
		case unstable.Table, unstable.ArrayTable:
			d.finish(current)
			current = d.header(root, e)
		case unstable.KeyValue:
			base := len(d.path)
			d.assign(current, e)
			d.back(base)
		}
	}
	d.back(0)
	d.failed(parser)
	return d.table(root)
}

// failed notes the parser's own error.
func (d *tomlDecoder) failed(parser *unstable.Parser) {
	var failed *unstable.ParserError
	if !errors.As(parser.Error(), &failed) {
		return
	}
	at := min(int(parser.Range(failed.Highlight).Offset), len(d.data))
	rest := d.data[at:]
	hint := tree.WriteInstead(word(rest))
	d.problem(tree.Unusable, d.place(at), errors.New(withoutChar(failed.Message, rest)+hint))
}

// into and back keep the path of the value at hand, and its depth.
func (d *tomlDecoder) into(segment string) {
	d.push(segment)
	d.depth = len(d.path)
}

func (d *tomlDecoder) back(depth int) { d.path, d.depth = d.path[:depth], depth }

// header returns the table that a [table] or [[table]] begins, and leaves its path
// at hand. After a problem it is one that belongs to nothing.
func (d *tomlDecoder) header(root *tomlTable, e *unstable.Node) *tomlTable {
	t := root
	d.back(0)
	for it := e.Key(); it.Next() && !d.stopped; {
		name, offset := d.build.Key(it.Node().Data), int(it.Node().Raw.Offset)
		d.into(name)
		item := t.item(name)
		switch {
		case !it.IsLast():
			if item == nil {
				item = d.addTable(t, name, d.place(offset), byMention)
			}
			if item.first == nil {
				return d.clash(item, name, d.place(offset), aTable)
			}
			if t = item.last; item.array {
				d.into(strconv.Itoa(item.size - 1))
			}
		case e.Kind == unstable.ArrayTable:
			return d.element(t, name, d.place(offset))
		case item == nil:
			return d.addTable(t, name, d.place(offset), byHeader).first
		case !item.array && item.first != nil && item.first.by == byMention:
			item.first.by = byHeader
			return item.first
		default:
			return d.clash(item, name, d.place(offset), aTable)
		}
	}
	return t
}

// element returns the next table of an array of tables.
func (d *tomlDecoder) element(t *tomlTable, name string, at tree.Place) *tomlTable {
	item := t.item(name)
	if item == nil {
		item = t.add(name, at)
		item.array = true
		d.take(1, at)
	}
	if !item.array {
		return d.clash(item, name, at, anArray)
	}
	d.into(strconv.Itoa(item.size))
	next := d.newTable(at, byHeader)
	if item.size++; item.first == nil {
		item.first = next
	} else {
		item.last.next = next
	}
	item.last = next
	return next
}

// clash notes that the key at hand can't be a table here, for it is something else
// already, and returns a table that belongs to nothing.
func (d *tomlDecoder) clash(first *tomlItem, name string, at tree.Place, want string) *tomlTable {
	if first.what() == want {
		d.twice(first, name, at)
	} else {
		d.problem(tree.Duplicate, at, fmt.Errorf("%q is %s at line %d, so it can't be %s here", name, first.what(), first.at.Line, want))
	}
	return &tomlTable{}
}

// twice notes that the key at hand has a value already.
func (d *tomlDecoder) twice(first *tomlItem, name string, at tree.Place) {
	d.problem(tree.Duplicate, at, &tree.DuplicateKeyError{Key: name, First: first.at, Second: at})
}

// assign reads a key and a value into a table.
func (d *tomlDecoder) assign(t *tomlTable, e *unstable.Node) {
	for it := e.Key(); it.Next() && !d.stopped; {
		key := it.Node()
		name, at := d.build.Key(key.Data), d.place(int(key.Raw.Offset))
		d.into(name)
		item := t.item(name)
		if it.IsLast() {
			if item != nil {
				d.twice(item, name, at)
				return
			}
			d.cursor = int(key.Raw.Offset + key.Raw.Length)
			d.value(e.Value(), d.addValue(t, name, at))
			return
		}
		if item == nil {
			item = d.addTable(t, name, at, byDots)
		}
		if item.array || item.first == nil || item.first.by != byDots {
			d.clash(item, name, at, "extended by dotted keys")
			return
		}
		t = item.first
	}
}

// value sets t to the tree of a value.
func (d *tomlDecoder) value(n *unstable.Node, t *tree.Tree) {
	d.skip()
	at := d.place(d.cursor)
	switch n.Kind {
	case unstable.Array:
		*t = d.array(n, at)
		return
	case unstable.InlineTable:
		*t = d.inline(n, at)
		return
	}
	d.cursor = int(n.Raw.Offset + n.Raw.Length)
	if d.take(1, at) {
		d.scalar(n, at, t)
	}
}

func (d *tomlDecoder) array(n *unstable.Node, at tree.Place) tree.Tree {
	if !d.take(1, at) || !d.fits(1, at) {
		return tree.Tree{}
	}
	base := len(d.path)
	d.cursor++
	var items []tree.Tree
	for it := n.Children(); it.Next() && !d.stopped; {
		d.into(strconv.Itoa(len(items)))
		items = append(items, tree.Tree{})
		d.value(it.Node(), &items[len(items)-1])
		d.back(base)
	}
	d.skip()
	d.cursor++
	return d.build.List(items, at)
}

func (d *tomlDecoder) inline(n *unstable.Node, at tree.Place) tree.Tree {
	if !d.take(1, at) || !d.fits(1, at) {
		return tree.Tree{}
	}
	t, base := d.workshop.table(), len(d.path)
	t.at, t.by = at, byHeader
	d.cursor++
	for it := n.Children(); it.Next() && !d.stopped; {
		d.assign(t, it.Node())
		d.back(base)
	}
	d.skip()
	d.cursor++
	return d.table(t)
}

// skip moves the cursor to the value, or the closing bracket, that is next.
func (d *tomlDecoder) skip() {
	for ; d.cursor < len(d.data); d.cursor++ {
		switch d.data[d.cursor] {
		case ' ', '\t', '\r', '\n', ',', '=':
		case '#':
			for d.cursor < len(d.data) && d.data[d.cursor] != '\n' {
				d.cursor++
			}
		default:
			return
		}
	}
}
