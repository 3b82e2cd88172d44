package document

import (
	"testing"

	"github.com/confsync/confsync/tree"
)

func TestPage(t *testing.T) {
	p := Page{Format: YAML}
	read := func(text, revision string) tree.Tree {
		t.Helper()
		got, err := p.Read(text, tree.Origin{Kind: "store", Key: "app.yaml", Revision: revision})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	first := read("a: 1\nb: {c: 2}\n", "1")
	if again := read("a: 1\nb: {c: 2}\n", "2"); !again.Identical(first) {
		t.Error("the same text was read again")
	}
	moved := read("# a comment\na: 1\nb: {c: 2}\n", "3")
	if o, _ := moved.Origin(tree.Path{"b", "c"}); !moved.Same(first) || o.String() != `store "app.yaml":3:8 (3)` {
		t.Errorf("after a comment: %v, same %v", o, moved.Same(first))
	}
	_, err := p.Read("a: [", tree.Origin{Kind: "store", Key: "app.yaml", Revision: "4"})
	if found := tree.Problems(err); len(found) != 1 || found[0].Origin.Key != "app.yaml" || found[0].Origin.Line == 0 {
		t.Errorf("broken: %v", err)
	}
	if next := read("a: 2\nb: {c: 2}\n", "5"); next.Lookup(tree.Path{"b"}) != first.Lookup(tree.Path{"b"}) {
		t.Error("what is equal is not shared past a broken text")
	}
}
