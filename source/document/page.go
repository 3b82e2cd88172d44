package document

import (
	"context"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

// Page is a document that is read again and again, such as the value of a key
// in a store. Set Format or Decode, and Limits if need be, and copy it no more once
// it has read. It is for one goroutine.
type Page struct {
	Format Format
	Limits Limits

	// Decode reads the text instead of Format: one in another language, or one
	// that is encrypted. The limits that it is given have no zero field. nil:
	// Format decides.
	Decode func(data []byte, limits Limits) (tree.Tree, error)

	read bool
	text string
	tree tree.Tree
}

// Read returns the tree of the document's present text, which stands at an origin.
// Its values' origins are that with their own line and column. The text it read
// last isn't read again, and what is equal in the next shares its nodes.
// Problems are those of [Decode], at their origins; the last good tree is kept
// for the next Read.
func (p *Page) Read(text string, at tree.Origin) (tree.Tree, error) {
	return p.ReadContext(context.Background(), text, at)
}

// ReadContext is like Read, and ends early with ctx's error when ctx ends.
func (p *Page) ReadContext(ctx context.Context, text string, at tree.Origin) (tree.Tree, error) {
	if !p.read || text != p.text {
		next, err := DecodeWith(ctx, p.Decode, p.Format, []byte(text), p.Limits, at)
		if err != nil {
			return tree.Tree{}, err
		}
		p.tree, p.text, p.read = tree.Reuse(p.tree, next), text, true
	}
	return p.tree.Located(func(_ tree.Path, place tree.Place) tree.Origin {
		o := at
		o.Line, o.Column = int(place.Line), int(place.Column)
		return o
	}), nil
}

// DecodeWith reads a document by a decoder of the user's or, when that is nil, as
// [DecodeContext] does. Every problem of its error has the origin of the document,
// with its own line and column; an error that isn't a Problem becomes one, and so
// does a panic of the decoder.
func DecodeWith(ctx context.Context, decode func([]byte, Limits) (tree.Tree, error), format Format, data []byte, limits Limits, at tree.Origin) (t tree.Tree, err error) {
	if decode != nil {
		t, err = called(decode, data, limits.OrDefault())
	} else {
		t, err = DecodeContext(ctx, format, data, limits)
	}
	switch {
	case err == nil:
		return t, nil
	case ctx.Err() != nil:
		return tree.Tree{}, ctx.Err()
	case tree.Problems(err) == nil:
		return tree.Tree{}, tree.Problem{Kind: tree.Unusable, Origin: at, Err: err}
	}
	return tree.Tree{}, Locate(err, at)
}

// called calls a decoder of the user's, and makes an error of a panic: what the
// document holds may have caused it, and the next one may be good.
func called(decode func([]byte, Limits) (tree.Tree, error), data []byte, limits Limits) (t tree.Tree, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = source.Panicked("the decoder", v)
		}
	}()
	t, err = decode(data, limits)
	if err != nil {
		_, _ = err.Error(), tree.Problems(err) // the methods of an error may panic, as a typed nil's do
	}
	return t, err
}
