package flags_test

import (
	"context"
	"errors"
	"flag"
	"strings"
	"testing"
	"time"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/flags"
	"github.com/confsync/confsync/source/sourcetest"
	"github.com/confsync/confsync/tree"
)

var leaf = &tree.Shape{}

var shape = &tree.Shape{Fields: []tree.Field{
	{Key: "name", Shape: leaf},
	{Key: "db", Shape: &tree.Shape{Fields: []tree.Field{
		{Key: "maxConns", Shape: leaf},
		{Key: "timeout", Shape: leaf},
	}}},
	{Key: "tags", Shape: &tree.Shape{Elem: leaf, List: true}},
	{Key: "labels", Shape: &tree.Shape{Elem: leaf}},
}}

// parsed returns a set of flags after the command line.
func parsed(t *testing.T, args ...string) *flag.FlagSet {
	t.Helper()
	set := flag.NewFlagSet("test", flag.ContinueOnError)
	for _, name := range []string{"name", "db.max-conns", "db-max-conns", "tags", "tags.0", "labels.team", "config"} {
		set.String(name, "the default", "")
	}
	set.Duration("db.timeout", time.Second, "")
	set.Bool("verbose", false, "")
	if err := set.Parse(args); err != nil {
		t.Fatal(err)
	}
	return set
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

func TestFlags(t *testing.T) {
	cases := []struct {
		name string
		args []string
		want string
	}{
		{"none", nil, `nothing`},
		{"only what was set", []string{"-name", "x"}, `{name:"x"}`},
		{"what was set to its default", []string{"-name", "the default"}, `{name:"the default"}`},
		{"what was set to nothing", []string{"-name="}, `{name:""}`},
		{"nested", []string{"-db.max-conns=5", "--db.timeout", "90s"}, `{db:{maxConns:"5" timeout:"1m30s"}}`},
		{"another spelling", []string{"-db-max-conns=5"}, `{db:{maxConns:"5"}}`},
		{"several values in one", []string{"-tags", "a,b"}, `{tags:"a,b"}`},
		{"an element", []string{"-tags.0", "a"}, `{tags:{0:"a"}}`},
		{"a key of a map", []string{"-labels.team", "core"}, `{labels:{team:"core"}}`},
		{"the program's own", []string{"-config", "x.yaml", "-verbose"}, `nothing`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			snap := read(t, flags.New(parsed(t, c.args...)), shape)
			if got := snap.Tree.Root().String(); snap.Err != nil || got != c.want {
				t.Errorf("got %s with error %v, want %s", got, snap.Err, c.want)
			}
		})
	}
}

func TestFlagsOrigin(t *testing.T) {
	snap := read(t, flags.New(parsed(t, "-db-max-conns=5")), shape)
	cases := []struct {
		name string
		path tree.Path
		want string
	}{
		{"a flag that was set", tree.Path{"db", "maxConns"}, "flag -db-max-conns"},
		{"a flag that can be set", tree.Path{"db", "timeout"}, "flag -db.timeout"},
		{"no flag", tree.Path{"labels", "role"}, "flag"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := snap.Tree.Where(c.path)
			if got.String() != c.want || got.Layer != "flags" {
				t.Errorf("got %s of layer %q, want %s of flags", got, got.Layer, c.want)
			}
		})
	}
}

func TestFlagsProblems(t *testing.T) {
	twoFields := &tree.Shape{Fields: []tree.Field{
		{Key: "db_max", Shape: leaf},
		{Key: "d", Shape: &tree.Shape{Fields: []tree.Field{{Key: "bmax", Shape: leaf}}}},
		{Key: "dbm", Shape: &tree.Shape{Fields: []tree.Field{{Key: "ax", Shape: leaf}}}},
	}}
	cases := []struct {
		name  string
		flag  string
		args  []string
		shape *tree.Shape
		kind  tree.ProblemKind
		path  string
		want  string
	}{
		{"two flags that are one field", "unused", []string{"-db.max-conns=5", "-db-max-conns=6"}, shape, tree.Duplicate, "db.maxConns",
			"db.maxConns: -db-max-conns and -db.max-conns are one field, set one of them\n    from   flag -db-max-conns; db.maxConns from flag -db.max-conns"},
		{"a flag that may be two fields", "d-b-max", []string{"-d-b-max=5"}, twoFields, tree.Unusable, "",
			"is ambiguous: it may be"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			set := flag.NewFlagSet("test", flag.ContinueOnError)
			for _, name := range []string{"db.max-conns", "db-max-conns", c.flag} {
				set.String(name, "", "")
			}
			if err := set.Parse(c.args); err != nil {
				t.Fatal(err)
			}
			snap := read(t, flags.New(set), c.shape)
			var problem tree.Problem
			if !errors.As(snap.Err, &problem) {
				t.Fatalf("got %v, want a problem", snap.Err)
			}
			if problem.Kind != c.kind || problem.Path.String() != c.path || !strings.Contains(snap.Err.Error(), c.want) {
				t.Errorf("got %s %s: %v", problem.Kind, problem.Path, snap.Err)
			}
		})
	}
}

