package env_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/env"
	"github.com/confsync/confsync/source/sourcetest"
	"github.com/confsync/confsync/tree"
)

var leaf = &tree.Shape{}

// structOf returns a struct of fields that each take a value.
func structOf(keys ...string) *tree.Shape {
	s := &tree.Shape{}
	for _, key := range keys {
		s.Fields = append(s.Fields, tree.Field{Key: key, Shape: leaf})
	}
	return s
}

var shape = &tree.Shape{Fields: []tree.Field{
	{Key: "name", Shape: leaf},
	{Key: "path", Shape: leaf},
	{Key: "db", Shape: structOf("max_conns", "host")},
	{Key: "servers", Shape: &tree.Shape{Elem: structOf("host", "port"), List: true}},
	{Key: "labels", Shape: &tree.Shape{Elem: leaf}},
}}

// of returns a source of these variables.
func of(prefix string, vars ...string) source.Source {
	return env.New(prefix, &env.Options{Environ: func() []string { return vars }})
}

// read returns the one snapshot of a source for the shape.
func read(t *testing.T, src source.Source, shape *tree.Shape) source.Snapshot {
	t.Helper()
	src, err := src.(source.Shaped).WithShape(shape)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var snaps []source.Snapshot
	err = src.Watch(ctx, func(snap source.Snapshot) {
		snaps = append(snaps, snap)
		cancel()
	})
	if len(snaps) != 1 || !errors.Is(err, context.Canceled) {
		t.Fatalf("Watch made %d emits and returned %v, want one and the context's error", len(snaps), err)
	}
	return snaps[0]
}

func TestEnv(t *testing.T) {
	cases := []struct {
		name   string
		prefix string
		vars   []string
		want   string
	}{
		{"none", "APP", nil, `nothing`},
		{"a field with an underscore", "APP", []string{"APP_DB_MAX_CONNS=5"}, `{db:{max_conns:"5"}}`},
		{"an element of a list", "APP", []string{"APP_SERVERS_0_HOST=a", "APP_SERVERS_10_PORT=80"}, `{servers:{0:{host:"a"} 10:{port:"80"}}}`},
		{"a key of a map", "APP", []string{"APP_LABELS__Team=x", "APP_LABELS_role=y"}, `{labels:{Team:"x" role:"y"}}`},
		{"a list in one variable", "APP", []string{`APP_SERVERS=["a","b"]`}, `{servers:"["a","b"]"}`},
		{"a value as it is", "APP", []string{"APP_NAME= a=b\n"}, "{name:\" a=b\n\"}"},
		{"an empty value", "APP", []string{"APP_NAME="}, `{name:""}`},
		{"others' variables", "APP", []string{"NAME=x", "APPLICATION_NAME=x", "app_NAME=x", "APP=x", "APP_=x", "XAPP_NAME=x"}, `nothing`},
		{"a prefix with its underscore", "APP_", []string{"APP_NAME=x"}, `{name:"x"}`},
		{"an unknown name stays as it is written", "APP", []string{"APP_NMAE=x", "APP_Db_Max=y"}, `{Db_Max:"y" NMAE:"x"}`},
		{"a struct takes no value, so its name is unknown", "APP", []string{"APP_DB=x"}, `{DB:"x"}`},
		{"no prefix", "", []string{"NAME=x", "PATH=/bin", "HOME=/root", "DB_HOST=h"}, `{db:{host:"h"} name:"x" path:"/bin"}`},
		{"what is no variable", "", []string{"", "NAME", "=C:=C:\\", "=NAME=x"}, `nothing`},
		{"a variable twice: the first", "APP", []string{"APP_NAME=x", "APP_NAME=y"}, `{name:"x"}`},
		{"two spellings, one of them canonical", "APP", []string{"APP_DB_MAXCONNS=1", "APP_DB_MAX_CONNS=2", "APP_DB__MAX_CONNS=3"},
			`{db:{max_conns:"2"}}`},
		{"two cases, no prefix", "", []string{"name=x", "NAME=y"}, `{name:"y"}`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			snap := read(t, of(c.prefix, c.vars...), shape)
			if got := snap.Tree.Root().String(); snap.Err != nil || got != c.want {
				t.Errorf("got %s with error %v, want %s", got, snap.Err, c.want)
			}
		})
	}
}

// point is a struct that one text can fill.
var point = &tree.Shape{Text: true, Fields: []tree.Field{{Key: "x", Shape: leaf}, {Key: "y", Shape: leaf}}}

// texts has such structs at several depths, and one that has a field beside it
// whose name begins with its own.
var texts = &tree.Shape{Fields: []tree.Field{
	{Key: "user", Shape: point},
	{Key: "sub", Shape: &tree.Shape{Text: true, Fields: []tree.Field{{Key: "point", Shape: point}, {Key: "points", Shape: &tree.Shape{Elem: point, List: true}}}}},
	{Key: "user_x_y", Shape: leaf},
	{Key: "by_name", Shape: &tree.Shape{Elem: point}},
}}

