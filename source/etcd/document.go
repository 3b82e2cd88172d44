package etcd

import (
	"fmt"
	"math"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

// text is the view of one key that holds a document.
type text struct {
	store *store
	value string
	tree  tree.Tree // of value; absent before the first that could be read
}

// update reads the document, if it isn't the one that was read last.
func (x *text) update(c *contents, _ []string) (tree.Tree, error) {
	key := x.store.keys.Root
	e, ok := c.entries[key]
	at := x.store.origin(key, e.revision)
	if !ok {
		err := fmt.Errorf("no such key: %w", source.ErrAbsent)
		return tree.Tree{}, tree.Problem{Kind: tree.Unusable, Origin: at, Err: err}
	}
	if x.tree.Root() == nil || x.value != e.value {
		read, err := document.Decode(x.store.opts.Document, []byte(e.value), x.store.limits())
		if err != nil {
			return tree.Tree{}, document.Locate(err, at)
		}
		x.tree, x.value = tree.Reuse(x.tree, read), e.value
	}
	x.tree = x.tree.Located(func(_ tree.Path, place tree.Place) tree.Origin {
		o := at
		o.Line, o.Column = int(place.Line), int(place.Column)
		return o
	})
	return x.tree, nil
}

// limits are the options' bounds as the decoder has them.
func (s *store) limits() document.Limits {
	bound := func(n int) int {
		if n < 0 {
			return math.MaxInt
		}
		return n
	}
	return document.Limits{Bytes: bound(s.opts.MaxBytes), Keys: bound(s.opts.MaxKeys)}
}
