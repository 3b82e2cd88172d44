package source_test

import (
	"testing"
	"testing/synctest"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/sourcetest"
	"github.com/confsync/confsync/tree"
)

func TestGate(t *testing.T) {
	const noRelease = "held, as nothing has been released yet: there is no value at the gate meta.release"
	type step struct {
		name      string
		do        func(m *sourcetest.Memory)
		root      string // what is held
		note, err string
	}
	release := func(v any) func(m *sourcetest.Memory) {
		return func(m *sourcetest.Memory) { m.Set("meta.release", v) }
	}
	set := func(path string, v any) func(m *sourcetest.Memory) {
		return func(m *sourcetest.Memory) { m.Set(path, v) }
	}
	const waits = `held at release "v1": changes wait for another value at the gate meta.release`
	const noValue = `held at release "v1": there is no value at the gate meta.release`
	steps := []step{
		{"a key without a gate", set("a", 1), "nothing", "", noRelease},
		{"an empty gate", release(""), "nothing", "", noRelease},
		{"a release", release("v1"), "{a:1}", "", ""},
		{"a key", set("a", 2), "{a:1}", waits, ""},
		{"another key", set("b", 2), "{a:1}", waits, ""},
		{"both taken back", func(m *sourcetest.Memory) { m.Delete("b"); m.Set("a", 1) }, "{a:1}", "", ""},
		{"the same release again", release("v1"), "{a:1}", "", ""},
		{"no gate", func(m *sourcetest.Memory) { m.Delete("meta.release") }, "{a:1}", noValue, ""},
		{"a key without a gate", set("a", 3), "{a:1}", noValue, ""},
		{"a gate that is a map", release(map[string]any{"x": 1}), "{a:1}", noValue, ""},
		{"a gate that is null", release(nil), "{a:1}", noValue, ""},
		{"bad content", func(m *sourcetest.Memory) { m.Reject(errCut) }, "{a:1}", "", "connection refused"},
		{"everything deleted", func(m *sourcetest.Memory) { m.Replace(nil) }, "{a:1}", noValue, ""},
		{"a release", func(m *sourcetest.Memory) {
			m.Replace(map[string]any{"a": 4, "meta": map[string]any{"release": 2, "by": "x"}})
		}, `{a:4 meta:{by:"x"}}`, "", ""},
		{"a fault and a write", func(m *sourcetest.Memory) { m.Fail(errCut); m.Set("a", 5); synctest.Wait(); m.Heal() },
			`{a:4 meta:{by:"x"}}`, `held at release "2": changes wait for another value at the gate meta.release`, ""},
	}
	synctest.Test(t, func(t *testing.T) {
		m := sourcetest.NewMemory("m", nil)
		r := run(t, source.Optional(source.Gate("meta.release", m)), source.Policy{})
		for _, s := range steps {
			s.do(m)
			sleep(1e9)
			st, root := r.Status(), "nothing"
			if _, _, ok := r.Latest(); ok {
				root = r.root(t)
			}
			err := ""
			if st.Err != nil {
				err = st.Err.Error()
			}
			if root != s.root || st.Note != s.note || err != s.err || st.State != source.Live {
				t.Errorf("%s: %v, holds %s, note %q, error %q\nwant %s, note %q, error %q", s.name, st.State, root, st.Note, err, s.root, s.note, s.err)
			}
		}
	})
}

// TestGateReleasesWhole writes many keys in many steps, and never sees a part.
func TestGateReleasesWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sourcetest.NewMemory("m", nil)
		var torn []string
		src := source.Gate("release", m)
		var sup *source.Supervisor
		sup = source.NewSupervisor(src, source.Policy{}, func() {
			snap, _, ok := sup.Latest()
			for i := 1; ok && i < snap.Tree.Root().Len(); i++ {
				if snap.Tree.Root().At(i).Text() != snap.Tree.Root().At(0).Text() {
					torn = append(torn, snap.Tree.Root().String())
				}
			}
		})
		ctx, done := t.Context(), make(chan struct{})
		go func() { defer close(done); sup.Run(ctx) }()
		for release := range 20 {
			m.Delete("release")
			for _, key := range []string{"a", "b", "c", "d"} {
				m.Set(key, release)
				synctest.Wait()
			}
			m.Set("release", release)
			synctest.Wait()
		}
		snap, _, _ := sup.Latest()
		if got := snap.Tree.Root().String(); got != "{a:19 b:19 c:19 d:19}" || len(torn) > 0 {
			t.Errorf("ends at %s; torn states: %v", got, torn)
		}
		if o, _ := snap.Tree.Origin(tree.Path{"a"}); o.Key != "a" || o.Revision == "" {
			t.Errorf("origin is %+v", o)
		}
	})
}

