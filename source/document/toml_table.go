package document

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/confsync/confsync/tree"
)

// tomlTable is a table that more may come to, for TOML lets the parts of a
// table stand apart.
type tomlTable struct {
	path  tree.Path
	at    tree.Place
	by    origin
	items []tomlItem
	index map[string]int // in items, by name; nil while there are few
}

// tomlItem is what a key of a table stands for: a value, a table, or an array
// of tables.
type tomlItem struct {
	name   string
	at     tree.Place // of the key
	value  tree.Tree
	tables []*tomlTable
	array  bool
}

// origin is what made a table, on which depends what may be added to it.
type origin uint8

const (
	byMention origin = iota // in the header of a table below it
	byHeader                // in its own header, or with braces
	byDots                  // by a dotted key
)

// newTable makes the table at a path, and counts it.
func (d *tomlDecoder) newTable(path tree.Path, at tree.Place, by origin) *tomlTable {
	d.path, d.depth = path, len(path)
	if d.take(1, at) {
		d.fits(1, at)
	}
	d.path = nil
	return &tomlTable{path: path, at: at, by: by}
}

// few is how many items are looked through one by one.
const few = 12

// item returns the item of a key, nil when there is none. It is good until the
// next is added.
func (t *tomlTable) item(name string) *tomlItem {
	if t.index != nil {
		if i, ok := t.index[name]; ok {
			return &t.items[i]
		}
		return nil
	}
	for i := range t.items {
		if t.items[i].name == name {
			return &t.items[i]
		}
	}
	return nil
}

// add adds the item of a key that has none.
func (t *tomlTable) add(name string, at tree.Place) *tomlItem {
	if t.items == nil {
		t.items = make([]tomlItem, 0, 8)
	}
	t.items = append(t.items, tomlItem{name: name, at: at})
	switch {
	case t.index != nil:
		t.index[name] = len(t.items) - 1
	case len(t.items) > few:
		t.index = make(map[string]int, 4*few)
		for i := range t.items {
			t.index[t.items[i].name] = i
		}
	}
	return &t.items[len(t.items)-1]
}

func (d *tomlDecoder) addTable(t *tomlTable, name string, at tree.Place, by origin) *tomlItem {
	item := t.add(name, at)
	item.tables = []*tomlTable{d.newTable(t.path.Child(name), at, by)}
	return item
}

// table returns the tree of a table that nothing more comes to.
func (d *tomlDecoder) table(t *tomlTable) tree.Tree {
	if d.stopped {
		return tree.Tree{}
	}
	base := len(d.entries.open)
	for i := range t.items {
		item := &t.items[i]
		value := item.value
		switch {
		case item.array:
			value = d.tables(item)
		case item.tables != nil:
			value = d.table(item.tables[0])
		}
		d.entries.add(tree.Entry{Key: item.name, At: item.at, Tree: value})
	}
	return d.close(base, t.at)
}

func (d *tomlDecoder) tables(item *tomlItem) tree.Tree {
	items := make([]tree.Tree, len(item.tables))
	for i, t := range item.tables {
		items[i] = d.table(t)
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
	case i.tables == nil:
		return "a value"
	case i.tables[0].by == byDots:
		return "a table made by dotted keys"
	}
	return aTable
}

// scalar reads the common spellings itself, and has the TOML library read the
// others, so that both always mean the same.
func (d *tomlDecoder) scalar(n *unstable.Node, at tree.Place) tree.Tree {
	switch n.Kind {
	case unstable.String:
		return d.build.ScalarOf(tree.String, n.Data, at)
	case unstable.Bool:
		return d.build.ScalarOf(tree.Bool, n.Data, at)
	}
	text := string(n.Data)
	switch {
	case n.Kind == unstable.Integer && len(text) < 18 && isPlainInt(text):
		return d.build.Scalar(tree.Int, text, at)
	case n.Kind == unstable.Float && isPlainFloat(text) && !strings.ContainsAny(text, "eE"):
		return d.build.Scalar(tree.Float, text, at)
	}
	var doc struct{ V any }
	if err := toml.Unmarshal(append([]byte("V = "), n.Data...), &doc); err != nil {
		d.problem(tree.Unusable, at, fmt.Errorf("not a valid %s", scalarNames[n.Kind]))
		return tree.Tree{}
	}
	switch v := doc.V.(type) {
	case int64:
		return d.build.Scalar(tree.Int, intText(strconv.FormatInt(v, 10), text), at)
	case float64:
		return d.build.Scalar(tree.Float, floatText(v), at)
	case time.Time:
		return d.build.Scalar(tree.Time, timeText(v, text), at)
	case toml.LocalDateTime:
		return d.build.Scalar(tree.Time, timeText(v.AsTime(time.UTC), text), at)
	case toml.LocalDate:
		return d.build.Scalar(tree.Time, timeText(v.AsTime(time.UTC), text), at)
	case toml.LocalTime:
		return d.build.Scalar(tree.String, v.String(), at)
	}
	d.problem(tree.Unusable, at, errors.New("not a value"))
	return tree.Tree{}
}

var scalarNames = map[unstable.Kind]string{
	unstable.Integer: "64-bit integer", unstable.Float: "64-bit float", unstable.DateTime: "date-time",
	unstable.LocalDateTime: "date-time", unstable.LocalDate: "date", unstable.LocalTime: "time",
}
