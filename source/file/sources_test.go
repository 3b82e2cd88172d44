package file

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

// valueOf decodes a document that is one value, and no more.
func valueOf(data []byte, _ document.Limits) (tree.Tree, error) {
	return tree.FromGo(map[string]any{"value": strings.TrimSpace(string(data))})
}

func TestGlob(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	files(t, dir, map[string]string{
		"10-base.yaml": "a: 1\nb: {c: 1, d: 1}\nl: [1, 2]\nm: [{x: 1}, {x: 2}]\n",
		"20-more.json": `{"b": {"c": 2}, "l": [3], "n": null, "m": {"1": {"y": 3}}}`,
		".hidden.yaml": "a: [", "x.txt": "a: [",
	})
	w := watch(t, Glob(at("[0-9]*"), quick))
	s := w.tree("{a:1 b:{c:2 d:1} l:[3] m:{0:{x:1} 1:{x:2 y:3}} n:null}")
	if s.Bytes != 109 {
		t.Errorf("%d bytes, want 109", s.Bytes)
	}
	for path, want := range map[string]string{"a": "10-base.yaml:1:4", "b.c": "20-more.json:1:13", "b.d": "10-base.yaml:2:14", "l.0": "20-more.json:1:23", "m.1.x": "10-base.yaml:4:17"} {
		p, _ := tree.ParsePath(path)
		if o, _ := s.Tree.Origin(p); !strings.HasSuffix(o.String(), want) {
			t.Errorf("%s is from %s, want %s", path, o, want)
		}
	}
	write(t, at("30-last.toml"), "a = 3\n")
	w.tree("{a:3 b:{c:2 d:1} l:[3] m:{0:{x:1} 1:{x:2 y:3}} n:null}")
	do(t, os.Remove(at("20-more.json")))
	w.tree("{a:3 b:{c:1 d:1} l:[1 2] m:[{x:1} {x:2}]}")
	moveOver(t, at("30-last.toml"), "a = ")
	if err := w.err("expected value"); !strings.Contains(err.Error(), "30-last.toml:1:") {
		t.Errorf("%v doesn't tell the file", err)
	}
	do(t, os.Remove(at("30-last.toml")))
	w.tree("{a:1 b:{c:1 d:1} l:[1 2] m:[{x:1} {x:2}]}")
	do(t, os.Remove(at("10-base.yaml")))
	if s := w.next(); s.Err != nil || s.Tree.Root().Len() != 0 {
		t.Errorf("without files: %s, %v", s.Tree.Root(), s.Err)
	}
}

// Two spellings of one field are one, and the flat names of a dotenv file are
// those of fields.
func TestGlobWithShape(t *testing.T) {
	dir := t.TempDir()
	files(t, dir, map[string]string{
		"1.yaml": "db: {maxConns: 1, name: a}\nlabels: {oneTwo: x}\n",
		"2.json": `{"DB": {"max_conns": 2}, "labels": {"one_two": "y"}}`,
		"3.env":  "DB_NAME=c\n",
	})
	text := &tree.Shape{}
	src, err := Glob(filepath.Join(dir, "*"), quick).(source.Shaped).WithShape(&tree.Shape{Fields: []tree.Field{
		{Key: "db", Shape: &tree.Shape{Fields: []tree.Field{{Key: "max_conns", Shape: text}, {Key: "name", Shape: text}}}},
		{Key: "labels", Shape: &tree.Shape{Elem: text}},
	}})
	do(t, err)
	s := watch(t, src).tree(`{db:{maxConns:2 name:"c"} labels:{oneTwo:"x" one_two:"y"}}`)
	for path, want := range map[string]string{"db.maxConns": "2.json:1:22", "db.name": "3.env:1:9", "labels.oneTwo": "1.yaml:2:18"} {
		p, _ := tree.ParsePath(path)
		if o, _ := s.Tree.Origin(p); !strings.HasSuffix(o.String(), want) {
			t.Errorf("%s is from %s, want %s", path, o, want)
		}
	}
}

func TestGlobDirectoryMissing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "conf.d")
	w := watch(t, Glob(filepath.Join(dir, "*.yaml"), quick))
	if err := w.err("no such file or directory"); !errors.Is(err, source.ErrAbsent) {
		t.Errorf("%v is not source.ErrAbsent", err)
	}
	do(t, os.Mkdir(dir, 0o700))
	write(t, filepath.Join(dir, "a.yaml"), "a: 1")
	w.until("{a:1}")
}

func TestGlobPattern(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a malformed pattern was taken")
		}
	}()
	Glob("conf.d/[", nil)
}

func TestSearch(t *testing.T) {
	dir := t.TempDir()
	first, second := filepath.Join(dir, "first.yaml"), filepath.Join(dir, "second.json")
	w := watch(t, Search([]string{first, second}, quick))
	if err := w.err("no such file or directory"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not fs.ErrNotExist", err)
	}
	moveOver(t, second, `{"a": 2}`)
	s := w.tree("{a:2}")
	if o, _ := s.Tree.Origin(tree.Path{"a"}); o.Key != second {
		t.Errorf("the value is from %s, want %s", o, second)
	}
	moveOver(t, first, "a: 1")
	w.tree("{a:1}")
	moveOver(t, first, "a: [")
	w.err("did not find expected") // it is there, so the second doesn't count
	do(t, os.Remove(first))
	w.tree("{a:2}")
}

