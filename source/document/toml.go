package document

import (
	"errors"
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
	var parser unstable.Parser
	parser.Reset(slices.Clip(d.data))
	root := newTable(nil, tree.Place{Line: 1, Column: 1}, byHeader)
	current := root
	for !d.stopped && parser.NextExpression() {
		switch e := parser.Expression(); e.Kind {
		case unstable.Table, unstable.ArrayTable:
			current = d.header(root, e)
		case unstable.KeyValue:
			d.assign(current, e)
		}
	}
	var failed *unstable.ParserError
	if errors.As(parser.Error(), &failed) {
		d.path = nil
		at := parser.Range(failed.Highlight).Offset
		d.problem(tree.Unusable, d.place(int(at)), scrub(failed.Message))
	}
	d.path, d.depth = nil, 0
	return d.table(root)
}

// header is the table that a [table] or [[table]] begins. After a problem it is
// one that belongs to nothing.
func (d *tomlDecoder) header(root *tomlTable, e *unstable.Node) *tomlTable {
	t := root
	for it := e.Key(); it.Next(); {
		name, at := string(it.Node().Data), d.place(int(it.Node().Raw.Offset))
		d.path = t.path
		item := t.items[name]
		switch {
		case !it.IsLast():
			if item == nil {
				item = t.add(name, at)
				item.tables = []*tomlTable{newTable(t.path.Child(name), at, byMention)}
			}
			if item.tables == nil {
				d.duplicate(name, item.at, at)
				return newTable(t.path.Child(name), at, byHeader)
			}
			t = item.tables[len(item.tables)-1]
		case e.Kind == unstable.ArrayTable:
			return d.element(t, name, at)
		case item == nil:
			item = t.add(name, at)
			item.tables = []*tomlTable{newTable(t.path.Child(name), at, byHeader)}
			return item.tables[0]
		case !item.array && item.tables != nil && item.tables[0].by == byMention:
			item.tables[0].by = byHeader
			return item.tables[0]
		default:
			d.duplicate(name, item.at, at)
			return newTable(t.path.Child(name), at, byHeader)
		}
	}
	return t
}

// element is the next table of an array of tables.
func (d *tomlDecoder) element(t *tomlTable, name string, at tree.Place) *tomlTable {
	item := t.items[name]
	if item == nil {
		item = t.add(name, at)
		item.array = true
	}
	if !item.array {
		d.duplicate(name, item.at, at)
		return newTable(t.path.Child(name), at, byHeader)
	}
	next := newTable(t.path.Child(name, strconv.Itoa(len(item.tables))), at, byHeader)
	item.tables = append(item.tables, next)
	return next
}

// assign reads a key and a value into a table.
func (d *tomlDecoder) assign(t *tomlTable, e *unstable.Node) {
	for it := e.Key(); it.Next(); {
		key := it.Node()
		name, at := string(key.Data), d.place(int(key.Raw.Offset))
		item := t.items[name]
		if !it.IsLast() {
			if item == nil {
				item = t.add(name, at)
				item.tables = []*tomlTable{newTable(t.path.Child(name), at, byDots)}
			}
			if item.array || item.tables == nil || item.tables[0].by != byDots {
				d.path = t.path
				d.duplicate(name, item.at, at)
				return
			}
			t = item.tables[0]
			continue
		}
		if item != nil {
			d.path = t.path
			d.duplicate(name, item.at, at)
			return
		}
		d.path, d.depth = t.path.Child(name), len(t.path)+1
		d.cursor = int(key.Raw.Offset + key.Raw.Length)
		t.add(name, at).value = d.value(e.Value())
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
	for it := n.Children(); it.Next(); {
		d.push(strconv.Itoa(len(items)))
		items = append(items, d.value(it.Node()))
		d.pop()
	}
	d.skip()
	d.cursor++
	return d.build.List(items, at)
}

func (d *tomlDecoder) inline(n *unstable.Node, at tree.Place) tree.Tree {
	if !d.fits(1, at) {
		return tree.Tree{}
	}
	path, depth := d.path, d.depth
	t := newTable(path, at, byHeader)
	d.cursor++
	for it := n.Children(); it.Next(); {
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
