package file

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/confsync/confsync/tree"
)

// part is one file of a directory.
type part struct {
	path tree.Path
	file string // its path, below the one that was given
	data []byte
}

// parts are the files of a directory, so far.
type parts struct {
	*watched
	*reading
	found    []part
	folders  []tree.Path
	problems []error
}

// readDir finds the content of all the files.
func (w *watched) readDir(r *reading) content {
	dir, info, err := r.resolve(root(w.abs[0]))
	if err == nil && !info.IsDir() {
		err = &fs.PathError{Op: "read", Path: dir, Err: errors.New("not a directory")}
	}
	if err != nil {
		return content{err: w.problem(tree.Unusable, w.paths[0], err)}
	}
	dir = r.version(dir)
	p := &parts{watched: w, reading: r}
	p.walk(dir, nil, w.paths[0], 1)
	if p.problems != nil {
		return content{err: errors.Join(p.problems...)}
	}
	return content{sum: p.sum(), size: int64(p.opts.Limits.Bytes - p.budget), empty: len(p.found) == 0, decode: p.decode}
}

// version returns the directory that a mounted Kubernetes volume keeps its
// present version in, or the directory itself.
func (r *reading) version(dir string) string {
	if version, info, err := r.resolve(dir, volumeData); err == nil && info.IsDir() {
		return version
	}
	return dir
}

const volumeData = "..data"

// walk reads a directory that has no symlinks in its path. It reports false
// when a limit was passed.
func (p *parts) walk(dir string, at tree.Path, name string, depth int) bool {
	if depth > p.opts.Limits.Depth {
		return p.tooLarge(name, fmt.Errorf("more than %d directories inside one another", p.opts.Limits.Depth))
	}
	p.look(dir, "")
	entries, err := os.ReadDir(dir)
	if err != nil {
		p.wrong(name, err)
		return true
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		name := filepath.Join(name, e.Name())
		path := at.Child(p.segments(e.Name())...)
		real, info, err := p.resolve(dir, e.Name())
		switch {
		case err != nil:
			p.wrong(name, err)
		case info.IsDir():
			p.folders = append(p.folders, path)
			if !p.walk(real, path, name, depth+1) {
				return false
			}
		default:
			if !p.add(real, info, part{path: path, file: name}) {
				return false
			}
		}
	}
	return true
}

func (p *parts) segments(name string) []string {
	if p.opts.Separator == "" {
		return []string{name}
	}
	return strings.Split(name, p.opts.Separator)
}

// add reads a file.
func (p *parts) add(real string, info fs.FileInfo, f part) bool {
	data, err := p.file(real, info)
	switch {
	case errors.Is(err, errTooLarge):
		return p.tooLarge(f.file, fmt.Errorf("more than %d bytes", p.opts.Limits.Bytes))
	case err != nil:
		p.wrong(f.file, err)
	case len(p.found) == p.opts.Limits.Keys:
		return p.tooLarge(f.file, fmt.Errorf("more than %d files", p.opts.Limits.Keys))
	default:
		f.data = data
		p.found = append(p.found, f)
	}
	return true
}

// wrong notes that one of the files can't be read. A file that went while the
// directory was read is not worth a problem yet, and never means that the
// directory is absent, so the error doesn't wrap fs.ErrNotExist.
func (p *parts) wrong(name string, err error) {
	if errors.Is(err, fs.ErrNotExist) {
		p.moving = true
		err = errors.New(err.Error())
	}
	p.problems = append(p.problems, p.problem(tree.Unusable, name, err))
}

func (p *parts) tooLarge(name string, err error) bool {
	p.problems = append(p.problems, p.problem(tree.TooLarge, name, err))
	return false
}

// sum is of all names and contents.
func (p *parts) sum() fingerprint {
	h := newHash()
	add := func(data []byte) {
		maphash.WriteComparable(h, len(data))
		h.Write(data)
	}
	for _, folder := range p.folders {
		add([]byte(folder.String()))
	}
	for _, f := range p.found {
		add([]byte(f.file))
		add(f.data)
	}
	return fingerprint(h.Sum64())
}

// decode makes the tree of the files.
func (p *parts) decode(context.Context) (tree.Tree, string, error) {
	files := make(map[string]string, len(p.found)) // by path
	edit := tree.Tree{}.Edit()
	for _, folder := range p.folders {
		edit.SetFolder(folder, tree.Place{})
	}
	var problems []error
	for _, f := range p.found {
		kind, err := tree.Unusable, error(nil)
		first, twice := files[f.path.String()]
		switch {
		case slices.Contains(f.path, ""):
			err = fmt.Errorf("a name with nothing before, after or between %q", p.opts.Separator)
		case twice:
			kind, err = tree.Duplicate, fmt.Errorf("the value stands in %s too", first)
		default:
			files[f.path.String()] = f.file
			edit.Set(f.path, value(f.data), tree.Place{})
			continue
		}
		problems = append(problems, tree.Problem{Path: f.path, Kind: kind, Origin: p.origin(f.file), Err: err})
	}
	if problems != nil {
		return tree.Tree{}, "", errors.Join(problems...)
	}
	w := p.watched // so that the contents can go
	return edit.Tree().Located(func(at tree.Path, _ tree.Place) tree.Origin {
		if file, ok := files[at.String()]; ok {
			return w.origin(file)
		}
		return w.origin(w.paths[0])
	}), "", nil
}

// value returns the text of a file without the line break it ends in.
func value(data []byte) string {
	text, _ := strings.CutSuffix(string(data), "\n")
	if len(text) < len(data) {
		text = strings.TrimSuffix(text, "\r")
	}
	return text
}
