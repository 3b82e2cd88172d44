package file

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
)

func TestF4DocumentThatDoesNotParse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, "a: 1")
	w := watch(t, New(path, quick))
	w.tree("{a:1}")
	write(t, path, "a: 1\na: [2")
	w.err("did not find expected")
	write(t, path, "a: 1\nb: 2\na: 3\nb: 4\n")
	err := w.err("duplicate key")
	if n := len(err.(interface{ Unwrap() []error }).Unwrap()); n != 2 {
		t.Errorf("%d problems, want 2: %v", n, err)
	}
	if want := "from   file " + path + ":4:1"; !strings.Contains(err.Error(), want) {
		t.Errorf("error %q does not say %q", err, want)
	}
	write(t, path, "a: 1")
	w.tree("{a:1}")
}

func TestF7Removal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	w := watch(t, New(path, quick))
	if err := w.err("no such file or directory"); !errors.Is(err, fs.ErrNotExist) || !errors.Is(err, source.ErrAbsent) {
		t.Errorf("%v is not fs.ErrNotExist", err)
	}
	write(t, path, "a: 1")
	w.tree("{a:1}")
	do(t, os.Remove(path))
	if err := w.err("no such file or directory"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not fs.ErrNotExist", err)
	}
	write(t, path, "a: 1")
	w.tree("{a:1}")
}

func TestF7DirectoriesMissing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x/y/config.yaml")
	w := watch(t, New(path, quick))
	w.err("no such file or directory")
	do(t, os.MkdirAll(filepath.Dir(path), 0o700))
	write(t, path, "a: 1")
	w.until("{a:1}")
}

// An empty file is how a write in place begins, so a slow writer's is not
// believed. (For how long it isn't, see TestF5Poll.)
func TestF4SlowWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, "a: 1")
	src := New(path, &Options{Settle: 10 * settle})
	readings := spy(src)
	w := watch(t, src)
	w.tree("{a:1}")

	write(t, path, "")
	for range 3 {
		w.await(readings, "the file empty", func(c content) bool { return c.err == nil && c.empty })
	}
	w.none()
	write(t, path, "a: 2")
	w.tree("{a:2}")
}

// A burst of writes is read when it is over, or now and then if it goes on: sooner
// for the first few.
func TestF4Burst(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, "a: 0")
	src := New(path, quick)
	readings := spy(src)
	w := watch(t, src)
	w.tree("{a:0}")
	started := time.Now()
	for range 500 {
		moveOver(t, path, "a: 1")
	}
	moveOver(t, path, "a: 2")
	w.until("{a:2}")
	if got, most := len(readings), 12+int(time.Since(started)/rest); got > most {
		t.Errorf("%d readings in %v, want at most %d", got, time.Since(started), most)
	}
}

// What happens beside the file is no reason to read it.
func TestNoiseIsNotRead(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "config.yaml")
	write(t, path, "a: 1")
	src := New(path, quick)
	readings := spy(src)
	w := watch(t, src)
	w.tree("{a:1}")
	for range 100 {
		write(t, filepath.Join(dir, "server.log"), "x")
		moveOver(t, filepath.Join(dir, "state.yaml"), "x")
	}
	moveOver(t, path, "a: 2")
	w.tree("{a:2}")
	if n := len(readings); n > 3 { // fsnotify may tell of the one change late
		t.Errorf("%d readings, want 2 or 3", n)
	}
}

// What is read while the file changes is read again.
func TestF4ChangeDuringReading(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, "a: 1")
	src := New(path, quick).(*watched)
	read, first := src.read, true
	src.read = func(w *watched, r *reading) content {
		found := read(w, r)
		if first {
			first, r.moving = false, true
			found.err = errors.New("half of it")
		}
		return found
	}
	watch(t, src).tree("{a:1}")
}

func TestReadingSeesChange(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, "a: 1")
	for name, change := range map[string]func(){
		"nothing":  func() {},
		"written":  func() { write(t, path, "a: 12") },
		"replaced": func() { moveOver(t, path, "a: 1") },
		"removed":  func() { do(t, os.Remove(path)) },
	} {
		t.Run(name, func(t *testing.T) {
			write(t, path, "a: 1")
			r := newReading(nil, 100)
			real, info, err := r.resolve(root(path))
			do(t, err)
			change()
			if got, want := changed(real, info), name != "nothing"; got != want {
				t.Errorf("changed %v, want %v", got, want)
			}
		})
	}
}

