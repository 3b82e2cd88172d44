package source_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

// oracle is a table that starts from nothing each time.
type oracle map[string]oracleKey

type oracleKey struct {
	row     source.Row
	refused bool
}

// table returns a new table of what the oracle holds, given in an order of its
// own.
func (o oracle) table(root string) *source.Table {
	t := newTable(root, source.Bounds{})
	for _, key := range slices.Backward(slices.Sorted(maps.Keys(o))) {
		if o[key].refused {
			t.Refuse(key, o[key].row.Revision, errRefused)
		} else {
			t.Put(o[key].row)
		}
	}
	return t
}

var errRefused = errors.New("key holds another type")

// draw makes the tree of an oracle by the rules alone, or reports that it has none.
func (o oracle) draw(keys source.Keys) (tree.Tree, bool) {
	edit := tree.Tree{}.Edit()
	for _, key := range slices.Sorted(maps.Keys(o)) { // a folder is after its value
		path, folder, err := keys.Path(key)
		if err != nil || o[key].refused || folder && o[key].row.Value != "" || len(path) == 0 && !folder {
			return tree.Tree{}, false
		}
		if _, both := o[strings.TrimSuffix(key, "/")]; folder && !both {
			edit.SetFolder(path, tree.Place{})
		} else if !folder {
			edit.Set(path, o[key].row.Value, tree.Place{})
		}
	}
	return edit.Tree(), true
}

// FuzzTable holds a table that is changed step by step against one that is made
// anew, and against the rules alone.
func FuzzTable(f *testing.F) {
	f.Add("p app/a=1\np app/a/=\nd app/a\nt\nl app/b=2 app/c/=\nt\nr app/b\nt\np app/b=3")
	f.Add("l app/a=1 app/b=2 app/b=3\nt\nd app/a\np app/a=1\nt\np app//x=1\nt\nd app//x")
	f.Add("p app/=\nt\np app=1\nt\nd app\nt\nr app/a\nl app/a=\nt")
	f.Fuzz(func(t *testing.T, script string) {
		table, want := newTable("app", source.Bounds{}), oracle{}
		for i, line := range strings.Split(script, "\n") {
			op, rest, _ := strings.Cut(line, " ")
			key, value, _ := strings.Cut(rest, "=")
			row := source.Row{Key: key, Value: value, Revision: int64(i + 1)}
			switch op {
			case "p":
				table.Put(row)
				want[key] = oracleKey{row, false}
			case "r":
				table.Refuse(key, row.Revision, errRefused)
				want[key] = oracleKey{source.Row{Key: key, Revision: row.Revision}, true}
			case "d":
				table.Delete(key)
				delete(want, key)
			case "l":
				table.Replace(rows(rest))
				clear(want)
				for _, r := range rows(rest) {
					want[r.Key] = oracleKey{r, false}
				}
			case "t":
				table.Tree()
			}
		}
		compare(t, table, want)
	})
}

func compare(t *testing.T, table *source.Table, want oracle) {
	t.Helper()
	got, err := table.Tree()
	fresh := want.table("app")
	anew, errAnew := fresh.Tree()
	if drawn(got, err) != drawn(anew, errAnew) {
		t.Errorf("step by step %s, anew %s", drawn(got, err), drawn(anew, errAnew))
	}
	ruled, ok := want.draw(table.Keys)
	if ok != (err == nil) || ok && !ruled.Root().Equal(got.Root()) {
		t.Errorf("a tree of %s (%v), by the rules %v (%v)", got.Root(), err, ruled.Root(), ok)
	}
	if table.Len() != len(want) || table.Bytes() != fresh.Bytes() || len(table.Rows()) != len(want) {
		t.Errorf("%d keys of %d bytes and %d rows, want %d of %d", table.Len(), table.Bytes(), len(table.Rows()), len(want), fresh.Bytes())
	}
	for _, r := range table.Rows() {
		if got, ok := table.Get(r.Key); !ok || got != want[r.Key].row {
			t.Errorf("row %v, want %v", r, want[r.Key].row)
		}
	}
	if ok {
		got.Root().Leaves(func(p tree.Path, _ *tree.Node) bool {
			if at, fresh := got.Where(p), anew.Where(p); at != fresh {
				t.Errorf("%s is at %v, want %v", p, at, fresh)
			}
			return true
		})
	}
}
