package source_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/sourcetest"
	"github.com/confsync/confsync/tree"
)

// held returns a source of one tree, named "store".
func held(snap source.Snapshot) source.Source {
	return source.Named("store", scripted(func(ctx context.Context, emit func(source.Snapshot)) error {
		emit(snap)
		<-ctx.Done()
		return ctx.Err()
	}))
}

func TestCachedLeavesSecretsOut(t *testing.T) {
	const secret = "hunter2"
	value, hidden := &tree.Shape{}, &tree.Shape{Secret: true}
	login := &tree.Shape{Fields: []tree.Field{{Key: "user", Shape: value}, {Key: "pass_word", Shape: hidden}}}
	ring := &tree.Shape{Fields: []tree.Field{{Key: "name", Shape: value}}}
	ring.Fields = append(ring.Fields, tree.Field{Key: "next", Shape: ring})
	shape := &tree.Shape{
		Fields: []tree.Field{
			{Key: "port", Shape: value}, {Key: "token", Shape: hidden}, {Key: "login", Shape: login}, {Key: "ring", Shape: ring},
			{Key: "logins", Shape: &tree.Shape{Elem: login}}, {Key: "list", Shape: &tree.Shape{Elem: login, List: true}},
			{Key: "tokens", Shape: &tree.Shape{Elem: hidden, List: true}}, {Key: "by_name", Shape: &tree.Shape{Elem: hidden}},
			{Key: "inner", Shape: &tree.Shape{Fields: []tree.Field{{Key: "a", Shape: value}}, Rest: hidden}},
		},
	}
	open := &tree.Shape{Fields: []tree.Field{{Key: "port", Shape: value}}, Rest: value}
	tests := []struct {
		name  string
		shape *tree.Shape
		in    map[string]any
		want  string
		note  string // what it ends in
	}{
		{"no secret", shape, map[string]any{"port": 1, "ring": map[string]any{"next": map[string]any{"name": "x"}}}, `{port:1 ring:{next:{name:"x"}}}`, "Z"},
		{"a field", shape, map[string]any{"port": 1, "token": secret}, `{port:1 token:null}`, ", without 1 secret values"},
		{"in any spelling", shape, map[string]any{"TOKEN": secret, "login": map[string]any{"passWord": secret}}, `{TOKEN:null login:{passWord:null}}`, ", without 2 secret values"},
		{"a map", shape, map[string]any{"token": map[string]any{secret: secret}}, `{token:null}`, ", without 1 secret values"},
		{"a null", shape, map[string]any{"token": nil}, `{token:null}`, "Z"},
		{"in a struct", shape, map[string]any{"login": map[string]any{"user": "u", "pass_word": secret}}, `{login:{pass_word:null user:"u"}}`, ", without 1 secret values"},
		{"in a text that spells a struct", shape, map[string]any{"login": `{"pass_word": "hunter2"}`}, `{login:null}`, ", without 1 secret values"},
		{"in a text that spells a list", shape, map[string]any{"list": `[{"pass_word": "hunter2"}]`}, `{list:null}`, ", without 1 secret values"},
		{"in a text without a secret", shape, map[string]any{"ring": `{"name": "x"}`}, `{ring:"{"name": "x"}"}`, "Z"},
		{"in a map's elements", shape, map[string]any{"logins": map[string]any{"A.b": map[string]any{"pass_word": secret}}}, `{logins:{A.b:{pass_word:null}}}`, ", without 1 secret values"},
		{"in a list's elements", shape, map[string]any{"list": []any{map[string]any{"user": "u"}, secret, map[string]any{"pass_word": secret}}}, `{list:[{user:"u"} null {pass_word:null}]}`, ", without 2 secret values"},
		{"a list of secrets", shape, map[string]any{"tokens": []any{secret, secret}}, `{tokens:null}`, ", without 1 secret values"},
		{"a list of secrets as text", shape, map[string]any{"tokens": "a," + secret}, `{tokens:null}`, ", without 1 secret values"},
		{"a map of secrets", shape, map[string]any{"by_name": map[string]any{"a": secret}}, `{by_name:null}`, ", without 1 secret values"},
		{"among the remaining keys", shape, map[string]any{"inner": map[string]any{"a": "x", "b": secret}}, `{inner:{a:"x" b:null}}`, ", without 1 secret values"},
		{"what the type doesn't know", shape, map[string]any{"port": 1, "passwort": secret, "login": map[string]any{"pasword": secret}}, `{login:{} port:1}`, "Z"},
		{"all of it unknown", &tree.Shape{Fields: []tree.Field{{Key: "x", Shape: value}}}, map[string]any{"port": secret}, `{}`, "Z"},
		{"remaining keys that are no secret", open, map[string]any{"port": 1, "other": map[string]any{"x": 2}}, `{other:{x:2} port:1}`, "Z"},
		{"the whole is secret", hidden, map[string]any{"port": secret}, `null`, ", without 1 secret values"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				file := filepath.Join(t.TempDir(), "cache")
				in := keys(t, tt.in)
				first(t, cachedOf(t, file, held(source.Snapshot{Tree: in}), tt.shape))
				data, err := os.ReadFile(file)
				if err != nil || bytes.Contains(data, []byte(secret)) {
					t.Errorf("the secret is in the file: %v, %v", bytes.Contains(data, []byte(secret)), err)
				}
				begin := time.Now()
				got := first(t, fallback(t, file))
				if waited := time.Since(begin) >= 10*time.Second; waited != strings.Contains(got.Note, "without") {
					t.Errorf("waited %s for the store before %q", time.Since(begin), got.Note)
				}
				if got.Tree.Root().String() != tt.want || !strings.HasSuffix(got.Note, tt.note) {
					t.Errorf("got %s, %q\nwant %s, …%q", got.Tree.Root(), got.Note, tt.want, tt.note)
				}
			})
		})
	}
}

