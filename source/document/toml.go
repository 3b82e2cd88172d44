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
	var parser unstable.Parser
	parser.Reset(slices.Clip(d.data))
	root := d.newTable(make(tree.Path, 0, 1), tree.Place{Line: 1, Column: 1}, byHeader)
	current := root
	for !d.stopped && parser.NextExpression() {
		switch e := parser.Expression(); e.Kind {
		case unstable.Table, unstable.ArrayTable:
			d.finish(current)
			current = d.header(root, e)
		case unstable.KeyValue:
			d.assign(current, e)
		}
	}
	d.path, d.depth = nil, 0
	d.failed(&parser)
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

// header returns the table that a [table] or [[table]] begins. After a problem it
// is one that belongs to nothing.
func (d *tomlDecoder) header(root *tomlTable, e *unstable.Node) *tomlTable {
	t := root
	for it := e.Key(); it.Next() && !d.stopped; {
		name, at := d.build.Key(it.Node().Data), d.place(int(it.Node().Raw.Offset))
		item := t.item(name)
		switch {
		case !it.IsLast():
			if item == nil {
				item = d.addTable(t, name, at, byMention)
			}
			if item.tables == nil {
				return d.clash(t, name, item, at, aTable)
			}
			t = item.tables[len(item.tables)-1]
		case e.Kind == unstable.ArrayTable:
			return d.element(t, name, at)
		case item == nil:
			return d.addTable(t, name, at, byHeader).tables[0]
		case !item.array && item.tables != nil && item.tables[0].by == byMention:
			item.tables[0].by = byHeader
			return item.tables[0]
		default:
			return d.clash(t, name, item, at, aTable)
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
		return d.clash(t, name, item, at, anArray)
	}
	next := d.newTable(t.below(name, strconv.Itoa(len(item.tables))), at, byHeader)
	item.tables = append(item.tables, next)
	return next
}

// clash notes that a key can't be a table here, for it is something else already,
// and returns a table that belongs to nothing.
func (d *tomlDecoder) clash(t *tomlTable, name string, first *tomlItem, at tree.Place, want string) *tomlTable {
	if first.what() == want {
		d.twice(t, name, first, at)
	} else {
		d.path = t.path.Child(name)
		d.problem(tree.Duplicate, at, fmt.Errorf("%q is %s at line %d, so it can't be %s here", name, first.what(), first.at.Line, want))
	}
	return &tomlTable{path: t.below(name)}
}

// twice notes that a key has a value already.
func (d *tomlDecoder) twice(t *tomlTable, name string, first *tomlItem, at tree.Place) {
	d.path = slices.Clone(t.path)
	d.duplicate(name, first.at, at)
}

// assign reads a key and a value into a table.
func (d *tomlDecoder) assign(t *tomlTable, e *unstable.Node) {
	for it := e.Key(); it.Next() && !d.stopped; {
		key := it.Node()
		name, at := d.build.Key(key.Data), d.place(int(key.Raw.Offset))
		item := t.item(name)
		if it.IsLast() {
			if item != nil {
				d.twice(t, name, item, at)
				return
			}
			d.path, d.depth = append(t.path, name), len(t.path)+1
			d.cursor = int(key.Raw.Offset + key.Raw.Length)
			value := d.value(e.Value())
			d.addValue(t, name, at, value)
			return
		}
		if item == nil {
			item = d.addTable(t, name, at, byDots)
		}
		if item.array || item.tables == nil || item.tables[0].by != byDots {
			d.clash(t, name, item, at, "extended by dotted keys")
			return
		}
		t = item.tables[0]
	}
}

func (d *tomlDecoder) value(n *unstable.Node) tree.Tree {
	d.skip()
	at := d.place(d.cursor)
	switch n.Kind {
	case unstable.Array:
		return d.array(n, at)
	case unstable.InlineTable:
		return d.inline(n, at)
	}
	d.cursor = int(n.Raw.Offset + n.Raw.Length)
	if !d.take(1, at) {
		return tree.Tree{}
	}
	return d.scalar(n, at)
}

func (d *tomlDecoder) array(n *unstable.Node, at tree.Place) tree.Tree {
	if !d.take(1, at) || !d.enter(at) {
		return tree.Tree{}
	}
	defer d.leave()
	d.cursor++
	var items []tree.Tree
	for it := n.Children(); it.Next() && !d.stopped; {
		d.push(strconv.Itoa(len(items)))
		items = append(items, d.value(it.Node()))
		d.pop()
	}
	d.skip()
	d.cursor++
	return d.build.List(items, at)
}

func (d *tomlDecoder) inline(n *unstable.Node, at tree.Place) tree.Tree {
	path, depth := slices.Clone(d.path), d.depth
	t := &tomlTable{path: path, at: at, by: byHeader}
	if !d.take(1, at) || !d.fits(1, at) {
		return tree.Tree{}
	}
	d.cursor++
	for it := n.Children(); it.Next() && !d.stopped; {
		d.assign(t, it.Node())
	}
	d.path, d.depth = path, depth
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
