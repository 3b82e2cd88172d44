package document_test

import (
	"errors"
	"testing"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

func TestKey(t *testing.T) {
	key := &document.Key{
		Name:   "app",
		Page:   document.Page{Format: document.JSON},
		Bounds: source.Bounds{MaxBytes: 20},
		Origin: func(key string, _ int64) tree.Origin { return tree.Origin{Kind: "store", Key: key} },
	}
	absent := func(err error) bool { return errors.Is(err, source.ErrAbsent) }
	unusable := func(kind tree.ProblemKind) func(error) bool {
		return func(err error) bool {
			all := tree.Problems(err)
			return len(all) == 1 && all[0].Kind == kind && all[0].Origin.Key == "app" && !absent(err)
		}
	}
	for _, step := range []struct {
		name string
		do   func()
		want string
		err  func(error) bool
	}{
		{"nothing yet", func() {}, "", absent},
		{"a list", func() { key.Replace([]source.Row{{Key: "app", Value: `{"a":1}`}}) }, "{a:1}", nil},
		{"another key", func() { key.Put(source.Row{Key: "apple", Value: `{}`}); key.Delete("apple") }, "{a:1}", nil},
		{"written", func() { key.Put(source.Row{Key: "app", Value: `{"a":2}`}) }, "{a:2}", nil},
		{"broken", func() { key.Put(source.Row{Key: "app", Value: `{"a":`}) }, "", unusable(tree.Unusable)},
		{"too large", func() { key.Put(source.Row{Key: "app", Value: `{"a":"0123456789abcdef"}`}) }, "", unusable(tree.TooLarge)},
		{"mended", func() { key.Put(source.Row{Key: "app", Value: `{"a":3}`}) }, "{a:3}", nil},
		{"deleted", func() { key.Delete("app") }, "", absent},
		{"a list without it", func() { key.Replace(nil) }, "", absent},
	} {
		step.do()
		got, err := key.Tree()
		if step.err == nil && (err != nil || got.Root().String() != step.want) {
			t.Errorf("%s: %v, %v, want %s", step.name, got.Root(), err, step.want)
		}
		if step.err != nil && !step.err(err) {
			t.Errorf("%s: error %v", step.name, err)
		}
	}
	if _, ok := key.Get("app"); ok || key.Len() != 0 || len(key.Rows()) != 0 {
		t.Error("a key that isn't there is held")
	}
}