// TestCachedWithoutShape is a source of which nobody has said what is secret.
func TestCachedWithoutShape(t *testing.T) {
	dir := t.TempDir()
	m := sourcetest.NewMemory("store", map[string]any{"a": 1})
	src := source.Cached(filepath.Join(dir, "cache"), m)
	if got := first(t, src).Tree.Root().String(); got != "{a:1}" {
		t.Errorf("emitted %s", got)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("the directory has %v, %v", entries, err)
	}
}

func TestCachedRoundTrip(t *testing.T) {
	var b tree.Builder
	at := func(n int32) tree.Place { return tree.Place{Line: n, Column: 2, Revision: 3} }
	entry := func(key string, kind tree.Kind, text string) tree.Entry {
		return tree.Entry{Key: key, Tree: b.Scalar(kind, text, at(1))}
	}
	inner, err := b.Map([]tree.Entry{entry("x.y/z", tree.String, "\xff\x00\n"), entry("", tree.String, "")}, at(2))
	if err != nil {
		t.Fatal(err)
	}
	whole, err := b.Map([]tree.Entry{
		entry("bool", tree.Bool, "true"), entry("int", tree.Int, "18446744073709551615"), entry("float", tree.Float, "1.50"),
		entry("time", tree.Time, "2026-01-02T12:00:00Z"), {Key: "null", Tree: b.Null(at(5))}, {Key: "map", Tree: inner},
		{Key: "list", Tree: b.List([]tree.Tree{inner, b.Null(at(6)), b.List(nil, at(7))}, at(8))},
	}, at(9))
	if err != nil {
		t.Fatal(err)
	}
	e := whole.Edit()
	e.Set(tree.Path{"both"}, "own", at(10))
	e.Set(tree.Path{"both", "kid"}, "kid", at(11))
	e.SetFolder(tree.Path{"folder"}, at(12))
	whole = e.Tree().Located(func(p tree.Path, at tree.Place) tree.Origin {
		return tree.Origin{Layer: "x", Kind: "kind", Key: p.String(), Line: int(at.Line), Column: int(at.Column), Revision: "r"}
	})

	file := filepath.Join(t.TempDir(), "cache")
	first(t, cachedOf(t, file, held(source.Snapshot{Tree: whole, Revision: "index 7", Note: "polling"}), plain))
	got := first(t, fallback(t, file))
	if !got.Tree.Root().Equal(whole.Root()) || got.Revision != "index 7" || strings.Contains(got.Note, "polling") {
		t.Errorf("got %s at %q with note %q\nwant %s", got.Tree.Root(), got.Revision, got.Note, whole.Root())
	}
	leaves := 0
	for p := range whole.Root().Leaves {
		want, _ := whole.Origin(p)
		want.Layer = "store"
		if o, ok := got.Tree.Origin(p); !ok || o != want {
			t.Errorf("%s: origin is %+v, want %+v", p, o, want)
		}
		leaves++
	}
	if leaves < 12 {
		t.Errorf("only %d leaves", leaves)
	}
}

