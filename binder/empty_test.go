package binder_test

import (
	"reflect"
	"testing"

	"github.com/confsync/confsync/binder"
	"github.com/confsync/confsync/tree"
)

// TestEmptyTextIsAnEmptyMap binds what a store's tool leaves in a parent that
// has no children yet.
func TestEmptyTextIsAnEmptyMap(t *testing.T) {
	type config struct {
		Struct struct {
			A string `default:"x"`
		}
		Map map[string]int
	}
	b, err := binder.New(reflect.TypeFor[config]())
	if err != nil {
		t.Fatal(err)
	}
	for text, fits := range map[string]bool{"": true, " \n": true, "x": false} {
		e := tree.Tree{}.Edit()
		e.Set(tree.Path{"struct"}, text, tree.Place{})
		e.Set(tree.Path{"map"}, text, tree.Place{})
		bound, problems := b.Bind(binder.Bound{}, e.Tree().Root())
		if !fits {
			if problems.Len() != 2 {
				t.Errorf("%q: problems %v, want 2", text, problems)
			}
			continue
		}
		got := bound.Value.Interface().(*config)
		if problems.Len() > 0 || got.Struct.A != "x" || len(got.Map) != 0 {
			t.Errorf("%q: %+v %v", text, got, problems)
		}
	}
}
