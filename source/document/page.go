package document

import "github.com/confsync/confsync/tree"

// Page is a document that is read again and again, such as the value of a key
// in a store. Set Format, and Limits if need be, and copy it no more once it has
// read. It is for one goroutine.
type Page struct {
	Format Format
	Limits Limits

	read bool
	text string
	tree tree.Tree
}

// Read is the tree of the document's present text, which stands at an origin.
// Its values' origins are that with their own line and column. The text it read
// last isn't read again, and what is equal in the next shares its nodes.
// Problems are those of [Decode], at their origins; the last good tree is kept
// for the next Read.
func (p *Page) Read(text string, at tree.Origin) (tree.Tree, error) {
	if !p.read || text != p.text {
		next, err := Decode(p.Format, []byte(text), p.Limits)
		if err != nil {
			return tree.Tree{}, Locate(err, at)
		}
		p.tree, p.text, p.read = tree.Reuse(p.tree, next), text, true
	}
	return p.tree.Located(func(_ tree.Path, place tree.Place) tree.Origin {
		o := at
		o.Line, o.Column = int(place.Line), int(place.Column)
		return o
	}), nil
}
