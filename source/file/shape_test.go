package file

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

func shape() *tree.Shape {
	text := &tree.Shape{}
	return &tree.Shape{Fields: []tree.Field{
		{Key: "db", Shape: &tree.Shape{Fields: []tree.Field{{Key: "maxConns", Shape: text}, {Key: "host", Shape: text, Env: []string{"DATABASE_HOST"}}}}},
		{Key: "debug", Shape: text},
		{Key: "labels", Shape: &tree.Shape{Elem: text}},
	}}
}

func shaped(t *testing.T, src source.Source, s *tree.Shape) source.Source {
	t.Helper()
	next, err := src.(source.Shaped).WithShape(s)
	do(t, err)
	return next
}

func TestDotenvNames(t *testing.T) {
	path := filepath.Join(t.TempDir(), ".env")
	write(t, path, "DB_MAX_CONNS=5\n# x\nDB_HOST = h\nDEBUG=true\nLABELS__team=a\nOTHER_NAME=1\n")
	flat := New(path, quick)
	watch(t, flat).tree(`{DB_HOST:"h" DB_MAX_CONNS:"5" DEBUG:"true" LABELS__team:"a" OTHER_NAME:"1"}`)

	src := shaped(t, New(path, quick), shape())
	if src.Name() != flat.Name() {
		t.Errorf("name %q, want %q", src.Name(), flat.Name())
	}
	w := watch(t, src)
	s := w.tree(`{OTHER_NAME:"1" db:{host:"h" maxConns:"5"} debug:"true" labels:{team:"a"}}`)
	for p, want := range map[string]string{"db.host": path + ":3:11", "db.maxConns": path + ":1:14", "OTHER_NAME": path + ":6:12"} {
		at, _ := tree.ParsePath(p)
		if o, ok := s.Tree.Origin(at); !ok || o.String() != "file "+want {
			t.Errorf("origin of %s is %q, want file %s", p, o, want)
		}
	}
	write(t, path, "DB_MAX_CONNS=5\nDEBUG=1\nDB_MAXCONNS=6\n")
	w.err("db.maxConns: name \"DB_MAX_CONNS\": the value stands at line 3 too\n    from   file " + path + ":1:14")
	write(t, path, "DATABASE_HOST=own\nDEBUG=1\n")
	w.tree(`{db:{host:"own"} debug:"1"}`)
	write(t, path, "# nothing\n")
	w.tree(`{}`)
}

func TestShapeOfOtherFormats(t *testing.T) {
	src := New("config.yaml", nil)
	if shaped(t, src, shape()) != src {
		t.Error("a YAML file is another source for a shape")
	}
	dir := Dir("secrets", nil)
	if shaped(t, dir, shape()) != dir {
		t.Error("a directory is another source for a shape")
	}
}

func TestShapeThatClashes(t *testing.T) {
	text := &tree.Shape{}
	bad := &tree.Shape{Fields: []tree.Field{
		{Key: "db_max", Shape: text},
		{Key: "db", Shape: &tree.Shape{Fields: []tree.Field{{Key: "max", Shape: text}}}},
	}}
	_, err := New(".env", nil).(source.Shaped).WithShape(bad)
	if err == nil || !strings.HasPrefix(err.Error(), "fields db.max and db_max have one name") {
		t.Errorf("error %v, want one that names both fields", err)
	}
}
