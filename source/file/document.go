package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

// readDocument finds the content of the one file, or of the first that exists.
func (w *watched) readDocument(r *reading) content {
	var found content
	for i, path := range w.paths {
		real, info, err := r.resolve(root(w.abs[i]))
		var data []byte
		if err == nil {
			r.lookAt(real)
			data, err = r.file(real, info)
		}
		if found = w.contentOf(path, data, err); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return found
}

// contentOf returns the content of a file that was read, or could not be.
func (w *watched) contentOf(path string, data []byte, err error) content {
	switch {
	case errors.Is(err, errTooLarge):
		err = fmt.Errorf("more than %d bytes", w.opts.Limits.Bytes)
		return content{err: w.problem(tree.TooLarge, path, err)}
	case err != nil:
		return content{err: w.problem(tree.Unusable, path, err)}
	}
	h := newHash()
	h.Write(data)
	h.WriteString(path)
	return content{
		sum: fingerprint(h.Sum64()), size: int64(len(data)), empty: len(data) == 0,
		decode: func(ctx context.Context) (tree.Tree, string, error) { return w.decode(ctx, path, data) },
	}
}

// decode makes the tree of a document, and the note there is on it.
func (w *watched) decode(ctx context.Context, path string, data []byte) (t tree.Tree, note string, err error) {
	format := w.opts.Format
	if format == 0 {
		format, _ = document.FormatOf(path)
	}
	switch {
	case w.opts.Decode == nil && format == document.Dotenv:
		t, note, err = w.dotenv(path, data)
		err = document.Locate(err, w.origin(path))
	case w.opts.Decode == nil && format == 0:
		err = w.problem(tree.Unusable, path, errors.New("the name doesn't tell the format: set Options.Format"))
	default:
		t, err = document.DecodeWith(ctx, w.opts.Decode, format, data, w.opts.Limits, w.origin(path))
	}
	if err != nil {
		return tree.Tree{}, "", err
	}
	return t.Located(func(_ tree.Path, at tree.Place) tree.Origin {
		o := w.origin(path)
		o.Line, o.Column = int(at.Line), int(at.Column)
		return o
	}), note, nil
}

// dotenv reads the flat names of a dotenv file, and puts each value where its
// name says, as far as the type is known.
func (w *watched) dotenv(path string, data []byte) (tree.Tree, string, error) {
	if w.opts.Expand != nil {
		t, err := document.DecodeDotenv(data, w.opts.Limits, w.opts.Expand)
		if err == nil && w.names != nil {
			t, err = w.unflatten(t)
		}
		return t, "", err
	}
	t, err := document.Decode(document.Dotenv, data, w.opts.Limits)
	note := ""
	if line := unexpanded(t, data); err == nil && line > 0 {
		note = fmt.Sprintf("%s:%d: ${ stands for itself: set Options.Expand to have variables replaced, or quote the value with '", path, line)
	}
	if err == nil && w.names != nil {
		t, err = w.unflatten(t)
	}
	return t, note, err
}

// unexpanded returns the line of the first value that looks as if it held a
// variable and doesn't stand in single quotes; 0 when there is none.
func unexpanded(t tree.Tree, data []byte) int {
	if !bytes.Contains(data, []byte("${")) {
		return 0
	}
	lines := bytes.Split(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), []byte{'\n'})
	first := 0
	for p, n := range t.Root().Leaves {
		at, _ := t.Origin(p)
		if !bytes.Contains([]byte(n.Text()), []byte("${")) || at.Line > len(lines) {
			continue
		}
		if quoted := bytes.HasPrefix(lines[at.Line-1][at.Column-1:], []byte{'\''}); !quoted && (first == 0 || at.Line < first) {
			first = at.Line
		}
	}
	return first
}
