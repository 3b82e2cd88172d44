package file

import (
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

// readDocument finds the content of the one file.
func (w *watched) readDocument(r *reading) content {
	real, info, err := r.resolve(root(w.abs))
	var data []byte
	if err == nil {
		r.lookAt(real)
		data, err = r.file(real, info)
	}
	switch {
	case errors.Is(err, errTooLarge):
		err = fmt.Errorf("more than %d bytes", w.opts.Limits.Bytes)
		return content{err: w.problem(tree.TooLarge, w.path, err)}
	case err != nil:
		return content{err: w.problem(tree.Unusable, w.path, err)}
	}
	return content{
		sum: sha256.Sum256(data), empty: len(data) == 0,
		decode: func() (tree.Tree, error) { return w.decode(data) },
	}
}

func (w *watched) decode(data []byte) (tree.Tree, error) {
	if w.opts.Format == 0 {
		return tree.Tree{}, w.problem(tree.Unusable, w.path, errors.New("the name doesn't tell the format: set Options.Format"))
	}
	t, err := document.Decode(w.opts.Format, data, w.opts.Limits)
	if err == nil && w.names != nil {
		t, err = w.unflatten(t)
	}
	if err != nil {
		return tree.Tree{}, document.Locate(err, w.origin(w.path))
	}
	return t.Located(w.locate), nil
}

func (w *watched) locate(_ tree.Path, at tree.Place) tree.Origin {
	o := w.origin(w.path)
	o.Line, o.Column = int(at.Line), int(at.Column)
	return o
}
