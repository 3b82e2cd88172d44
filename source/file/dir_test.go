package file

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
)

// files makes files of a map from names to contents; a name that ends in "/" is
// a directory, a content that begins with "->" a symlink.
func files(t *testing.T, dir string, all map[string]string) {
	t.Helper()
	for name, content := range all {
		path := filepath.Join(dir, name)
		do(t, os.MkdirAll(filepath.Dir(path), 0o700))
		target, isLink := strings.CutPrefix(content, "->")
		switch {
		case strings.HasSuffix(name, "/"):
			do(t, os.MkdirAll(path, 0o700))
		case isLink:
			do(t, os.Symlink(target, path))
		default:
			write(t, path, content)
		}
	}
}

func TestDir(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		opts  Options
		want  string
	}{
		"empty":                    {nil, Options{}, "nothing"},
		"line breaks":              {map[string]string{"a": "1\n", "b": "2\r\n", "c": "3\n\n", "d": "", "e": "\n", "f": "4\r", "g": "x\ny"}, Options{}, "{a:\"1\" b:\"2\" c:\"3\n\" d:\"\" e:\"\" f:\"4\r\" g:\"x\ny\"}"},
		"directories":              {map[string]string{"db/user": "u", "db/pool/max": "9", "empty/": ""}, Options{}, `{db:{pool:{max:"9"} user:"u"} empty:{}}`},
		"names with dots":          {map[string]string{"db.user": "u", ".hidden": "x", "..old/a": "x", "db/.git/x": "y"}, Options{}, `{db:{} db.user:"u"}`},
		"a separator":              {map[string]string{"db.user": "u", "db.pool.max": "9", "db": "x"}, Options{Separator: "."}, `{db:"x"{pool:{max:"9"} user:"u"}}`},
		"a longer separator":       {map[string]string{"db__user": "u", "db_max": "9"}, Options{Separator: "__"}, `{db:{user:"u"} db_max:"9"}`},
		"symlinks":                 {map[string]string{"a": "->sub/a", "sub/a": "1", "link": "->sub"}, Options{}, `{a:"1" link:{a:"1"} sub:{a:"1"}}`},
		"a mounted volume":         {map[string]string{"..1/a": "1", "..1/sub/b": "2", "..data": "->..1", "a": "->..data/a", "sub": "->..data/sub", "stray": "x"}, Options{}, `{a:"1" sub:{b:"2"}}`},
		"a file of a mount's name": {map[string]string{"..data": "x", "a": "1"}, Options{}, `{a:"1"}`},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			files(t, dir, c.files)
			watch(t, Dir(dir, &c.opts)).tree(c.want)
		})
	}
}

func TestDirErrors(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		opts  Options
		want  string
	}{
		"a dangling symlink":  {map[string]string{"a": "1", "b": "->none"}, Options{}, "none: no such file or directory\n    from   file DIR/b"},
		"a symlink to itself": {map[string]string{"a/b": "->."}, Options{Limits: document.Limits{Depth: 5}}, "more than 5 directories inside one another\n    from   file DIR/a/b/b/b/b"},
		"the same path twice": {map[string]string{"a.b": "hunter", "a/b": "hunter"}, Options{Separator: "."}, "a.b: the value stands in DIR/a/b too\n    from   file DIR/a.b"},
		"an empty segment":    {map[string]string{"a..b": "1"}, Options{Separator: "."}, "a name with nothing before, after or between \".\"\n    from   file DIR/a..b"},
		"too many files":      {map[string]string{"a": "1", "b": "2", "c": "3"}, Options{Limits: document.Limits{Keys: 2}}, "more than 2 files\n    from   file DIR/c"},
		"too many bytes":      {map[string]string{"a": "hunter", "b": "hunter"}, Options{Limits: document.Limits{Bytes: 11}}, "more than 11 bytes\n    from   file DIR/b"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			files(t, dir, c.files)
			c.opts.Settle = settle
			err := watch(t, Dir(dir, &c.opts)).err(strings.ReplaceAll(c.want, "DIR", dir))
			if errors.Is(err, source.ErrAbsent) {
				t.Errorf("error %v says that the directory is absent", err)
			}
			if strings.Contains(err.Error(), "hunter") {
				t.Errorf("error %v holds a value", err)
			}
		})
	}
}