func TestFlagsNotParsed(t *testing.T) {
	set := flag.NewFlagSet("test", flag.ContinueOnError)
	if snap := read(t, flags.New(set), shape); snap.Err == nil {
		t.Error("got no error")
	}
}

func TestFlagsClash(t *testing.T) {
	clash := &tree.Shape{Fields: []tree.Field{{Key: "maxConns", Shape: leaf}, {Key: "max_conns", Shape: leaf}}}
	_, err := flags.New(parsed(t)).(source.Shaped).WithShape(clash)
	if err == nil || !strings.HasPrefix(err.Error(), "fields maxConns and max_conns have one name") {
		t.Errorf("got %v, want one that names both fields", err)
	}
}

func TestFlagsOfCommandLine(t *testing.T) {
	before := flag.CommandLine
	defer func() { flag.CommandLine = before }()
	flag.CommandLine = parsed(t, "-name=x")
	if got := read(t, flags.New(nil), shape).Tree.Root().String(); got != `{name:"x"}` {
		t.Errorf("got %s", got)
	}
}

func TestSource(t *testing.T) {
	const never = "flags are read once"
	sourcetest.Run(t, sourcetest.Harness{
		Strict: true,
		New: func(t *testing.T, values map[string]string) sourcetest.Store {
			set := flag.NewFlagSet("test", flag.ContinueOnError)
			var args []string
			for name, value := range values {
				set.String(name, "", "")
				args = append(args, "-"+name, value)
			}
			if err := set.Parse(args); err != nil {
				t.Fatal(err)
			}
			return sourcetest.Store{Source: flags.New(set)}
		},
		Impossible: map[string]string{"Set": never, "Delete": never, "Commit": never, "Spoil": never, "Break": never},
	})
}

func TestNamed(t *testing.T) {
	set := parsed(t, "-config", "x", "-name", "y")
	src := flags.Named(set, map[string]string{"config": "db.timeout", "name": ""})
	shaped, err := src.(source.Shaped).WithShape(shape)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_ = shaped.Watch(ctx, func(snap source.Snapshot) {
		if got := snap.Tree.Root().String(); got != `{db:{timeout:"x"}}` {
			t.Errorf("got %s", got)
		}
		cancel()
	})
	if _, err := flags.Named(set, map[string]string{"config": "db.nothing"}).(source.Shaped).WithShape(shape); err == nil || !strings.Contains(err.Error(), "flag -config: no field is at db.nothing") {
		t.Errorf("a path that is no field's: %v", err)
	}
}

// listed is a value that has a list.
type listed []string

func (l *listed) Set(text string) error { *l = append(*l, text); return nil }
func (l *listed) String() string        { return strings.Join(*l, ";") }
func (l *listed) Get() any              { return []string(*l) }

func TestListOfAValue(t *testing.T) {
	set := flag.NewFlagSet("test", flag.ContinueOnError)
	set.Var(&listed{}, "tags", "")
	if err := set.Parse([]string{"-tags", "a", "-tags", "b"}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	shaped, _ := flags.New(set).(source.Shaped).WithShape(shape)
	_ = shaped.Watch(ctx, func(snap source.Snapshot) {
		if got := snap.Tree.Root().String(); got != `{tags:["a" "b"]}` {
			t.Errorf("got %s", got)
		}
		cancel()
	})
}

func TestDefine(t *testing.T) {
	shape := &tree.Shape{Fields: []tree.Field{
		{Key: "name", Shape: leaf, Default: tree.NewScalar(tree.String, "x")},
		{Key: "password", Shape: &tree.Shape{Secret: true}, Default: tree.NewScalar(tree.String, "hunter2")},
		{Key: "db", Shape: &tree.Shape{Fields: []tree.Field{{Key: "maxConns", Shape: leaf}}}},
		{Key: "tags", Shape: &tree.Shape{Elem: leaf, List: true}},
		{Key: "old", AliasOf: "name", Shape: leaf},
		{Key: "servers", Shape: &tree.Shape{Elem: &tree.Shape{Fields: []tree.Field{{Key: "host", Shape: leaf}}}, List: true}},
	}}
	set := flag.NewFlagSet("test", flag.ContinueOnError)
	set.String("name", "its own", "")
	flags.Define(set, shape)
	var names []string
	set.VisitAll(func(f *flag.Flag) { names = append(names, f.Name+"="+f.DefValue) })
	if got, want := strings.Join(names, " "), "db.max-conns= name=its own password= tags="; got != want {
		t.Errorf("defined %q, want %q", got, want)
	}
	set.SetOutput(new(strings.Builder))
	set.PrintDefaults() // panics for values that have no zero value
}