func TestFS(t *testing.T) {
	fsys := fstest.MapFS{"conf/a.toml": {Data: []byte("a = 1")}, "conf/big.yaml": {Data: bytes.Repeat([]byte("#"), 100)}}
	s := watch(t, FS(fsys, "conf/a.toml", nil)).tree("{a:1}")
	if o, _ := s.Tree.Origin(tree.Path{"a"}); o.String() != "file conf/a.toml:1:5" || s.Note != "" {
		t.Errorf("origin %s, note %q", o, s.Note)
	}
	if err := watch(t, FS(fsys, "conf/b.toml", nil)).err("does not exist"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not fs.ErrNotExist", err)
	}
	watch(t, FS(fsys, "conf", nil)).err("not a regular file")
	watch(t, FS(fsys, "conf/big.yaml", &Options{Limits: document.Limits{Bytes: 50}})).err("more than 50 bytes")

	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.yaml"), "a: 1")
	w := watch(t, FS(os.DirFS(dir), "a.yaml", &Options{Poll: time.Millisecond}))
	w.tree("{a:1}")
	moveOver(t, filepath.Join(dir, "a.yaml"), "a: 2")
	w.tree("{a:2}")
}

func TestBytes(t *testing.T) {
	data := []byte(`{"a": 1, // x` + "\n}")
	src := Bytes("defaults.jsonc", data, nil)
	clear(data)
	s := watch(t, src).tree("{a:1}")
	if o, _ := s.Tree.Origin(tree.Path{"a"}); o.String() != "file defaults.jsonc:1:7" || src.Name() != "file defaults.jsonc" {
		t.Errorf("origin %s of %s", o, src.Name())
	}
	watch(t, Bytes("x.yaml", []byte("a: 1"), &Options{Limits: document.Limits{Bytes: 3}})).err("more than 3 bytes")
}

func TestDecode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secrets.enc")
	write(t, path, ";1 :a")
	var given document.Limits
	reversed := func(data []byte, limits document.Limits) (tree.Tree, error) {
		given = limits
		data = bytes.Clone(data)
		for i, j := 0, len(data)-1; i < j; i, j = i+1, j-1 {
			data[i], data[j] = data[j], data[i]
		}
		plain, ok := bytes.CutSuffix(data, []byte(";"))
		if !ok {
			return tree.Tree{}, errors.New("it isn't sealed")
		}
		return document.Decode(document.YAML, plain, limits)
	}
	w := watch(t, New(path, &Options{Settle: settle, Decode: reversed}))
	s := w.tree("{a:1}")
	if o, _ := s.Tree.Origin(tree.Path{"a"}); o.Key != path || o.Line != 1 || o.Column != 4 {
		t.Errorf("origin %+v", o)
	}
	if given != (document.Limits{}).OrDefault() {
		t.Errorf("it was given the limits %+v", given)
	}
	moveOver(t, path, "1 :a")
	if err := w.err("it isn't sealed"); !strings.Contains(err.Error(), "from   file "+path) {
		t.Errorf("%v doesn't tell the file", err)
	}
	moveOver(t, path, ";[ :a")
	if err := w.err("did not find expected node content"); !strings.Contains(err.Error(), path+":") {
		t.Errorf("%v doesn't tell the place", err)
	}
}

// A decoder or a lookup that panics is content that can't be used: it is watched
// on, and the next that can be used is taken.
func TestDecoderPanics(t *testing.T) {
	panics := func(data []byte, limits document.Limits) (tree.Tree, error) {
		if data[0] == 'b' {
			panic("hunter2")
		}
		return document.Decode(document.YAML, data, limits)
	}
	lookup := func(string) (string, bool) { panic("hunter2") }
	for name, tc := range map[string]struct {
		opts      Options
		bad, good string
	}{
		"app.enc": {Options{Decode: panics}, "b", "a: 1"},
		".env":    {Options{Expand: lookup}, "a=$b", "a=1"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			write(t, path, tc.bad)
			tc.opts.Settle = settle
			w := watch(t, New(path, &tc.opts))
			if err := w.err("panicked: string at "); !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%v doesn't tell the place", err)
			}
			moveOver(t, path, tc.good)
			if s := w.next(); s.Err != nil || s.Tree.Lookup(tree.Path{"a"}).Text() != "1" {
				t.Errorf("the next: %s, %v", s.Tree.Root(), s.Err)
			}
		})
	}
}

func TestDotenvVariables(t *testing.T) {
	path := filepath.Join(t.TempDir(), ".env")
	write(t, path, "A='${X}'\nB=\"${X}\"\nC=$X\n")
	want := path + ":2: ${ stands for itself: set Options.Expand to have variables replaced, or quote the value with '"
	if s := watch(t, New(path, nil)).tree(`{A:"${X}" B:"${X}" C:"$X"}`); s.Note != want {
		t.Errorf("note %q, want %q", s.Note, want)
	}
	lookup := func(name string) (string, bool) { return "of " + name, true }
	if s := watch(t, New(path, &Options{Expand: lookup})).tree(`{A:"${X}" B:"of X" C:"of X"}`); s.Note != "" {
		t.Errorf("note %q, want none", s.Note)
	}
}
