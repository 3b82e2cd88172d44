package binder_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/confsync/confsync/tree"
)

// TestProblemsAreBounded binds a list of a hundred thousand elements that don't fit.
func TestProblemsAreBounded(t *testing.T) {
	const size = 100_000
	b := newBinder(t, typeOf[struct{ V []int }]())
	in := rootOf(t, kv{"v", strings.Repeat("x,", size-1) + "x"})
	if _, problems := b.Bind(*new(bound), in); len(problems.Problems) != tree.MaxProblems || problems.Len() != size {
		t.Errorf("%d problems, %d in all", len(problems.Problems), problems.Len())
	}
	twice := newBinder(t, typeOf[map[string]canon]())
	many := map[string]any{}
	for i := range 1000 {
		many[fmt.Sprint(i)] = map[string]any{"maxConns": 1, "max_conns": 2}
	}
	c := twice.Canonical(*new(canonical), rootOf(t, many))
	if len(c.Problems.Problems) != tree.MaxProblems || c.Problems.Len() != 1000 {
		t.Errorf("%d problems, %d in all", len(c.Problems.Problems), c.Problems.Len())
	}
}

// talkative says much of what it doesn't like.
type talkative struct{}

func (*talkative) UnmarshalText(text []byte) error { return errTalk{errors.New(string(text))} }

type errTalk struct{ error }

// TestTextsOfProblemsAreBounded binds values that are a million bytes long.
func TestTextsOfProblemsAreBounded(t *testing.T) {
	long := strings.Repeat("7", 1_000_000)
	number := func(kind tree.Kind) *tree.Node { return tree.NewScalar(kind, long) }
	m := func(n *tree.Node) *tree.Node { return tree.NewMap([]string{"v"}, []*tree.Node{n}, nil) }
	for name, in := range map[string]struct {
		binder interface {
			Bind(bound, *tree.Node) (bound, tree.ProblemList)
		}
		node *tree.Node
	}{
		"a number":      {newBinder(t, typeOf[struct{ V int }]()), m(number(tree.Int))},
		"a fraction":    {newBinder(t, typeOf[struct{ V bool }]()), m(number(tree.Float))},
		"a text":        {newBinder(t, typeOf[struct{ V int }]()), m(number(tree.String))},
		"its decoder":   {newBinder(t, typeOf[struct{ V talkative }]()), m(number(tree.String))},
		"a key":         {newBinder(t, typeOf[struct{ V map[int]int }]()), m(rootOf(t, map[string]any{long: 1}))},
		"a key as text": {newBinder(t, typeOf[struct{ V map[string]int }]()), m(tree.NewScalar(tree.String, long))},
	} {
		_, problems := in.binder.Bind(bound{}, in.node)
		if problems.Len() != 1 {
			t.Errorf("%s: %d problems", name, problems.Len())
			continue
		}
		if p := problems.Problems[0]; len(p.Err.Error()) > 1000 || len(p.Field) > 200 {
			t.Errorf("%s: a text of %d bytes, a field of %d", name, len(p.Err.Error()), len(p.Field))
		}
		if name == "its decoder" {
			if talk := (errTalk{}); !errors.As(problems.Problems[0], &talk) {
				t.Error("the decoder's error is not wrapped")
			}
		}
	}
}

// TestUnknownKeysCostNothing binds ten thousand of them, and changes another key.
func TestUnknownKeysCostNothing(t *testing.T) {
	b := &binding{Binder: newBinder(t, typeOf[struct{ Port int }]())}
	in := map[string]any{"port": 1}
	for i := range 10_000 {
		in[fmt.Sprint("unknown", i)] = i
	}
	b.bind(t, in)
	was := b.bound.Unknown
	if was.Len() != 10_000 {
		t.Fatalf("%d unknown keys", was.Len())
	}
	root := b.bound.Root.With(map[string]*tree.Node{"port": tree.NewScalar(tree.Int, "2")}, nil)
	allocs := testing.AllocsPerRun(10, func() {
		if next, problems := b.Bind(b.bound, root); problems.Len() > 0 || next.Unknown != was {
			t.Errorf("problems %v; the unknown keys are another node", problems)
		}
	})
	if allocs > 20 {
		t.Errorf("%v allocations", allocs)
	}
	if b.bind(t, map[string]any{"port": 1}); b.bound.Unknown != nil {
		t.Errorf("remembered are %v", b.bound.Unknown)
	}
}

// TestNullHidesAllDefaultsBelow looks two levels down.
func TestNullHidesAllDefaultsBelow(t *testing.T) {
	type deep struct {
		A struct {
			X string `default:"x"`
			B struct {
				C string         `default:"c"`
				D map[string]int `default:"a:1"`
			}
			Base
		}
	}
	testGood(t, []good{{"null", map[string]any{"a": nil}, deep{}}})
}
