package source

import (
	"maps"
	"slices"
	"strings"

	"github.com/confsync/confsync/tree"
)

// Table holds the flat keys that a store has below a root, and makes the tree
// of them. It is the twin of document.Page, which is for stores that keep all
// in one value. The fields are set before the first use. A Table is for one
// goroutine.
//
// Every key is a value at its path, "app/a/b" at a.b, and may have keys below
// it too. A key that ends in a separator, and has no value, is a folder: it
// says that there is a map. Where "app/a" is there as well, "app/a/" says
// nothing. While there is a key that can't be used there is no tree, only
// the problems of all such keys.
type Table struct {
	Keys   Keys
	Bounds Bounds

	// Origin returns where a key of the store stands that was last written at a
	// revision, 0 when that isn't known.
	Origin func(key string, revision int64) tree.Origin

	rows  []Row          // by key, those that were deleted since marked as gone
	gone  int            // rows so marked
	added map[string]Row // keys that rows don't have; few, so that adding one needs no new rows
	bytes int            // of all keys and values
	over  error          // the bound that was passed; nothing is held then

	refused map[string]error // values that can't be used, by key
	bad     map[string]error // the problems of keys, as of tree
	touched []string         // keys that may have changed since tree
	tree    tree.Tree        // of all keys that aren't bad
}

// Row is one key as the store holds it.
type Row struct {
	Key, Value string
	Revision   int64 // of the last write, 0 when the store has none
}

// gone is the revision of a row that was deleted.
const gone = -1

// Put takes in what the store holds at a key now.
func (t *Table) Put(r Row) {
	old, i, ok := t.find(r.Key)
	if t.over != nil || ok && old == r && t.refused[r.Key] == nil {
		return
	}
	t.touch(r.Key)
	t.bytes += len(r.Key) + len(r.Value)
	if ok {
		t.bytes -= len(old.Key) + len(old.Value)
		r.Key = old.Key // one string a key
	}
	switch {
	case i < 0:
		if t.added == nil {
			t.added = make(map[string]Row)
		}
		t.added[r.Key] = r
		t.settleIfMany()
	case t.rows[i].Revision == gone:
		t.gone--
		fallthrough
	default:
		t.rows[i] = r
	}
}

// Refuse takes in that a key is there and that its value can't be used, such as
// one of another type, and why.
func (t *Table) Refuse(key string, revision int64, why error) {
	if t.over != nil {
		return
	}
	t.Put(Row{Key: key, Revision: revision})
	t.touch(key)
	if t.refused == nil {
		t.refused = make(map[string]error)
	}
	t.refused[key] = why
}

// Delete takes in that a key is not there.
func (t *Table) Delete(key string) {
	old, i, ok := t.find(key)
	if !ok {
		return
	}
	t.touch(key)
	t.bytes -= len(old.Key) + len(old.Value)
	if i < 0 {
		delete(t.added, key)
		return
	}
	t.rows[i] = Row{Key: old.Key, Revision: gone}
	t.gone++
	t.settleIfMany()
}

// Replace takes in all that there is now, in any order. It keeps the slice,
// which the caller must not use again. Of rows with the same key the last counts.
func (t *Table) Replace(rows []Row) {
	if !slices.IsSortedFunc(rows, byKey) {
		slices.SortStableFunc(rows, byKey)
	}
	rows = lastOfEach(rows)
	was := t.Rows()
	t.bytes, t.over = 0, nil
	for key := range t.refused {
		t.touch(key)
	}
	for i := range rows {
		t.bytes += len(rows[i].Key) + len(rows[i].Value)
		for len(was) > 0 && was[0].Key < rows[i].Key {
			t.touch(was[0].Key)
			was = was[1:]
		}
		if len(was) == 0 || was[0].Key != rows[i].Key {
			t.touch(rows[i].Key)
			continue
		}
		rows[i].Key = was[0].Key // one string a key
		if rows[i].Value == was[0].Value {
			rows[i].Value = was[0].Value // and a value
		}
		if rows[i] != was[0] {
			t.touch(rows[i].Key)
		}
		was = was[1:]
	}
	for _, r := range was {
		t.touch(r.Key)
	}
	t.rows = rows
}

// lastOfEach returns sorted rows with the last one of each key.
func lastOfEach(rows []Row) []Row {
	n := 0
	for i, r := range rows {
		if i+1 < len(rows) && rows[i+1].Key == r.Key {
			continue
		}
		if n != i {
			rows[n] = r
		}
		n++
	}
	return rows[:n]
}

// Get returns what is held at a key, and reports whether it is there.
func (t *Table) Get(key string) (Row, bool) {
	r, _, ok := t.find(key)
	return r, ok
}

// Rows returns all that is held, by key. It is read-only, and valid until the
// table changes.
func (t *Table) Rows() []Row {
	t.settle()
	return t.rows
}

// Len returns the number of keys.
func (t *Table) Len() int { return len(t.rows) - t.gone + len(t.added) }

// Bytes returns the size of all keys and values.
func (t *Table) Bytes() int { return t.bytes }

// TooLarge returns the problem of a table beyond its bounds, or nil. Such a
// table lets go of all that it holds, and is too large until the next Replace.
func (t *Table) TooLarge() error {
	if t.over == nil {
		over := t.Bounds.Check(t.Len(), t.bytes, t.Origin(t.Keys.Key(nil), 0))
		if over != nil {
			*t = Table{Keys: t.Keys, Bounds: t.Bounds, Origin: t.Origin, over: over}
		}
	}
	return t.over
}

// find returns the row of a key and where it is: its index in rows, even if it
// is gone from there, or else -1. It reports whether the key is there.
func (t *Table) find(key string) (r Row, i int, ok bool) {
	i, found := slices.BinarySearchFunc(t.rows, key, func(r Row, key string) int { return strings.Compare(r.Key, key) })
	if found {
		return t.rows[i], i, t.rows[i].Revision != gone
	}
	r, ok = t.added[key]
	return r, -1, ok
}

func (t *Table) touch(key string) {
	t.touched = append(t.touched, key)
	delete(t.refused, key)
}

// settleIfMany keeps what isn't in its place small beside the rows, so that a
// change costs next to nothing and all of them little.
func (t *Table) settleIfMany() {
	if len(t.added)+t.gone > 64+len(t.rows)/8 {
		t.settle()
	}
}

// settle puts what was added among the rows, and takes out what is gone.
func (t *Table) settle() {
	if len(t.added)+t.gone == 0 {
		return
	}
	added := slices.SortedFunc(maps.Values(t.added), byKey)
	rows := make([]Row, 0, t.Len())
	for _, r := range t.rows {
		for len(added) > 0 && added[0].Key < r.Key {
			rows = append(rows, added[0])
			added = added[1:]
		}
		if r.Revision != gone {
			rows = append(rows, r)
		}
	}
	t.rows, t.added, t.gone = append(rows, added...), nil, 0
}

func byKey(a, b Row) int { return strings.Compare(a.Key, b.Key) }
