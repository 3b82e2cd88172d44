package document

import (
	"github.com/confsync/confsync/tree"
)

// tomlTable is a table that more may come to, for TOML lets the parts of a
// table stand apart. Only tables come to it once the part that has its values is
// over.
type tomlTable struct {
	at     tree.Place
	by     origin
	open   []tree.Entry   // its values, while there may be more
	values tree.Tree      // the map of them, once there are no more
	tables []tomlItem     // the tables in it
	seen   uint64         // a bit for each key, which others may share
	index  map[string]int // in tables, by name, or aValue; nil while there are few of both
	next   *tomlTable     // of an array of tables
}

// tomlItem is what a key of a table stands for: a table, an array of tables or,
// with no table, a value.
type tomlItem struct {
	name        string
	at          tree.Place // of the key
	first, last *tomlTable
	size        int // of an array
	array       bool
}

// origin is what made a table, on which depends what may be added to it.
type origin uint8

const (
	byMention origin = iota // in the header of a table below it
	byHeader                // in its own header, or with braces
	byDots                  // by a dotted key
)

// newTable makes the table at the path at hand, and counts it.
func (d *tomlDecoder) newTable(at tree.Place, by origin) *tomlTable {
	if d.take(1, at) {
		d.fits(1, at)
	}
	t := d.workshop.table()
	t.at, t.by = at, by
	return t
}

const (
	few    = 12 // keys, which are looked through one by one
	aValue = -1 // in the place of an index
)

// item returns the item of a key, nil when there is none. It is good until the
// next is added.
func (t *tomlTable) item(name string) *tomlItem {
	if t.seen&bitOf(name) == 0 {
		return nil
	}
	if t.index != nil {
		if i, ok := t.index[name]; !ok {
			return nil
		} else if i != aValue {
			return &t.tables[i]
		}
	}
	for i := range t.open {
		if t.open[i].Key == name {
			return &tomlItem{name: name, at: t.open[i].At}
		}
	}
	if t.values.Root().Child(name) != nil {
		at, _ := t.values.Origin(tree.Path{name}) // in the line of its key
		return &tomlItem{name: name, at: tree.Place{Line: int32(at.Line), Column: int32(at.Column)}}
	}
	for i := range t.tables {
		if t.tables[i].name == name {
			return &t.tables[i]
		}
	}
	return nil
}

// bitOf returns the bit of a key.
func bitOf(name string) uint64 {
	if name == "" {
		return 1
	}
	return 1 << ((5*len(name) + 3*int(name[0]) + int(name[len(name)-1])) % 64)
}

// empty leaves nothing of a table but the room for tables in it.
func (t *tomlTable) empty() {
	room := t.tables
	clear(room)
	if cap(room) > maxTables {
		room = nil
	}
	*t = tomlTable{tables: room[:0]}
}

// note enters a key that is new in the index.
func (t *tomlTable) note(name string, at int) {
	t.seen |= bitOf(name)
	switch {
	case t.index != nil:
		t.index[name] = at
	case len(t.open)+t.values.Root().Len()+len(t.tables) > few:
		t.index = make(map[string]int, 4*few)
		for i := range t.open {
			t.index[t.open[i].Key] = aValue
		}
		for _, key := range t.values.Root().Keys() {
			t.index[key] = aValue
		}
		for i := range t.tables {
			t.index[t.tables[i].name] = i
		}
	}
}

// addValue adds a key that has no value, and returns where that is to be put.
func (d *tomlDecoder) addValue(t *tomlTable, name string, at tree.Place) *tree.Tree {
	if t.open == nil {
		t.open = d.room()
	}
	t.open = append(t.open, tree.Entry{})
	e := &t.open[len(t.open)-1]
	e.Key, e.At = name, at
	t.note(name, aValue)
	return &e.Tree
}

// add adds the item of a key that has none.
func (t *tomlTable) add(name string, at tree.Place) *tomlItem {
	if cap(t.tables) == 0 {
		t.tables = make([]tomlItem, 0, 4)
	}
	t.tables = append(t.tables, tomlItem{name: name, at: at})
	t.note(name, len(t.tables)-1)
	return &t.tables[len(t.tables)-1]
}

func (d *tomlDecoder) addTable(t *tomlTable, name string, at tree.Place, by origin) *tomlItem {
	item := t.add(name, at)
	item.first = d.newTable(at, by)
	item.last = item.first
	return item
}

// finish makes a map of the values of a table, to which no more come.
func (d *tomlDecoder) finish(t *tomlTable) {
	if len(t.open) == 0 {
		return
	}
	t.values = d.mapOf(t.open, t.at)
	d.giveBack(t.open)
	t.open = nil
}

// table returns the tree of a table that nothing more comes to.
func (d *tomlDecoder) table(t *tomlTable) tree.Tree {
	d.finish(t)
	if len(t.tables) == 0 && t.values.Root() != nil {
		return t.values
	}
	base := len(d.open)
	for i := range t.tables {
		item := &t.tables[i]
		var made tree.Tree
		if item.array {
			made = d.tablesOf(item)
		} else {
			made = d.table(item.first)
		}
		d.open = append(d.open, tree.Entry{Key: item.name, At: item.at, Tree: made})
	}
	if d.stopped || t.values.Root() == nil {
		return d.close(base, t.at)
	}
	e := t.values.Edit()
	for _, below := range d.open[base:] {
		e.Graft(tree.Path{below.Key}, below.Tree)
	}
	d.open = d.open[:base]
	return e.Tree()
}

func (d *tomlDecoder) tablesOf(item *tomlItem) tree.Tree {
	items := make([]tree.Tree, 0, item.size)
	for t := item.first; t != nil; t = t.next {
		items = append(items, d.table(t))
	}
	return d.build.List(items, item.at)
}

const (
	aTable  = "a table"
	anArray = "an array of tables"
)

// what says what a key stands for.
func (i *tomlItem) what() string {
	switch {
	case i.array:
		return anArray
	case i.first == nil:
		return "a value"
	case i.first.by == byDots:
		return "a table made by dotted keys"
	}
	return aTable
}
