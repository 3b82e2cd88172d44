package source_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

func newTable(root string, bounds source.Bounds) *source.Table {
	return &source.Table{
		Keys:   source.Keys{Root: root},
		Bounds: bounds,
		Origin: func(key string, revision int64) tree.Origin {
			return tree.Origin{Kind: "store", Key: key, Revision: fmt.Sprint(revision)}
		},
	}
}

// rows reads "a=1 b/" as the keys a, with the value 1, and b/, with none.
func rows(spec string) []source.Row {
	var all []source.Row
	for i, kv := range strings.Fields(spec) {
		key, value, _ := strings.Cut(kv, "=")
		all = append(all, source.Row{Key: key, Value: value, Revision: int64(i + 1)})
	}
	return all
}

// What a store's keys mean. Each case is a list, and what is put ("a=1") or
// deleted ("-a") afterwards.
func TestTable(t *testing.T) {
	tests := []struct{ name, list, then, want string }{
		{"no keys", "", "", "nothing"},
		{"keys", "app/b=2 app/a=1", "", "{a:1 b:2}"},
		{"keys below keys", "app/a/b=1 app/a/c/d=2", "", "{a:{b:1 c:{d:2}}}"},
		{"a value with keys below it", "app/a=1 app/a/b=2", "", "{a:1{b:2}}"},
		{"a value of nothing", "app/a=", "", "{a:}"},
		{"a folder", "app/a/", "", "{a:{}}"},
		{"a folder with keys", "app/a/ app/a/b=1", "", "{a:{b:1}}"},
		{"a folder whose keys go", "app/a/ app/a/b=1", "-app/a/b", "{a:{}}"},
		{"a folder that goes", "app/a/ app/a/b=1", "-app/a/", "{a:{b:1}}"},
		{"a folder and a value", "app/a=1 app/a/", "", "{a:1}"},
		{"a folder whose value goes", "app/a=1 app/a/", "-app/a", "{a:{}}"},
		{"a value whose folder goes", "app/a=1 app/a/", "-app/a/", "{a:1}"},
		{"the root's folder", "app/", "", "{}"},
		{"the root's folder, and keys", "app/ app/a=1", "", "{a:1}"},
		{"the root's folder goes", "app/", "-app/", "nothing"},
		{"the last key goes", "app/a=1", "-app/a", "nothing"},
		{"a key comes", "app/a=1", "app/b=2", "{a:1 b:2}"},
		{"a key comes and goes", "app/a=1", "app/b=2 -app/b", "{a:1}"},
		{"a key goes and comes", "app/a=1 app/b=2", "-app/a app/a=3", "{a:3 b:2}"},
		{"a key that isn't there goes", "app/a=1", "-app/b", "{a:1}"},
		{"twice in a list", "app/a=1 app/b=2 app/a=3", "", "{a:3 b:2}"},
		{"a neighbour", "app/a=1 application/b=2", "", `store "application/b" (2): key is not below "app/"`},
		{"the root itself", "app=1 app/a=2", "", `store "app" (1): key is the root itself, which has no value`},
		{"an empty segment", "app/a//b=1", "", `store "app/a//b" (1): key has an empty segment`},
		{"a dot dot", "app/../b=1", "", `store "app/../b" (1): key has the segment ".."`},
		{"a folder with a value", "app/a/=1", "", `a: store "app/a/" (1): key ends in "/", as a folder does, and has a value`},
		{"two that can't be used", "app/b/=1 app/a=1 app//=1", "",
			`store "app//" (3): key has an empty segment; b: store "app/b/" (1): key ends in "/", as a folder does, and has a value`},
		{"what can't be used goes", "app/a=1 app//b=2", "-app//b", "{a:1}"},
		{"what can't be used heals", "app/a=1 app/b/=2", "app/b/=", "{a:1 b:{}}"},
		{"what can't be used comes", "app/a=1", "app/b/=2", `b: store "app/b/" (1): key ends in "/", as a folder does, and has a value`},
		{"a folder with a value beside a value", "app/a=1 app/a/=2", "-app/a/", "{a:1}"},
		{"changed while another can't be used", "app/a=1 app/b=1 app//=1", "app/a=2 -app/b app/c=3 -app//", "{a:2 c:3}"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			whole, events := newTable("app", source.Bounds{}), newTable("app", source.Bounds{})
			whole.Replace(rows(tt.list))
			for _, r := range rows(tt.list) {
				events.Put(r)
			}
			for how, table := range map[string]*source.Table{"replaced": whole, "put": events} {
				if tt.then != "" {
					table.Tree()
				}
				for _, r := range rows(tt.then) {
					if key, gone := strings.CutPrefix(r.Key, "-"); gone {
						table.Delete(key)
					} else {
						table.Put(r)
					}
				}
				if got := drawn(table.Tree()); got != tt.want {
					t.Errorf("%s: %s, want %s", how, got, tt.want)
				}
			}
		})
	}
}

