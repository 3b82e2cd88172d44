package file

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// reading is one look at the files. It watches each directory before it looks
// into it, so that whatever changes afterwards is an event.
type reading struct {
	events *subscription   // nil when polling
	dirs   map[string]bool // the directories looked into, and the files; true: all of their entries matter
	names  map[string]bool // the entries looked up
	moving bool            // something changed meanwhile
	stirs  func() bool     // whether something has changed, or a writer may have one of the files open; nil: not known
	blind  error           // why a directory could not be watched
	budget int             // bytes that may still be read
}

const maxLinks = 255

var (
	errNotRegular = errors.New("not a regular file")
	errTooLarge   = errors.New("too many bytes")
)

func newReading(events *subscription, bytes int) *reading {
	return &reading{events: events, dirs: make(map[string]bool), names: make(map[string]bool), budget: bytes}
}

// concerns reports whether an event may change what the reading found.
func (r *reading) concerns(e event) bool {
	return e.what == lost || r.names[filepath.Base(e.path)] || r.dirs[filepath.Dir(e.path)]
}

// look says that the meaning of the path depends on an entry of a directory, or
// on all of them when name is "".
func (r *reading) look(dir, name string) {
	if _, ok := r.dirs[dir]; !ok && r.events != nil {
		if err := r.events.add(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			r.blind = fmt.Errorf("watch %s: %w", dir, err)
		}
	}
	r.dirs[dir] = r.dirs[dir] || name == ""
	if name != "" {
		r.names[name] = true
	}
}

// lookAt watches a file itself too, for a write that comes through another hard
// link or another mount is an event of the file alone. The directory is watched
// already, so it doesn't matter much if this fails.
func (r *reading) lookAt(file string) {
	if r.events != nil && r.events.add(file) == nil {
		r.dirs[file] = false
	}
}

// resolve follows a path from a directory, which has no symlinks in it, to what
// it leads to. Its error is of the first entry that isn't there.
func (r *reading) resolve(dir, path string) (string, fs.FileInfo, error) {
	links := 0
	info, err := os.Lstat(dir)
	for rest := split(path); len(rest) > 0 && err == nil; {
		name := rest[0]
		rest = rest[1:]
		switch name {
		case "", ".":
			continue
		case "..":
			dir = filepath.Dir(dir)
			info, err = os.Lstat(dir)
			continue
		}
		r.look(dir, name)
		at := filepath.Join(dir, name)
		if info, err = os.Lstat(at); err != nil || info.Mode()&fs.ModeSymlink == 0 {
			dir = at
			continue
		}
		target, e := os.Readlink(at)
		if links++; e == nil && links > maxLinks {
			e = &fs.PathError{Op: "resolve", Path: at, Err: errors.New("too many symlinks")}
		}
		if e != nil {
			return at, nil, e
		}
		if filepath.IsAbs(target) {
			dir, target = root(target)
		}
		info, err = os.Lstat(dir)
		rest = append(split(target), rest...)
	}
	return dir, info, err
}

// root splits an absolute path after the root directory.
func root(path string) (dir, rest string) {
	volume := filepath.VolumeName(path)
	return volume + string(filepath.Separator), path[len(volume):]
}

func split(path string) []string {
	return strings.Split(filepath.ToSlash(path), "/")
}

// file reads the regular file at a path that [reading.resolve] has found.
func (r *reading) file(path string, before fs.FileInfo) ([]byte, error) {
	if !before.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: path, Err: errNotRegular}
	}
	if before.Size() > int64(r.budget) {
		return nil, errTooLarge
	}
	r.moving = r.stirs != nil && r.stirs() || r.moving // who opens it later changes its time after before
	f, err := open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	opened, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if r.moving = r.moving || !os.SameFile(before, opened) || !opened.Mode().IsRegular(); !opened.Mode().IsRegular() { // replaced in between
		return nil, &fs.PathError{Op: "read", Path: path, Err: errNotRegular}
	}
	var data bytes.Buffer
	data.Grow(int(before.Size()) + bytes.MinRead) // one read for all of it, and one for its end
	if _, err := data.ReadFrom(io.LimitReader(f, int64(r.budget)+1)); err != nil {
		return nil, err
	}
	if changed(path, before) {
		r.moving = true
	}
	if r.budget -= data.Len(); r.budget < 0 {
		return nil, errTooLarge
	}
	return data.Bytes(), nil
}

// changed reports whether a file is not what it was before it was read.
func changed(path string, before fs.FileInfo) bool {
	after, err := os.Lstat(path)
	return err != nil || !os.SameFile(before, after) ||
		before.Size() != after.Size() || !before.ModTime().Equal(after.ModTime())
}

// prune takes away the watches that the reading had no need for.
func (r *reading) prune() {
	if r.events != nil {
		r.events.retain(r.dirs)
	}
}
