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
	order []string
	items map[string]*tomlItem
}

// tomlItem is what a key of a table stands for: a value, a table, or an array
// of tables.
type tomlItem struct {
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

func newTable(path tree.Path, at tree.Place, by origin) *tomlTable {
	return &tomlTable{path: path, at: at, by: by, items: make(map[string]*tomlItem)}
}

func (t *tomlTable) add(name string, at tree.Place) *tomlItem {
	item := &tomlItem{at: at}
	t.items[name] = item
	t.order = append(t.order, name)
	return item
}

// table is the tree of a table that nothing more comes to.
func (d *tomlDecoder) table(t *tomlTable) tree.Tree {
	if !d.take(1, t.at) || !d.enter(t.at) {
		return tree.Tree{}
	}
	defer d.leave()
	entries := make([]tree.Entry, 0, len(t.order))
	for _, name := range t.order {
		item := t.items[name]
		d.push(name)
		value := item.value
		switch {
		case item.array:
			value = d.tables(item)
		case item.tables != nil:
			value = d.table(item.tables[0])
		}
		d.pop()
		entries = append(entries, tree.Entry{Key: name, At: item.at, Tree: value})
	}
	return d.mapOf(entries, t.at)
}

func (d *tomlDecoder) tables(item *tomlItem) tree.Tree {
	if !d.take(1, item.at) || !d.enter(item.at) {
		return tree.Tree{}
	}
	defer d.leave()
	items := make([]tree.Tree, len(item.tables))
	for i, t := range item.tables {
		d.push(strconv.Itoa(i))
		items[i] = d.table(t)
		d.pop()
	}
	return d.build.List(items, item.at)
}

// scalar reads the common spellings itself, and has the TOML library read the
// others, so that both always mean the same.
func (d *tomlDecoder) scalar(n *unstable.Node, at tree.Place) tree.Tree {
	text := string(n.Data)
	switch {
	case n.Kind == unstable.String:
		return d.build.Scalar(tree.String, text, at)
	case n.Kind == unstable.Bool:
		return d.build.Scalar(tree.Bool, text, at)
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
