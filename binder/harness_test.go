package binder_test

import (
	"reflect"
	"testing"

	"github.com/go-viper/mapstructure/v2"

	"github.com/confsync/confsync/binder"
	"github.com/confsync/confsync/tree"
)

// kv are keys and values as a store has them: paths and texts.
type kv []string

// rootOf returns the tree of a Go value or of a kv.
func rootOf(t testing.TB, in any) *tree.Node {
	t.Helper()
	pairs, ok := in.(kv)
	if !ok {
		made, err := tree.FromGo(in)
		if err != nil {
			t.Fatal(err)
		}
		return made.Root()
	}
	e := tree.Tree{}.Edit()
	for i := 0; i < len(pairs); i += 2 {
		e.Set(pathOf(t, pairs[i]), pairs[i+1], tree.Place{})
	}
	return e.Tree().Root()
}

func pathOf(t testing.TB, s string) tree.Path {
	t.Helper()
	p, err := tree.ParsePath(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func newBinder(t testing.TB, typ reflect.Type, hooks ...mapstructure.DecodeHookFunc) *binder.Binder {
	t.Helper()
	b, err := binder.New(typ, hooks...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

type (
	bound     = binder.Bound
	canonical = binder.Canonical
)

// binding is one type with a layer that changes.
type binding struct {
	*binder.Binder
	canon binder.Canonical
	bound binder.Bound
}

// bind makes a layer the only one. The problems are those of its keys and of
// its values.
func (b *binding) bind(t testing.TB, in any) []tree.Problem {
	t.Helper()
	b.canon = b.Canonical(b.canon, rootOf(t, in))
	bound, problems := b.Bind(b.bound, b.canon.Root())
	b.bound = bound
	b.canon.Problems.Join(problems)
	return b.canon.Problems.Problems
}

// valueOf binds a layer from nothing.
func valueOf(t testing.TB, typ reflect.Type, in any, hooks ...mapstructure.DecodeHookFunc) (any, []tree.Problem) {
	t.Helper()
	b := &binding{Binder: newBinder(t, typ, hooks...)}
	problems := b.bind(t, in)
	if len(problems) > 0 {
		return nil, problems
	}
	return b.bound.Value.Elem().Interface(), nil
}

// good is a layer and the value it makes, whose type is the one that is bound.
type good struct {
	name string
	in   any
	want any
}

func testGood(t *testing.T, cases []good, hooks ...mapstructure.DecodeHookFunc) {
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			got, problems := valueOf(t, reflect.TypeOf(tt.want), tt.in, hooks...)
			if len(problems) > 0 || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %#v with problems %v\nwant %#v", got, problems, tt.want)
			}
		})
	}
}

// bad is a layer, a value of the type that it doesn't fit, and the problems.
type bad struct {
	name string
	into any
	in   any
	want []string // kind and text of each
}

func testBad(t *testing.T, cases []bad, hooks ...mapstructure.DecodeHookFunc) {
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			_, problems := valueOf(t, reflect.TypeOf(tt.into), tt.in, hooks...)
			var got []string
			for _, p := range problems {
				got = append(got, p.Kind.String()+" "+p.Error())
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("problems\n got %q\nwant %q", got, tt.want)
			}
		})
	}
}

func ptr[T any](v T) *T { return &v }

// leavesOf returns the paths of the leaves of a node.
func leavesOf(n *tree.Node) (paths []tree.Path) {
	for p := range n.Leaves {
		paths = append(paths, p.Child())
	}
	return paths
}
