package source

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// leftOver is how old a temporary file is that a process has left behind which
// was killed as it wrote.
const leftOver = time.Hour

// replace makes a file of parts, for its owner only, all at once: whatever
// happens on the way, the file is the old one or the new one.
func replace(file string, parts ...[]byte) error {
	sweep(file)
	steps, undo := replacement(file, parts...)
	for _, step := range steps {
		if err := step(); err != nil {
			undo()
			return err
		}
	}
	return nil
}

// replacement returns what is to be done, one after the other, to make a file of
// parts, and what undoes it unless all has been done.
func replacement(file string, parts ...[]byte) (steps []func() error, undo func()) {
	var temp *os.File
	step := func(f func() error) { steps = append(steps, f) }
	step(func() (err error) {
		temp, err = os.CreateTemp(filepath.Dir(file), temporary(file)) // readable to its owner only
		return err
	})
	for _, part := range parts {
		step(func() error { _, err := temp.Write(part); return err })
	}
	step(func() error { return temp.Sync() })
	step(func() error { return temp.Close() })
	step(func() error { return os.Rename(temp.Name(), file) })
	return steps, func() {
		if temp != nil {
			temp.Close()
			os.Remove(temp.Name())
		}
	}
}

// temporary returns a pattern for the names of a file's temporary ones.
func temporary(file string) string { return "." + filepath.Base(file) + ".*.confsync" }

// sweep removes temporary files that nobody will rename any more.
func sweep(file string) {
	entries, err := os.ReadDir(filepath.Dir(file))
	if err != nil {
		return
	}
	for _, entry := range entries {
		if ours, err := filepath.Match(temporary(file), entry.Name()); err != nil || !ours {
			continue
		}
		if info, err := entry.Info(); err == nil && time.Since(info.ModTime()) > leftOver {
			os.Remove(filepath.Join(filepath.Dir(file), entry.Name()))
		}
	}
}

// bare returns a file's error without the file's name, which may be a temporary one.
func bare(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}