// drawn returns a tree, without quotes, or its problems, on one line.
func drawn(got tree.Tree, err error) string {
	if err == nil {
		return strings.ReplaceAll(got.Root().String(), `"`, "")
	}
	var all []string
	for _, p := range tree.Problems(err) {
		at := fmt.Sprintf("%s %q (%s): %v", p.Origin.Kind, p.Origin.Key, p.Origin.Revision, p.Err)
		if len(p.Path) > 0 {
			at = p.Path.String() + ": " + at
		}
		all = append(all, at)
	}
	return strings.Join(all, "; ")
}

func TestTableShares(t *testing.T) {
	table := newTable("app", source.Bounds{})
	table.Replace(rows("app/a/x=1 app/b/x=1"))
	before, _ := table.Tree()
	for _, tt := range []struct {
		name   string
		change func()
	}{
		{"the same list", func() { table.Replace(rows("app/a/x=1 app/b/x=1")) }},
		{"written as it was", func() { table.Put(source.Row{Key: "app/a/x", Value: "1", Revision: 7}) }},
		{"came and went", func() { table.Put(source.Row{Key: "app/c"}); table.Delete("app/c") }},
		{"deleted, put again", func() { table.Delete("app/b/x"); table.Put(source.Row{Key: "app/b/x", Value: "1", Revision: 2}) }},
	} {
		tt.change()
		if after, err := table.Tree(); err != nil || !after.Same(before) {
			t.Errorf("%s: another tree (%v), want the Same", tt.name, err)
		}
	}
	if at, _ := table.Tree(); at.Where(tree.Path{"a", "x"}).Revision != "7" {
		t.Errorf("the place of a value written again is %v, want revision 7", at.Where(tree.Path{"a", "x"}))
	}
	table.Put(source.Row{Key: "app/a/x", Value: "2"})
	after, _ := table.Tree()
	if after.Lookup(tree.Path{"b"}) != before.Lookup(tree.Path{"b"}) {
		t.Error("a node that nothing touched is not shared")
	}
}

func TestTableRefuses(t *testing.T) {
	table := newTable("app", source.Bounds{})
	table.Replace(rows("app/a=1 app/b=2"))
	table.Refuse("app/b", 5, errors.New("key holds a list"))
	want := `b: store "app/b" (5): key holds a list`
	if got := drawn(table.Tree()); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	table.Put(source.Row{Key: "app/b", Revision: 5}) // as it looks in the table
	if got := drawn(table.Tree()); got != "{a:1 b:}" {
		t.Errorf("after a put of nothing: %s", got)
	}
	table.Refuse("app/b", 6, errors.New("key holds a list"))
	table.Replace([]source.Row{{Key: "app/b", Revision: 6}})
	if got := drawn(table.Tree()); got != "{b:}" {
		t.Errorf("after a list: %s", got)
	}
}

// A hundred keys are named, each with its path if it has one; the others are counted.
func TestTableNamesAHundred(t *testing.T) {
	table := newTable("app", source.Bounds{})
	for i := range 101 {
		table.Put(source.Row{Key: fmt.Sprintf("app/%03d/", i), Value: "x"})
	}
	_, err := table.Tree()
	all := tree.Problems(err)
	if len(all) != 101 || all[99].Path.String() != "099" || len(all[100].Path) != 0 {
		t.Fatalf("%d problems, the last %v", len(all), all[len(all)-1])
	}
	if got := all[100].Err.Error(); got != "1 more keys that can't be used" {
		t.Errorf("the last problem is %q", got)
	}
}

func TestTableTooLarge(t *testing.T) {
	for _, tt := range []struct {
		name   string
		bounds source.Bounds
		want   string
	}{
		{"keys", source.Bounds{MaxKeys: 2}, "more than the 2 keys of MaxKeys"},
		{"bytes", source.Bounds{MaxBytes: 14}, "more than the 14 bytes of MaxBytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			table := newTable("app", tt.bounds)
			table.Replace(rows("app/a=1 app/b=2"))
			if got := drawn(table.Tree()); got != "{a:1 b:2}" {
				t.Fatalf("within bounds: %s", got)
			}
			table.Put(source.Row{Key: "app/c"})
			want := fmt.Sprintf("store %q (0): %s", "app", tt.want)
			if got := drawn(table.Tree()); got != want {
				t.Errorf("beyond: %s, want %s", got, want)
			}
			table.Delete("app/c")
			table.Put(source.Row{Key: "app/d"})
			if got := drawn(table.Tree()); got != want || table.Len() != 0 || table.Bytes() != 0 {
				t.Errorf("afterwards: %s and %d keys, want it too large until the next list, and nothing held", got, table.Len())
			}
			table.Replace(rows("app/a=1"))
			if got := drawn(table.Tree()); got != "{a:1}" {
				t.Errorf("after a list: %s", got)
			}
		})
	}
	none := newTable("app", source.Bounds{MaxKeys: -1, MaxBytes: -1})
	none.Replace(rows("app/a=1 app/b=2 app/c=3"))
	if err := none.TooLarge(); err != nil {
		t.Errorf("without bounds: %v", err)
	}
}
