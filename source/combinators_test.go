package source_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/sourcetest"
	"github.com/confsync/confsync/tree"
)

// first returns the first emit of a source.
func first(t *testing.T, src source.Source) source.Snapshot {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var got source.Snapshot
	n := 0
	err := src.Watch(ctx, func(snap source.Snapshot) {
		if n++; n == 1 {
			got = snap
		}
		cancel()
	})
	if n == 0 || err != context.Canceled {
		t.Fatalf("Watch emitted %d times and returned %v", n, err)
	}
	return got
}

// shaped is a source that shows the shape it was given as its keys.
type shaped struct {
	source.Source
	err error
}

func (s shaped) WithShape(shape *tree.Shape) (source.Source, error) {
	values := make(map[string]any)
	for _, f := range shape.Fields {
		values[f.Key] = true
	}
	return source.Static("shaped", values), s.err
}

func TestWrappersForward(t *testing.T) {
	leaf := &tree.Shape{}
	shape := &tree.Shape{Fields: []tree.Field{
		{Key: "port", Shape: leaf},
		{Key: "db", Shape: &tree.Shape{Fields: []tree.Field{{Key: "max", Shape: leaf}}}},
	}}
	plain := source.Static("s", map[string]any{"x": 1})
	tests := []struct {
		name     string
		wrap     func(source.Source) source.Source
		optional bool
		called   string // Name
		shaped   string // tree of a source that wants the shape
		plain    string // tree of a source that doesn't
	}{
		{"optional", source.Optional, true, "s", `{db:true port:true}`, `{x:1}`},
		{"named", func(s source.Source) source.Source { return source.Named("n", s) }, false, "n", `{db:true port:true}`, `{x:1}`},
		{"mount", func(s source.Source) source.Source { return source.Mount("db", s) }, false, "s", `{db:{max:true}}`, `{db:{x:1}}`},
		{"all", func(s source.Source) source.Source {
			return source.Named("n", source.Mount("db", source.Optional(s)))
		}, true, "n", `{db:{max:true}}`, `{db:{x:1}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := source.IsOptional(tt.wrap(plain)); got != tt.optional {
				t.Errorf("IsOptional is %v", got)
			}
			if got := tt.wrap(plain).Name(); got != tt.called {
				t.Errorf("the name is %q, want %q", got, tt.called)
			}
			if got := first(t, tt.wrap(plain)).Tree.Root().String(); got != tt.plain {
				t.Errorf("the plain tree is %s, want %s", got, tt.plain)
			}
			for _, inner := range []struct {
				src  source.Source
				want string
			}{{plain, tt.plain}, {shaped{Source: plain}, tt.shaped}} {
				got, err := tt.wrap(inner.src).(source.Shaped).WithShape(shape)
				if err != nil {
					t.Fatal(err)
				}
				if tree := first(t, got).Tree.Root().String(); tree != inner.want {
					t.Errorf("with the shape the tree is %s, want %s", tree, inner.want)
				}
				if source.IsOptional(got) != tt.optional || got.Name() != tt.called && inner.src == plain {
					t.Errorf("WithShape took the wrapper off: %#v", got)
				}
			}
			if _, err := tt.wrap(shaped{plain, errCut}).(source.Shaped).WithShape(shape); !errors.Is(err, errCut) {
				t.Errorf("WithShape returned %v, want %v", err, errCut)
			}
		})
	}
}

func TestMountWhereTheTypeHasNoField(t *testing.T) {
	src := source.Mount("nowhere.to", shaped{Source: source.Static("s", nil)})
	if _, err := src.(source.Shaped).WithShape(&tree.Shape{}); err == nil || !strings.Contains(err.Error(), "nowhere.to") {
		t.Errorf("WithShape returned %v", err)
	}
}

func TestMountOfAnInvalidPathPanics(t *testing.T) {
	defer func() {
		if v := recover(); v == nil || !strings.Contains(fmt.Sprint(v), "a..b") {
			t.Errorf("panicked with %v", v)
		}
	}()
	source.Mount("a..b", source.Static("s", nil))
}

func TestMountOrigins(t *testing.T) {
	m := sourcetest.NewMemory("m", map[string]any{"b": 1})
	got, ok := first(t, source.Named("n", source.Mount("a", m))).Tree.Origin(tree.Path{"a", "b"})
	want := tree.Origin{Layer: "n", Kind: "memory", Key: "b", Revision: "revision 1"}
	if !ok || got != want {
		t.Errorf("origin is %+v, want %+v", got, want)
	}
}

func TestMountMovesProblems(t *testing.T) {
	at := func(path ...string) error { return tree.Problem{Path: path, Err: errCut} }
	tests := []struct {
		name string
		err  error
		want []string // paths of the problems, in the order they are found
		text string
	}{
		{"no problem", errCut, nil, "connection refused"},
		{"a problem", at("x"), []string{"a.b.x"}, "a.b.x: connection refused"},
		{"several", errors.Join(at("x"), at("y", "z")), []string{"a.b.x", "a.b.y.z"}, "a.b.x: connection refused\na.b.y.z: connection refused"},
		{"wrapped", fmt.Errorf("file: %w", at("x")), []string{"a.b.x"}, "a.b.x: connection refused"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := sourcetest.NewMemory("m", nil)
			m.Reject(tt.err)
			got := first(t, source.Mount("a.b", m)).Err
			if got.Error() != tt.text || !errors.Is(got, errCut) {
				t.Errorf("error is %q, want %q", got, tt.text)
			}
			var paths []string
			for _, p := range tree.Problems(got) {
				paths = append(paths, p.Path.String())
			}
			if fmt.Sprint(paths) != fmt.Sprint(tt.want) {
				t.Errorf("problems at %v, want %v", paths, tt.want)
			}
		})
	}
}

func TestStatic(t *testing.T) {
	values := map[string]any{"a": 1, "b": []any{"x", true}}
	src := source.Static("defaults", values)
	values["a"] = 2
	snap := first(t, src)
	if got := snap.Tree.Root().String(); got != `{a:1 b:["x" true]}` {
		t.Errorf("tree is %s", got)
	}
	if o, _ := snap.Tree.Origin(tree.Path{"b", "1"}); o != (tree.Origin{Layer: "defaults", Kind: "defaults"}) {
		t.Errorf("origin is %+v", o)
	}
	if err := first(t, source.Static("bad", map[string]any{"a": map[string]any{"b": make(chan int)}})).Err; err == nil || !strings.Contains(err.Error(), "a.b") {
		t.Errorf("a bad value gives %v, want an error that names a.b", err)
	}
}

func TestPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var loads ledger
		origin := tree.Origin{Kind: "http", Key: "https://example.org/config"}
		src := source.Poll("http", time.Minute, func(context.Context) (source.Snapshot, error) {
			loads.note()
			n := len(loads.all())
			if n == 100 {
				return source.Snapshot{}, errCut
			}
			loaded := keys(t, map[string]any{"n": n}).Located(func(tree.Path, tree.Place) tree.Origin { return origin })
			return source.Snapshot{Tree: loaded, Revision: fmt.Sprint(n)}, nil
		})
		emits := 0
		err := src.Watch(t.Context(), func(snap source.Snapshot) {
			emits++
			if o, _ := snap.Tree.Origin(tree.Path{"n"}); o != origin || snap.Revision != fmt.Sprint(emits) {
				t.Errorf("snapshot %d has revision %s and origin %v", emits, snap.Revision, o)
			}
		})
		if err != errCut || emits != 99 {
			t.Errorf("Watch emitted %d times and returned %v", emits, err)
		}
		shortest, longest := time.Hour, time.Duration(0)
		all := loads.all()
		for i, at := range all[1:] {
			shortest, longest = min(shortest, at.Sub(all[i])), max(longest, at.Sub(all[i]))
		}
		if shortest < 54*time.Second || shortest > 57*time.Second || longest < 63*time.Second || longest > 66*time.Second+1 {
			t.Errorf("intervals are %v to %v, want to fill 54s to 66s", shortest, longest)
		}
	})
}

func TestPollEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
		defer cancel()
		loads := 0
		src := source.Poll("p", time.Minute, func(ctx context.Context) (source.Snapshot, error) {
			if loads++; loads == 2 {
				<-ctx.Done()
			}
			return source.Snapshot{}, nil
		})
		emits := 0
		err := src.Watch(ctx, func(source.Snapshot) { emits++ })
		if err != context.DeadlineExceeded || emits != 1 {
			t.Errorf("Watch emitted %d times and returned %v", emits, err)
		}
	})
}

func TestPollRefusesNonsense(t *testing.T) {
	load := func(context.Context) (source.Snapshot, error) { return source.Snapshot{}, nil }
	for name, make := range map[string]func(){
		"no interval": func() { source.Poll("p", 0, load) },
		"no function": func() { source.Poll("p", time.Second, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			make()
		})
	}
}
