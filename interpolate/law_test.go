package interpolate_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/confsync/confsync/interpolate"
	"github.com/confsync/confsync/tree"
)

var (
	lawPaths = []string{"a", "b", "c", "d.e", "d.f", "d", "l.0", "l.1", "l", "s.secret", "s.x", "m.k1", "m.k2", "m.k3", "m"}
	lawTexts = []string{"", "1", "x", "${a}", "${b}", "<${c}>", "${d.e}", "${d}", "${l}", "${l.1:-z}", "${s.secret}", "${s.x}-${m.k1}", "${m}", "$$", "$${a}",
		"${env:HOME}", "${env:NO:-${a}}", "${nowhere:-n}", "${d.f.g:-${m.k2}}", "${", "${m.k3}"}
	lawValues = []any{nil, 5, []any{"${a}", "y"}, m{"e": "${b}"}, m{"secret": "t", "x": "${a}"}, m{}}
)

// change makes one random edit.
func change(t *testing.T, rnd *rand.Rand, in tree.Tree) tree.Tree {
	e := in.Edit()
	path := pathOf(t, lawPaths[rnd.IntN(len(lawPaths))])
	switch rnd.IntN(6) {
	case 0:
		e.Graft(path, tree.Tree{})
	case 1:
		e.Graft(path, tree.Of(rootOf(t, lawValues[rnd.IntN(len(lawValues))])))
	default:
		e.Graft(path, tree.Of(tree.NewScalar(tree.String, lawTexts[rnd.IntN(len(lawTexts))])))
	}
	return e.Tree()
}

func texts(r interpolate.Result) (all []string) {
	for _, p := range r.Problems.Problems {
		all = append(all, p.Kind.String()+" "+p.Error())
	}
	return all
}

// marks returns the paths of what is marked as secret.
func marks(n *tree.Node) (all []string) {
	for p, leaf := range n.Leaves {
		if leaf.IsSecret() {
			all = append(all, p.String())
		}
	}
	return all
}

// TestIncrementalEqualsScratch makes random edits and compares, at every step,
// what is made of what was with what is made from nothing.
func TestIncrementalEqualsScratch(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 5))
	var in tree.Tree
	var inc interpolate.Result
	good, bad, kept := 0, 0, 0
	for step := range 20_000 {
		before := in
		in = change(t, rnd, in)
		was := inc
		inc = interpolate.Expand(inc, in.Root(), options)
		want := interpolate.Expand(interpolate.Result{}, in.Root(), options)
		if got, want := texts(inc), texts(want); !slices.Equal(got, want) {
			t.Fatalf("step %d: problems\n got %q\nwant %q\nof %s", step, got, want, in.Root())
		}
		if bad++; len(texts(inc)) > 0 {
			if rnd.IntN(10) > 0 {
				in, inc = before, was // so that good ones stay common
			}
			continue
		}
		bad, good = bad-1, good+1
		if !inc.Root().Equal(want.Root()) || !slices.Equal(marks(inc.Root()), marks(want.Root())) {
			t.Fatalf("step %d:\n got %s %v\nwant %s %v\nof %s", step, inc.Root(), marks(inc.Root()), want.Root(), marks(want.Root()), in.Root())
		}
		if inc.Root() == was.Root() {
			kept++
		}
		if again := interpolate.Expand(inc, in.Root(), options); again.Root() != inc.Root() {
			t.Fatalf("step %d: the same tree once more gives another node", step)
		}
		for key, now := range fields(inc.Root()) {
			if old := was.Root().Child(key); len(texts(was)) == 0 && old.Equal(now) && slices.Equal(marks(old), marks(now)) &&
				in.Root().Child(key) == before.Root().Child(key) && old != now {
				t.Fatalf("step %d: %s was made anew, and is the same", step, key)
			}
		}
	}
	t.Logf("%d good, %d of them the same node, %d bad", good, kept, bad)
	if good < 3000 || bad < 1000 || kept < 10 {
		t.Error("the edits don't exercise the package any more")
	}
}

func fields(n *tree.Node) map[string]*tree.Node {
	all := map[string]*tree.Node{}
	for i, key := range n.Keys() {
		all[key] = n.At(i)
	}
	return all
}

// FuzzExpand fills one text in a tree. Nothing may panic, and a text without a
// dollar sign stays what it is.
func FuzzExpand(f *testing.F) {
	for _, text := range lawTexts {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		in := rootOf(t, m{"text": text, "a": "${text}", "l": []any{"${a}", text}})
		r := interpolate.Expand(interpolate.Result{}, in, options)
		if again := interpolate.Expand(r, in, options); again.Root() != r.Root() && r.Problems.Len() == 0 {
			t.Error("the same tree gives another one")
		}
		if got := r.Root().Child("text").Text(); r.Problems.Len() == 0 && got == "" && text != "" && len(text) < 3 && text != "$$" {
			t.Errorf("%q became nothing", text)
		}
		_ = fmt.Sprint(r.Problems.Problems)
	})
}