func TestSameContentIsNoChange(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, "a: 1\nb: {c: 2}")
	src := New(path, quick)
	readings := spy(src)
	w := watch(t, src)
	first := w.tree("{a:1 b:{c:2}}")
	w.await(readings, "anything", func(content) bool { return true })

	do(t, os.Chtimes(path, time.Time{}, time.Now()))
	w.await(readings, "the file touched", func(content) bool { return true })
	moveOver(t, path, "a: 1\nb: {c: 2}")
	w.await(readings, "the file replaced", func(content) bool { return true })
	w.none()

	write(t, path, "# on top\na: 1\nb: {c: 2}")
	second := w.tree("{a:1 b:{c:2}}")
	if !second.Tree.Same(first.Tree) {
		t.Error("a comment made another tree")
	}
	if o, _ := second.Tree.Origin([]string{"b", "c"}); o.Line != 3 || o.Column != 8 || o.Key != path || o.Kind != "file" {
		t.Errorf("origin %+v, want line 3, column 8 of %s", o, path)
	}

	write(t, path, "# on top\na: 1\nb: {c: 3}")
	third := w.tree("{a:1 b:{c:3}}")
	if third.Tree.Lookup([]string{"a"}) != first.Tree.Lookup([]string{"a"}) {
		t.Error("a value that did not change is another node")
	}

	w.stop()
	if again := watch(t, src).tree("{a:1 b:{c:3}}"); !again.Tree.Same(third.Tree) {
		t.Error("watched again, the same content is another tree")
	}
}

func TestErrors(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	write(t, at("config.ini"), "a = 1")
	write(t, at("big.yaml"), "a: 0123456789")
	write(t, at("secret.yaml"), "a: *hunter2")
	do(t, os.Mkdir(at("dir.yaml"), 0o700))
	for name, c := range map[string]struct {
		src  source.Source
		want string
	}{
		"unknown format":  {New(at("config.ini"), nil), "set Options.Format"},
		"a directory":     {New(at("dir.yaml"), nil), "not a regular file"},
		"too large":       {New(at("big.yaml"), &Options{Limits: document.Limits{Bytes: 12}}), "more than 12 bytes"},
		"no values in it": {New(at("secret.yaml"), nil), "no anchor of that name stands before the alias (quote the value if it begins with \"*\")\n    from   file " + at("secret.yaml") + ":1:4"},
		"a file as a dir": {Dir(at("big.yaml"), nil), "not a directory"},
		"below a file":    {New(at("big.yaml/x.yaml"), nil), "not a directory"},
		"no directory":    {Dir(at("none"), nil), "no such file or directory"},
	} {
		t.Run(name, func(t *testing.T) {
			err := watch(t, c.src).err(c.want)
			if absent := errors.Is(err, fs.ErrNotExist); absent != (name == "no directory") {
				t.Errorf("%v: fs.ErrNotExist is %v", err, absent)
			}
		})
	}
}

func TestFormatIsAnOption(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config")
	write(t, path, `{"a": 1}`)
	watch(t, New(path, &Options{Format: document.JSON})).tree("{a:1}")
}

func TestRelativePath(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	do(t, os.MkdirAll(filepath.Join(dir, "real/sub"), 0o700))
	write(t, filepath.Join(dir, "real/config.yaml"), "a: 1")
	do(t, os.Symlink("real/sub", filepath.Join(dir, "link")))
	t.Chdir(dir)
	src := New("link/../config.yaml", quick) // not ./config.yaml: the link is followed first
	if src.Name() != "file link/../config.yaml" {
		t.Errorf("name %q", src.Name())
	}
	w := watch(t, src)
	s := w.tree("{a:1}")
	if o, _ := s.Tree.Origin([]string{"a"}); o.String() != "file link/../config.yaml:1:4" {
		t.Errorf("origin %q", o)
	}
	w.stop()
	t.Chdir(elsewhere)
	watch(t, src).tree("{a:1}")
}