func TestEnvTextOfAStruct(t *testing.T) {
	for _, c := range []struct {
		name   string
		prefix string
		vars   []string
		want   string
	}{
		{"at the top", "APP", []string{"APP_USER=a:bb"}, `{user:"a:bb"}`},
		{"below", "APP", []string{"APP_SUB_POINT=a:bb"}, `{sub:{point:"a:bb"}}`},
		{"in another spelling", "APP", []string{"APP_sub__point=a:bb"}, `{sub:{point:"a:bb"}}`},
		{"in a list and a map", "APP", []string{"APP_SUB_POINTS_0=a:bb", "APP_BY_NAME__k=c"}, `{by_name:{k:"c"} sub:{points:{0:"a:bb"}}}`},
		{"beside a field of its own", "APP", []string{"APP_SUB_POINT=a:bb", "APP_SUB_POINT_X=1"}, `{sub:{point:"a:bb"{x:"1"}}}`},
		{"a value comes first", "APP", []string{"APP_USER_X_Y=1"}, `{user_x_y:"1"}`},
		{"no prefix, below", "", []string{"SUB_POINT=a:bb"}, `{sub:{point:"a:bb"}}`},
		{"no prefix, a name that others use", "", []string{"USER=root", "SUB="}, `nothing`},
		{"no prefix, JSON", "", []string{`USER={"x":1}`}, `{user:"{"x":1}"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			snap := read(t, of(c.prefix, c.vars...), texts)
			if got := snap.Tree.Root().String(); snap.Err != nil || got != c.want {
				t.Errorf("got %s with error %v, want %s", got, snap.Err, c.want)
			}
		})
	}
}

// TestEnvOwnNames has fields that name their variables themselves.
func TestEnvOwnNames(t *testing.T) {
	shape := &tree.Shape{Fields: []tree.Field{
		{Key: "url", Shape: leaf, Env: []string{"DATABASE_URL", "DB_URL"}},
		{Key: "db", Shape: &tree.Shape{Fields: []tree.Field{{Key: "password", Shape: leaf, Env: []string{"PGPASSWORD"}}}}},
	}}
	for _, c := range []struct {
		name string
		vars []string
		want string
	}{
		{"whatever the prefix", []string{"DATABASE_URL=a", "PGPASSWORD=b", "OTHER=c"}, `{db:{password:"b"} url:"a"}`},
		{"the derived name still", []string{"APP_URL=a", "APP_DB_PASSWORD=b"}, `{db:{password:"b"} url:"a"}`},
		{"the derived name first", []string{"DATABASE_URL=a", "APP_URL=b"}, `{url:"b"}`},
		{"in the order of the tag", []string{"DB_URL=b", "DATABASE_URL=a"}, `{url:"a"}`},
		{"before other spellings", []string{"APP_U_R_L=b", "DB_URL=a"}, `{url:"a"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			snap := read(t, of("APP", c.vars...), shape)
			if got := snap.Tree.Root().String(); snap.Err != nil || got != c.want {
				t.Errorf("got %s with error %v, want %s", got, snap.Err, c.want)
			}
		})
	}
	where := read(t, of("APP", "DB_URL=b"), shape).Tree
	if o := where.Where(tree.Path{"url"}); o.Key != "DB_URL" {
		t.Errorf("the value came from %s, want env DB_URL", o)
	}
	if o := where.Where(tree.Path{"db", "password"}); o.Key != "PGPASSWORD" {
		t.Errorf("one would set %s, want env PGPASSWORD", o)
	}
	twice := &tree.Shape{Fields: []tree.Field{{Key: "a", Shape: leaf, Env: []string{"X"}}, {Key: "b", Shape: leaf, Env: []string{"X"}}}}
	if _, err := of("APP").(source.Shaped).WithShape(twice); err == nil || !strings.Contains(err.Error(), "a and b have one variable, X") {
		t.Errorf("two fields with one variable: %v", err)
	}
}

func TestEnvIgnoreEmpty(t *testing.T) {
	src := env.New("APP", &env.Options{IgnoreEmpty: true, Environ: func() []string {
		return []string{"APP_NAME=", "APP_PATH=/bin", "APP_X="}
	}})
	if got := read(t, src, shape).Tree.Root().String(); got != `{path:"/bin"}` {
		t.Errorf("got %s, want {path:\"/bin\"}", got)
	}
}

// TestEnvOfProcess reads the real environment, anew at each Watch.
func TestEnvOfProcess(t *testing.T) {
	src := env.New("CONFSYNCTEST", nil)
	for _, want := range []string{"x", "y"} {
		t.Setenv("CONFSYNCTEST_NAME", want)
		if got := read(t, src, shape).Tree.Root().Child("name").Text(); got != want {
			t.Errorf("got name %q, want %q", got, want)
		}
	}
}

func TestEnvWithoutShape(t *testing.T) {
	if got := read(t, of("APP", "APP_NAME=x"), nil).Tree.Root().String(); got != `{NAME:"x"}` {
		t.Errorf("with a prefix: got %s, want an unknown key", got)
	}
	if got := read(t, of("", "NAME=x"), nil).Tree.Root(); got != nil {
		t.Errorf("without a prefix: got %s, want nothing", got)
	}
}