func TestDirOrigins(t *testing.T) {
	dir := t.TempDir()
	files(t, dir, map[string]string{"..1/db/user": "u", "..data": "->..1"})
	t.Chdir(filepath.Dir(dir))
	src := Dir(filepath.Base(dir), nil)
	if want := "dir " + filepath.Base(dir); src.Name() != want {
		t.Errorf("name %q, want %q", src.Name(), want)
	}
	s := watch(t, src).tree(`{db:{user:"u"}}`)
	if o, _ := s.Tree.Origin([]string{"db", "user"}); o.String() != "file "+filepath.Base(dir)+"/db/user" {
		t.Errorf("origin %q", o)
	}
	if o, _ := s.Tree.Origin([]string{"db"}); o.String() != "file "+filepath.Base(dir) {
		t.Errorf("origin of a directory %q", o)
	}
}

func TestF1DirConfigMap(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	files(t, dir, map[string]string{"..1/a": "1", "..1/b": "1", "..data": "->..1", "a": "->..data/a", "b": "->..data/b"})
	w := watch(t, Dir(dir, quick))
	w.tree(`{a:"1" b:"1"}`)

	files(t, dir, map[string]string{"..2/a": "2", "..2/c": "2", "..data_tmp": "->..2"})
	do(t, os.Rename(at("..data_tmp"), at("..data")))
	do(t, os.RemoveAll(at("..1")))
	do(t, os.Remove(at("b")))
	do(t, os.Symlink("..data/c", at("c")))
	w.tree(`{a:"2" c:"2"}`)
	w.none()
}

// A snapshot is of one version, however often versions change meanwhile.
func TestF1DirOneVersion(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	version := func(n string) {
		files(t, dir, map[string]string{"..v" + n + "/a": n, "..v" + n + "/b": n, "..v" + n + "/c/d": n, "..data_tmp": "->..v" + n})
		do(t, os.Rename(at("..data_tmp"), at("..data")))
	}
	version("0")
	w := watch(t, Dir(dir, &Options{Settle: 1})) // read as often as can be
	good, changed := 0, 0
	for deadline := time.Now().Add(within); good < 50; changed++ {
		if time.Now().After(deadline) {
			t.Fatalf("%d snapshots of %d versions", good, changed)
		}
		n := string(rune('1' + changed%9))
		do(t, os.RemoveAll(at("..v"+n)))
		version(n)
		for len(w.snaps) > 0 {
			s := w.next()
			if s.Err != nil {
				continue // the version at hand was removed
			}
			good++
			get := func(path ...string) string { return s.Tree.Lookup(path).Text() }
			if a := get("a"); a != get("b") || a != get("c", "d") {
				t.Fatalf("tree %s is of more than one version", s.Tree.Root())
			}
		}
	}
	version("last")
	w.until(`{a:"last" b:"last" c:{d:"last"}}`)
}

func TestF1DirChanges(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	files(t, dir, map[string]string{"a": "1", "sub/b": "1", "linked": "->../" + filepath.Base(dir) + "/sub/b"})
	w := watch(t, Dir(dir, quick))
	w.tree(`{a:"1" linked:"1" sub:{b:"1"}}`)
	write(t, at("a"), "2")
	w.tree(`{a:"2" linked:"1" sub:{b:"1"}}`)
	write(t, at("sub/b"), "2")
	w.tree(`{a:"2" linked:"2" sub:{b:"2"}}`)
	do(t, os.MkdirAll(at("new/deep"), 0o700))
	write(t, at("new/deep/c"), "1")
	w.until(`{a:"2" linked:"2" new:{deep:{c:"1"}} sub:{b:"2"}}`)
	write(t, at("new/deep/c"), "2")
	w.tree(`{a:"2" linked:"2" new:{deep:{c:"2"}} sub:{b:"2"}}`)
	do(t, os.RemoveAll(at("new")))
	do(t, os.Remove(at("linked")))
	w.until(`{a:"2" sub:{b:"2"}}`)
}

func TestF7DirRemoval(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "secrets")
	w := watch(t, Dir(dir, quick))
	w.err("no such file or directory")
	files(t, dir, map[string]string{"a": "1"})
	w.until(`{a:"1"}`)
	do(t, os.Remove(filepath.Join(dir, "a")))
	w.tree("nothing") // after it has stayed empty
	do(t, os.RemoveAll(dir))
	w.err("no such file or directory")
	files(t, dir, map[string]string{"a": "2"})
	w.until(`{a:"2"}`)
}
