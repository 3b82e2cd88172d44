package tree_test

import (
	"strconv"
	"testing"

	"github.com/confsync/confsync/tree"
)

// TestEditorAgainstOracle makes thousands of random batches of edits and
// compares each tree, its places and what it shares with the tree before.
func TestEditorAgainstOracle(t *testing.T) {
	r := newRandom(t)
	shared, unchanged := 0, 0
	for range 40 {
		var now tree.Tree
		oracle := newKey()
		for revision := range int64(100) {
			b := batch{random: r, editor: now.Edit(), oracle: oracle, revision: revision + 1}
			edits := 1 + r.IntN(6)
			if r.IntN(10) == 0 {
				edits *= 20 // of few keys, which come again and again
			}
			for range edits {
				b.edit()
			}
			next := b.editor.Tree()
			if got, want := next.Root().String(), oracle.String(); got != want {
				t.Fatalf("%s\nafter%s\n got %s\nwant %s", now.Root(), b.log, got, want)
			}
			checkRevisions(t, next, oracle)
			shared += b.checkShared(t, now, next)
			if next.Same(now) {
				unchanged++
			}
			if t.Failed() {
				t.Fatalf("%s\nafter%s", now.Root(), b.log)
			}
			now = next
		}
	}
	if shared < 1000 || unchanged < 10 {
		t.Errorf("%d nodes shared and %d trees unchanged: too few to test it", shared, unchanged)
	}
}

// batch is a random batch of edits, made to a tree and to the oracle.
type batch struct {
	*random
	editor   *tree.Editor
	oracle   *key
	revision int64
	log      string
	paths    []tree.Path // of all edits
	grafted  bool
	marked   bool // a folder mark was perhaps set or taken away
}

func (b *batch) edit() {
	path := make(tree.Path, b.IntN(4))
	for i := range path {
		path[i] = b.key()
	}
	at := tree.Place{Revision: b.revision}
	b.paths = append(b.paths, path)
	switch kind := b.IntN(20); {
	case kind < 10:
		text := strconv.Itoa(b.IntN(3))
		b.log += " set " + path.String() + "=" + text
		b.editor.Set(path, text, at)
		b.oracle.set(path, text, b.revision)
	case kind < 12:
		b.log += " folder " + path.String()
		b.marked = true
		b.editor.SetFolder(path, at)
		b.oracle.setFolder(path, b.revision)
	case kind < 18:
		b.log += " delete " + path.String()
		b.marked = true
		b.editor.Delete(path)
		b.oracle.remove(path)
	default:
		b.graft(path)
	}
}

func (b *batch) graft(path tree.Path) {
	whole := batch{random: b.random, editor: tree.Tree{}.Edit(), oracle: newKey(), revision: b.revision}
	for range b.IntN(4) {
		whole.edit()
	}
	b.log += " graft " + path.String() + "[" + whole.log + " ]"
	b.grafted = true
	b.editor.Graft(path, whole.editor.Tree())
	b.oracle.graft(path, whole.oracle)
}

func checkRevisions(t *testing.T, got tree.Tree, oracle *key) {
	t.Helper()
	got = got.Located(func(_ tree.Path, at tree.Place) tree.Origin {
		return tree.Origin{Revision: strconv.FormatInt(at.Revision, 10)}
	})
	oracle.everyKey(nil, func(p tree.Path, k *key) {
		origin, ok := got.Origin(p)
		if want := strconv.FormatInt(k.revision, 10); ok && origin.Revision != want {
			t.Errorf("%q: revision %s, want %s", p, origin.Revision, want)
		}
	})
}

// checkShared asserts that what no edit touched is the node it was, and counts
// it; and that edits which changed no value kept the whole.
func (b *batch) checkShared(t *testing.T, before, after tree.Tree) (shared int) {
	t.Helper()
	if !b.grafted && !b.marked && before.Root().Equal(after.Root()) && !before.Same(after) {
		t.Error("no value differs, but the tree is not the same")
	}
	everyNode(nil, after.Root(), func(p tree.Path, n *tree.Node) {
		for _, edited := range b.paths {
			if edited.HasPrefix(p) || b.grafted && p.HasPrefix(edited) {
				return
			}
		}
		shared++
		if before.Lookup(p) != n {
			t.Errorf("%q was not touched, but is a new node", p)
		}
	})
	return shared
}