func TestEnvNameAndOrigin(t *testing.T) {
	cases := []struct {
		name   string
		prefix string
		vars   []string
		path   tree.Path
		layer  string
		want   string
	}{
		{"a variable", "APP", []string{"APP_DB_MAX_CONNS=5"}, tree.Path{"db", "max_conns"}, "env APP", "env APP_DB_MAX_CONNS"},
		{"in its own spelling", "APP", []string{"APP_DB_MAXCONNS=5"}, tree.Path{"db", "max_conns"}, "env APP", "env APP_DB_MAXCONNS"},
		{"an unknown one", "APP", []string{"APP_nmae=5"}, tree.Path{"nmae"}, "env APP", "env APP_nmae"},
		{"one to set", "APP", nil, tree.Path{"servers", "0", "host"}, "env APP", "env APP_SERVERS_0_HOST"},
		{"a key of a map to set", "APP", nil, tree.Path{"labels", "Team"}, "env APP", "env APP_LABELS__Team"},
		{"a struct", "APP", []string{"APP_DB_HOST=h"}, tree.Path{"db"}, "env APP", "env APP_DB"},
		{"the root", "APP", []string{"APP_DB_HOST=h"}, nil, "env APP", "env APP"},
		{"no prefix", "", []string{"DB_HOST=h"}, tree.Path{"db", "host"}, "env", "env DB_HOST"},
		{"no prefix, one to set", "", nil, tree.Path{"name"}, "env", "env NAME"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			src := of(c.prefix, c.vars...)
			got := read(t, src, shape).Tree.Where(c.path)
			if got.String() != c.want || got.Layer != c.layer || src.Name() != c.layer {
				t.Errorf("got %s of layer %q of source %q, want %s of %q", got, got.Layer, src.Name(), c.want, c.layer)
			}
		})
	}
}

func TestEnvProblems(t *testing.T) {
	near := &tree.Shape{Fields: []tree.Field{
		{Key: "db", Shape: structOf("max_conns")},
		{Key: "dbmax", Shape: structOf("conns")},
	}}
	cases := []struct {
		name  string
		shape *tree.Shape
		vars  []string
		kind  tree.ProblemKind
		path  string
		want  []string // in the error
	}{
		{"two spellings, neither of them canonical", shape, []string{"APP_DB_MAXCONNS=hunter1", "APP_DB__MAX_CONNS=hunter2"},
			tree.Duplicate, "db.max_conns", []string{"APP_DB_MAXCONNS and APP_DB__MAX_CONNS are one field, set APP_DB_MAX_CONNS only"}},
		{"a name that fits two fields", near, []string{"APP_DB_MAX__CONNS=hunter2"},
			tree.Unusable, "", []string{"ambiguous", "db.max_conns", "dbmax.conns", "env APP_DB_MAX__CONNS"}},
		{"all problems at once", near, []string{"APP_DB_MAX__CONNS=hunter1", "APP_db_max__conns=hunter2"},
			tree.Unusable, "", []string{"env APP_DB_MAX__CONNS", "env APP_db_max__conns"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for range 2 { // in whatever order the variables stand
				snap := read(t, of("APP", c.vars...), c.shape)
				var problem tree.Problem
				if !errors.As(snap.Err, &problem) {
					t.Fatalf("got %v, want a problem", snap.Err)
				}
				if problem.Kind != c.kind || problem.Path.String() != c.path || problem.Origin.IsZero() {
					t.Errorf("got %s %s from %s", problem.Kind, problem.Path, problem.Origin)
				}
				for _, want := range c.want {
					if !strings.Contains(snap.Err.Error(), want) {
						t.Errorf("got\n%v\nwhich doesn't say %q", snap.Err, want)
					}
				}
				if strings.Contains(snap.Err.Error(), "hunter") {
					t.Errorf("got\n%v\nwhich has a value", snap.Err)
				}
				slices.Reverse(c.vars)
			}
		})
	}
}

func TestEnvClash(t *testing.T) {
	_, err := of("APP").(source.Shaped).WithShape(structOf("maxConns", "max_conns"))
	if err == nil || !strings.Contains(err.Error(), "maxConns") {
		t.Errorf("got %v, want an error that names the field", err)
	}
}

func TestSource(t *testing.T) {
	const never = "the environment of a process doesn't change under it"
	sourcetest.Run(t, sourcetest.Harness{
		Strict: true,
		New: func(t *testing.T, values map[string]string) sourcetest.Store {
			var vars []string
			for path, value := range values {
				vars = append(vars, "APP_"+strings.ToUpper(strings.ReplaceAll(path, ".", "_"))+"="+value)
			}
			return sourcetest.Store{Source: of("APP", vars...)}
		},
		Impossible: map[string]string{"Set": never, "Delete": never, "Commit": never, "Spoil": never, "Break": never},
	})
}
