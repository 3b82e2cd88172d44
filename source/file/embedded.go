package file

import (
	"bytes"
	"io"
	"io/fs"
	"slices"

	"github.com/confsync/confsync/source"
)

// FS returns the source of the document at a path of a file system, such as one
// that a program was built with. Where the file system can change, Options.Poll
// says how often to look; else it is read at the beginning of each Watch only.
// It is otherwise like [New].
func FS(fsys fs.FS, path string, opts *Options) source.Source {
	w := newWatched("file "+path, opts, path)
	w.fixed = true
	w.read = func(w *watched, r *reading) content {
		data, err := readFS(fsys, path, r)
		return w.contentOf(path, data, err)
	}
	return w
}

func readFS(fsys fs.FS, path string, r *reading) ([]byte, error) {
	info, err := fs.Stat(fsys, path) // to open a pipe could wait for its writer
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "read", Path: path, Err: errNotRegular}
	}
	if err != nil {
		return nil, err
	}
	f, err := fsys.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, int64(r.budget)+1))
	if err == nil && len(data) > r.budget {
		err = errTooLarge
	}
	return data, err
}

// Bytes returns the source of a document that is in memory. The name stands for
// its path in origins, and tells its format unless the options do. The data is
// copied.
func Bytes(name string, data []byte, opts *Options) source.Source {
	w := newWatched("file "+name, opts, name)
	w.fixed = true
	data = slices.Clone(data)
	w.read = func(w *watched, r *reading) content {
		if len(data) > r.budget {
			return w.contentOf(name, nil, errTooLarge)
		}
		return w.contentOf(name, bytes.Clone(data), nil)
	}
	return w
}
