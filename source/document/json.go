package document

import "github.com/confsync/confsync/tree"

// json reads JSON, or JSONC, by the reader that texts within other sources go
// through too, so that they mean the same.
func (d *decoder) json(comments bool) tree.Tree {
	reader := tree.JSON{Comments: comments, Keys: d.limits.Keys, Depth: min(d.limits.Depth, 10_000), Done: d.done}
	t, err := reader.Read(d.data)
	for _, p := range tree.Problems(err) {
		d.found = append(d.found, p)
	}
	if err != nil && d.found == nil {
		d.found = []error{err}
	}
	at, _ := t.Origin(nil)
	return d.notMap(t, tree.Place{Line: int32(at.Line), Column: int32(at.Column)})
}
