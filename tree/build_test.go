package tree_test

import (
	"errors"
	"testing"

	"github.com/confsync/confsync/tree"
)

func TestBuilderMap(t *testing.T) {
	var b tree.Builder
	scalar := func(text string) tree.Tree { return b.Scalar(tree.String, text, tree.Place{}) }
	cases := []struct {
		name    string
		entries []tree.Entry
		want    string
	}{
		{"none", nil, `{}`},
		{"sorted", []tree.Entry{{Key: "a", Tree: scalar("1")}, {Key: "b", Tree: scalar("2")}}, `{a:"1" b:"2"}`},
		{"in any order", []tree.Entry{{Key: "c", Tree: scalar("3")}, {Key: "a", Tree: scalar("1")}, {Key: "b", Tree: scalar("2")}},
			`{a:"1" b:"2" c:"3"}`},
		{"keys as they are", []tree.Entry{{Key: "A", Tree: scalar("1")}, {Key: "a.b", Tree: scalar("2")}, {Key: "", Tree: scalar("3")}},
			`{:"3" A:"1" a.b:"2"}`},
		{"an absent tree", []tree.Entry{{Key: "a", Tree: scalar("1")}, {Key: "b"}}, `{a:"1"}`},
		{"a null", []tree.Entry{{Key: "a", Tree: b.Null(tree.Place{})}}, `{a:null}`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := b.Map(c.entries, tree.Place{})
			if err != nil || got.Root().String() != c.want {
				t.Errorf("got %s, %v; want %s", got.Root(), err, c.want)
			}
		})
	}
}

func TestBuilderDuplicates(t *testing.T) {
	var b tree.Builder
	entry := func(key string, line int32) tree.Entry {
		return tree.Entry{Key: key, At: tree.Place{Line: line, Column: 1}, Tree: b.Null(tree.Place{})}
	}
	cases := []struct {
		name    string
		entries []tree.Entry
		want    tree.DuplicateKeyError
	}{
		{"side by side", []tree.Entry{entry("a", 1), entry("a", 2)},
			tree.DuplicateKeyError{Key: "a", First: tree.Place{Line: 1, Column: 1}, Second: tree.Place{Line: 2, Column: 1}}},
		{"apart, in the order written", []tree.Entry{entry("z", 1), entry("b", 2), entry("y", 3), entry("b", 9)},
			tree.DuplicateKeyError{Key: "b", First: tree.Place{Line: 2, Column: 1}, Second: tree.Place{Line: 9, Column: 1}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := b.Map(c.entries, tree.Place{})
			var dup *tree.DuplicateKeyError
			if !errors.As(err, &dup) || *dup != c.want {
				t.Errorf("got %v, want %v", err, &c.want)
			}
		})
	}
	if got, want := (&tree.DuplicateKeyError{Key: "a", First: tree.Place{Line: 3}}).Error(), `duplicate key "a", first at line 3`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestBuilderList(t *testing.T) {
	var b tree.Builder
	got := b.List([]tree.Tree{b.Scalar(tree.Int, "1", tree.Place{}), {}, b.List(nil, tree.Place{})}, tree.Place{Line: 4})
	if got.Root().String() != `[1 null []]` {
		t.Errorf("got %s, want [1 null []]", got.Root())
	}
	if origin, ok := got.Origin(tree.Path{"1"}); !ok || origin.Line != 4 {
		t.Errorf("the null for an absent element stands at line %d, want 4", origin.Line)
	}
}

// TestBuilderSharesKeys: maps of one document with the same keys have them once.
func TestBuilderSharesKeys(t *testing.T) {
	r := newRandom(t)
	root := r.build([]any{m{"a": "1", "b": "2"}, m{"x": "1"}, m{"b": "3", "a": nil}, m{"a": "1", "c": "2"}}).Root()
	if !root.At(0).SameKeys(root.At(2)) {
		t.Error("equal key sets are not shared")
	}
	if root.At(0).SameKeys(root.At(3)) || root.At(0).SameKeys(root.At(1)) {
		t.Error("different key sets are shared")
	}
}

func TestBuilderAllocatesInSlabs(t *testing.T) {
	var b tree.Builder
	allocs := testing.AllocsPerRun(10, func() {
		for range 640 {
			b.Scalar(tree.String, "x", tree.Place{})
		}
	})
	if allocs > 40 {
		t.Errorf("640 scalars took %v allocations", allocs)
	}
}