func TestCachedForwards(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cache")
	src := source.Cached(file, source.Optional(shaped{Source: source.Static("s", nil)}))
	if !source.IsOptional(src) || src.Name() != "s" {
		t.Errorf("optional is %v, the name %q", source.IsOptional(src), src.Name())
	}
	shape := &tree.Shape{Fields: []tree.Field{{Key: "port", Shape: plain}}}
	made, err := src.(source.Shaped).WithShape(shape)
	if err != nil || !source.IsOptional(made) {
		t.Fatalf("WithShape made %#v, %v", made, err)
	}
	if got := first(t, made).Tree.Root().String(); got != "{port:true}" {
		t.Errorf("with the shape the tree is %s", got)
	}
	if _, err := source.Cached(file, shaped{source.Static("s", nil), errCut}).(source.Shaped).WithShape(shape); err != errCut {
		t.Errorf("WithShape returned %v", err)
	}
	below, err := source.Mount("db", source.Cached(file, source.Static("m", map[string]any{"max": 1}))).(source.Shaped).
		WithShape(&tree.Shape{Fields: []tree.Field{{Key: "db", Shape: &tree.Shape{Fields: []tree.Field{{Key: "max", Shape: plain}}}}}})
	if err != nil || first(t, below).Tree.Root().String() != "{db:{max:1}}" {
		t.Errorf("mounted: %v", err)
	}
	defer func() {
		if recover() == nil {
			t.Error("no path is no panic")
		}
	}()
	source.Cached("", src)
}

// TestCachedKeepsTheContract runs the suite with a file that another life of the
// source has left behind.
func TestCachedKeepsTheContract(t *testing.T) {
	sourcetest.Run(t, sourcetest.Harness{
		Strict: true,
		New: func(t *testing.T, values map[string]string) sourcetest.Store {
			file := filled(t, map[string]any{"alpha": "old"}, plain)
			m := sourcetest.NewMemory("store", nil)
			for path, value := range values {
				m.Set(path, value)
			}
			return sourcetest.Store{
				Source: source.Cached(file, m),
				Set:    func(_ *testing.T, key tree.Path, value string) { m.Set(key.String(), value) },
				Delete: func(_ *testing.T, key tree.Path) { m.Delete(key.String()) },
				Spoil:  func(*testing.T) { m.Reject(errCut) },
				Break:  func(*testing.T) { m.Fail(errCut) },
				Heal:   func(*testing.T) { m.Heal() },

				WritableWhileBroken: true,
			}
		},
		Impossible: map[string]string{"Commit": "a Memory sets one key at a time"},
	})
}

func ExampleCached() {
	dir, _ := os.MkdirTemp("", "cached")
	defer os.RemoveAll(dir)
	start := func(store source.Source) {
		cached := source.Cached(filepath.Join(dir, "store.cache"), store)
		cached, _ = cached.(source.Shaped).WithShape(&tree.Shape{}) // as Open does
		show(cached)
	}
	store := sourcetest.NewMemory("store", map[string]any{"pool": map[string]any{"size": 4}})
	start(store)

	store.Fail(errors.New("connection refused"))
	start(store)
	// Output:
	// store {pool:{size:4}} <nil>
	// store {pool:{size:4}} <nil>
}
