package document_test

import (
	"context"
	"errors"
	"testing"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

func TestLayout(t *testing.T) {
	keys := source.Keys{Root: "app"}
	origin := func(key string, revision int64) tree.Origin { return tree.Origin{Kind: "store", Key: key} }
	decode := func([]byte, document.Limits) (tree.Tree, error) {
		return tree.Of(tree.NewMap([]string{"own"}, []*tree.Node{tree.NewScalar(tree.String, "1")}, nil)), nil
	}
	rows := []source.Row{{Key: "app", Value: `{"a":{"b":1}}`}, {Key: "app/a/b", Value: "2"}}
	tests := []struct {
		name   string
		page   document.Page
		rows   []source.Row
		bounds source.Bounds
		want   string // "" where there is no tree
	}{
		{"keys", document.Page{}, rows[1:], source.Bounds{}, `{a:{b:"2"}}`},
		{"a document", document.Page{Format: document.JSON}, rows, source.Bounds{}, "{a:{b:1}}"},
		{"a document of one's own", document.Page{Decode: decode}, rows, source.Bounds{}, `{own:"1"}`},
		{"a document with too many keys", document.Page{Format: document.JSON}, rows, source.Bounds{MaxKeys: 1}, ""},
		{"a document with too many bytes", document.Page{Format: document.JSON}, rows, source.Bounds{MaxBytes: 5}, ""},
		{"too many keys", document.Page{}, []source.Row{{Key: "app/a"}, {Key: "app/b"}}, source.Bounds{MaxKeys: 1}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			held := document.NewLayout(keys, tt.page, tt.bounds, origin)
			held.Replace(tt.rows)
			got, err := held.Tree(t.Context())
			if tt.want == "" {
				if problems := tree.Problems(err); len(problems) != 1 || problems[0].Kind != tree.TooLarge {
					t.Errorf("error %v, want that it is too large", err)
				}
				return
			}
			if err != nil || got.Root().String() != tt.want {
				t.Errorf("got %v, %v, want %s", got.Root(), err, tt.want)
			}
		})
	}
}

// A document is given up when the context has ended, whatever holds it.
func TestLayoutEndsWithContext(t *testing.T) {
	held := document.NewLayout(source.Keys{Root: "app"}, document.Page{Format: document.JSON}, source.Bounds{}, func(string, int64) tree.Origin { return tree.Origin{} })
	held.Replace([]source.Row{{Key: "app", Value: `{"a":1}`}})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := held.Tree(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
}