func TestAtLeast(t *testing.T) {
	of := func(n int) map[string]any {
		values := make(map[string]any)
		for i := range n {
			values[string(rune('a'+i))] = i
		}
		return values
	}
	const empty = "refused: it has become empty, and had 10 values"
	tests := []struct {
		name     string
		share    float64
		from, to map[string]any
		err      string // "": taken
	}{
		{"the same", 1, of(10), of(10), ""},
		{"more", 1, of(10), of(11), ""},
		{"one less of all", 1, of(10), of(9), "refused: it has shrunk from 10 values to 9, and at least 100% have to be left"},
		{"half", 0.5, of(10), of(5), ""},
		{"less than half", 0.5, of(10), of(4), "refused: it has shrunk from 10 values to 4, and at least 50% have to be left"},
		{"nothing", 0.5, of(10), nil, empty},
		{"nearly nothing, without a bound", 0, of(10), of(1), ""},
		{"nothing, without a bound", 0, of(10), nil, empty},
		{"nothing that counts", 0, of(10), map[string]any{"a": nil, "b": map[string]any{}, "c": []any{}}, empty},
		{"nothing after nothing", 0.5, nil, nil, ""},
		{"from nothing", 1, nil, of(3), ""},
		{"deeper down", 0.5, map[string]any{"x": of(10)}, map[string]any{"y": []any{1, of(3)}}, "refused: it has shrunk from 10 values to 4, and at least 50% have to be left"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := sourcetest.NewMemory("m", tt.from)
				r := run(t, source.AtLeast(tt.share, m), source.Policy{})
				before := r.Status()
				if before.Err != nil {
					t.Fatalf("the first is refused: %v", before.Err)
				}
				snap, _, _ := r.Latest()
				check := func(when string) {
					t.Helper()
					synctest.Wait()
					err := ""
					if st := r.Status(); st.Err != nil {
						err = st.Err.Error()
					}
					now, _, _ := r.Latest()
					if err != tt.err || tt.err != "" && !now.Tree.Same(snap.Tree) {
						t.Errorf("%s: error %q, want %q; holds %s", when, err, tt.err, now.Tree.Root())
					}
				}
				m.Replace(tt.to)
				check("at once")
				if err := r.Refresh(t.Context()); err != nil {
					t.Fatal(err)
				}
				check("after a Refresh")
				m.Replace(tt.from)
				synctest.Wait()
				if st := r.Status(); st.Err != nil && tt.name != "more" && tt.name != "from nothing" {
					t.Errorf("once it is back: %v", st.Err)
				}
			})
		})
	}
}

func TestGateAndAtLeastPanic(t *testing.T) {
	for name, make := range map[string]func(){
		"no path":           func() { source.Gate("", source.Static("s", nil)) },
		"a bad path":        func() { source.Gate("a..b", source.Static("s", nil)) },
		"a negative share":  func() { source.AtLeast(-0.1, source.Static("s", nil)) },
		"a share above one": func() { source.AtLeast(1.1, source.Static("s", nil)) },
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

// TestEveryWrapperForwards holds every source that stands before another to what the
// contract says of those.
func TestEveryWrapperForwards(t *testing.T) {
	file := t.TempDir() + "/cache"
	for name, wrap := range map[string]func(source.Source) source.Source{
		"Named":      func(s source.Source) source.Source { return source.Named("n", s) },
		"Optional":   source.Optional,
		"Mount":      func(s source.Source) source.Source { return source.Mount("", s) },
		"WithPolicy": func(s source.Source) source.Source { return source.WithPolicy(source.Policy{}, s) },
		"Cached":     func(s source.Source) source.Source { return source.Cached(file, s) },
		"Sealed":     func(s source.Source) source.Source { return source.Sealed(file, turned(1), s) },
		"Gate":       func(s source.Source) source.Source { return source.Gate("gate", s) },
		"AtLeast":    func(s source.Source) source.Source { return source.AtLeast(0, s) },
	} {
		t.Run(name, func(t *testing.T) {
			inner := source.Optional(shaped{Source: source.Static("s", map[string]any{"gate": 1})})
			src := wrap(inner)
			outer, ok := src.(interface{ Unwrap() source.Source })
			if !ok || outer.Unwrap() != inner {
				t.Error("Unwrap doesn't return the inner source")
			}
			if !source.IsOptional(src) {
				t.Error("it hides that the inner source is optional")
			}
			if name != "Named" && src.Name() != "s" {
				t.Errorf("its name is %q", src.Name())
			}
			made, err := src.(source.Shaped).WithShape(&tree.Shape{Fields: []tree.Field{{Key: "port", Shape: plain}}})
			if err != nil || !source.IsOptional(made) {
				t.Errorf("with a shape it is %#v with %v", made, err)
			}
			bad := wrap(shaped{source.Static("s", nil), errCut})
			if _, err := bad.(source.Shaped).WithShape(plain); err != errCut {
				t.Errorf("the inner source's error is %v", err)
			}
		})
	}
}
