package redis_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/source/redis"
	"github.com/confsync/confsync/tree"
)

func TestKeysToTree(t *testing.T) {
	tests := []struct {
		name   string
		prefix string
		opts   redis.Options
		pairs  []string
		want   string
	}{
		{"nothing", "app", redis.Options{}, nil, `nothing`},
		{"neighbours", "app", redis.Options{}, []string{"app/a", "1", "application/b", "2", "app", "3", "ap", "4"}, `{a:"1"}`},
		{"a prefix that ends in a separator", "app/", redis.Options{}, []string{"app/a", "1", "application", "2"}, `{a:"1"}`},
		{"a deep prefix", "x/app", redis.Options{}, []string{"x/app/a/b", "1", "x/a", "2"}, `{a:{b:"1"}}`},
		{"the whole database", "", redis.Options{}, []string{"a", "1", "b/c", "2"}, `{a:"1" b:{c:"2"}}`},
		{"another separator", "app", redis.Options{Separator: ":"}, []string{"app:a:b", "1", "app:a/c", "2", "app/a", "3"}, `{a:{b:"1"} a/c:"2"}`},
		{"a key beside keys below it", "app", redis.Options{}, []string{"app/a", "1", "app/a/b", "2"}, `{a:"1"{b:"2"}}`},
		{"a folder", "app", redis.Options{}, []string{"app/a/", "", "app/b", "1"}, `{a:{} b:"1"}`},
		{"the root as a folder", "app", redis.Options{}, []string{"app/", ""}, `{}`},
		{"a folder beside a value", "app", redis.Options{}, []string{"app/a/", "", "app/a", "1"}, `{a:"1"}`},
		{"names keep their case, values are raw", "app", redis.Options{}, []string{"app/Max.Conns", " 1\n", "app/é", ""}, `{Max.Conns:" 1` + "\n" + `" é:""}`},
		{"indexes", "app", redis.Options{}, []string{"app/s/0/h", "a", "app/s/10/h", "b"}, `{s:{0:{h:"a"} 10:{h:"b"}}}`},
		{"a prefix of glob characters", `a*p?[x]\^-/`, redis.Options{}, []string{`a*p?[x]\^-/k`, "1", `aXpYx^-/k`, "2", `a*p?x\^-/k`, "3"}, `{k:"1"}`},
		{"a version key within", "app", redis.Options{VersionKey: "app/version"}, []string{"app/a", "1", "app/version", "7"}, `{a:"1"}`},
	}
	for mode, config := range modes() {
		s := server(t, config...)
		c := dial(t, s.Addr())
		for _, tt := range tests {
			t.Run(tt.name+" "+mode, func(t *testing.T) {
				c.FlushAll(t.Context())
				opts := quick(tt.opts)
				if mode == "notified" {
					opts = unprobed(tt.opts)
				}
				if len(tt.pairs) > 0 {
					set(t, c, tt.pairs...)
				}
				src := redis.New(c, tt.prefix, opts)
				w := watch(t, src)
				first := w.untilTree(t, tt.want)
				// The same while it is watched: each key goes and comes back.
				for i := 0; i < len(tt.pairs); i += 2 {
					if err := c.Del(t.Context(), tt.pairs[i]).Err(); err != nil {
						t.Fatal(err)
					}
				}
				if len(tt.pairs) == 0 {
					return
				}
				w.untilTree(t, "nothing")
				from := w.count()
				set(t, c, tt.pairs...)
				again := w.until(t, from, tt.want, func(s source.Snapshot) bool {
					return s.Err == nil && s.Tree.Root().String() == tt.want
				})
				if !again.Tree.Root().Equal(first.Tree.Root()) {
					t.Errorf("tree = %v, want %v", again.Tree.Root(), first.Tree.Root())
				}
			})
		}
	}
}

func TestHashToTree(t *testing.T) {
	s := server(t, notifying...)
	c := dial(t, s.Addr())
	c.HSet(t.Context(), "app:config", "server/port", "80", "a", "1", "a/b", "2")
	w := watch(t, redis.New(c, "app:config", unprobed(redis.Options{Hash: true})))
	snap := w.untilTree(t, `{a:"1"{b:"2"} server:{port:"80"}}`)
	got, _ := snap.Tree.Origin(tree.Path{"server", "port"})
	if want := (tree.Origin{Layer: "redis app:config", Kind: "redis", Key: "app:config server/port"}); got != want {
		t.Errorf("origin = %v, want %v", got, want)
	}
	c.HDel(t.Context(), "app:config", "a")
	w.untilTree(t, `{a:{b:"2"} server:{port:"80"}}`)
	c.Rename(t.Context(), "app:config", "away")
	w.untilTree(t, `nothing`)
	c.Rename(t.Context(), "away", "app:config")
	w.until(t, w.count()-1, "the hash again", func(s source.Snapshot) bool { return s.Tree.Root().Len() == 2 })
	c.HSet(t.Context(), "app:config", "x//y", "1")
	bad := w.until(t, 0, "an error", func(s source.Snapshot) bool { return s.Err != nil })
	checkProblem(t, bad.Err, tree.Unusable, "app:config x//y", "empty segment")
}

func TestDocument(t *testing.T) {
	for mode, config := range modes() {
		t.Run(mode, func(t *testing.T) {
			s := server(t, config...)
			c := dial(t, s.Addr())
			w := watch(t, redis.New(c, "app.yaml", quick(redis.Options{Document: document.YAML})))
			none := w.until(t, 0, "an error", func(s source.Snapshot) bool { return s.Err != nil })
			if !errors.Is(none.Err, source.ErrAbsent) {
				t.Errorf("error = %v, want one that wraps ErrAbsent", none.Err)
			}
			checkProblem(t, none.Err, tree.Unusable, "app.yaml", "no such key")
			set(t, c, "app.yaml", "server:\n  port: 80\n")
			snap := w.untilTree(t, `{server:{port:80}}`)
			got, _ := snap.Tree.Origin(tree.Path{"server", "port"})
			if want := (tree.Origin{Layer: "redis app.yaml", Kind: "redis", Key: "app.yaml", Line: 2, Column: 9}); got != want {
				t.Errorf("origin = %v, want %v", got, want)
			}
			from := w.count()
			set(t, c, "app.yaml", "server:\n  port: [\n")
			bad := w.until(t, from, "an error", func(s source.Snapshot) bool { return s.Err != nil })
			checkProblem(t, bad.Err, tree.Unusable, "app.yaml", "")
			from = w.count()
			set(t, c, "app.yaml", "# moved\nserver:\n  port: 80\n")
			moved := w.until(t, from, "a tree", func(s source.Snapshot) bool { return s.Err == nil })
			if !moved.Tree.Same(snap.Tree) {
				t.Error("a comment changed the tree")
			}
			if got, _ := moved.Tree.Origin(tree.Path{"server", "port"}); got.Line != 3 {
				t.Errorf("line = %d, want 3", got.Line)
			}
			c.Del(t.Context(), "app.yaml")
			w.until(t, w.count()-1, "an error", func(s source.Snapshot) bool { return errors.Is(s.Err, source.ErrAbsent) })
		})
	}
}

// A document in a language of the program's own.
func TestDecode(t *testing.T) {
	s := server(t)
	c := dial(t, s.Addr())
	set(t, c, "app", "{'a': '1'}")
	w := watch(t, redis.New(c, "app", unprobed(redis.Options{Decode: func(data []byte, limits document.Limits) (tree.Tree, error) {
		return document.Decode(document.JSON, bytes.ReplaceAll(data, []byte("'"), []byte(`"`)), limits)
	}})))
	snap := w.untilTree(t, `{a:"1"}`)
	if got, _ := snap.Tree.Origin(tree.Path{"a"}); got.Key != "app" || got.Line != 1 {
		t.Errorf("origin = %v, want a line of app", got)
	}
	set(t, c, "app", "{'a': ")
	bad := w.until(t, 0, "an error", func(s source.Snapshot) bool { return s.Err != nil })
	checkProblem(t, bad.Err, tree.Unusable, "app", "")
	set(t, c, "app", "{'a': '2'}")
	w.untilTree(t, `{a:"2"}`)
}

func TestUnusableKeys(t *testing.T) {
	tests := []struct{ name, key, value, words string }{
		{"empty segment", "app/a//b", "1", "empty segment"},
		{"dot dot", "app/../b", "1", `".."`},
		{"folder with a value", "app/a/", "secret", "as a folder does, and has a value"},
	}
	for mode, config := range modes() {
		for _, tt := range tests {
			t.Run(tt.name+" "+mode, func(t *testing.T) {
				s := server(t, config...)
				c := dial(t, s.Addr())
				set(t, c, "app/k", "1")
				w := watch(t, redis.New(c, "app", quick(redis.Options{})))
				w.untilTree(t, `{k:"1"}`)
				set(t, c, tt.key, tt.value)
				bad := w.until(t, 0, "an error", func(s source.Snapshot) bool { return s.Err != nil })
				checkProblem(t, bad.Err, tree.Unusable, tt.key, tt.words)
				if strings.Contains(bad.Err.Error(), "secret") {
					t.Errorf("the error holds the value: %v", bad.Err)
				}
				set(t, c, "app/k", "2") // waits with the other
				c.Del(t.Context(), tt.key)
				w.untilTree(t, `{k:"2"}`)
			})
		}
	}
}

func TestTooLarge(t *testing.T) {
	tests := []struct {
		name string
		opts redis.Options
	}{
		{"keys", redis.Options{MaxKeys: 10}},
		{"bytes", redis.Options{MaxBytes: 100}},
		{"keys, version key", redis.Options{MaxKeys: 10, VersionKey: "version"}},
		{"keys of a hash", redis.Options{MaxKeys: 10, Hash: true}},
	}
	for mode, config := range modes() {
		for _, tt := range tests {
			t.Run(tt.name+" "+mode, func(t *testing.T) {
				s := server(t, config...)
				c := dial(t, s.Addr())
				put := func(from, to int, del bool) {
					t.Helper()
					if _, err := c.TxPipelined(t.Context(), func(pipe goredis.Pipeliner) error {
						pipe.Incr(t.Context(), "version")
						for i := from; i < to; i++ {
							name := fmt.Sprintf("%02d", i)
							switch {
							case tt.opts.Hash && del:
								pipe.HDel(t.Context(), "app", name)
							case tt.opts.Hash:
								pipe.HSet(t.Context(), "app", name, "v")
							case del:
								pipe.Del(t.Context(), "app/"+name)
							default:
								pipe.Set(t.Context(), "app/"+name, "v", 0)
							}
						}
						return nil
					}); err != nil {
						t.Fatal(err)
					}
				}
				large := func(s source.Snapshot) bool {
					var p tree.Problem
					return errors.As(s.Err, &p) && p.Kind == tree.TooLarge
				}
				few := func(s source.Snapshot) bool { return s.Err == nil && s.Tree.Root().Len() == 5 }
				put(0, 5, false)
				src := redis.New(c, "app", quick(tt.opts))
				w := watch(t, src)
				w.until(t, 0, "5 keys", few)
				put(5, 40, false)
				w.until(t, 0, "too many", large)
				again := watch(t, redis.New(c, "app", quick(tt.opts)))
				again.until(t, 0, "too many from the start", large)
				put(5, 40, true)
				w.until(t, w.count()-1, "5 keys again", few)
				again.until(t, 0, "5 keys again", few)
			})
		}
	}
}

func TestUntouchedNodesAreShared(t *testing.T) {
	s := server(t, notifying...)
	c := dial(t, s.Addr())
	set(t, c, "app/a/x", "1", "app/b/x", "1")
	w := watch(t, redis.New(c, "app", quick(redis.Options{Resync: 100 * time.Millisecond})))
	first := w.untilTree(t, `{a:{x:"1"} b:{x:"1"}}`)
	got, _ := first.Tree.Origin(tree.Path{"a", "x"})
	if want := (tree.Origin{Layer: "redis app", Kind: "redis", Key: "app/a/x"}); got != want {
		t.Errorf("origin = %v, want %v", got, want)
	}
	set(t, c, "app/a/x", "1")
	from := w.count()
	w.until(t, from+5, "more snapshots", func(source.Snapshot) bool { return true })
	for _, snap := range w.all() {
		if !snap.Tree.Same(first.Tree) {
			t.Fatal("a snapshot that changed nothing isn't the same tree")
		}
	}
	set(t, c, "app/a/x", "2")
	next := w.untilTree(t, `{a:{x:"2"} b:{x:"1"}}`)
	if next.Tree.Root().Child("b") != first.Tree.Root().Child("b") {
		t.Error("an untouched node isn't shared")
	}
}

func TestAnotherDatabase(t *testing.T) {
	s := server(t, notifying...)
	c := closing(t, goredis.NewClient(&goredis.Options{Addr: s.Addr(), DB: 3}))
	set(t, c, "app/a", "1")
	w := watch(t, redis.New(c, "app", unprobed(redis.Options{})))
	w.untilTree(t, `{a:"1"}`)
	set(t, dial(t, s.Addr()), "app/a", "of database 0")
	set(t, c, "app/a", "2")
	w.untilTree(t, `{a:"2"}`)
}

func TestVersionKey(t *testing.T) {
	for mode, config := range modes() {
		t.Run(mode, func(t *testing.T) {
			s := server(t, config...)
			c := dial(t, s.Addr())
			set(t, c, "app/a", "1")
			w := watch(t, redis.New(c, "app", quick(redis.Options{VersionKey: "v"})))
			bad := w.until(t, 0, "an error", func(s source.Snapshot) bool { return s.Err != nil })
			checkProblem(t, bad.Err, tree.Unusable, "v", "version key")
			set(t, c, "v", "one")
			if snap := w.untilTree(t, `{a:"1"}`); snap.Revision != "one" {
				t.Errorf("revision = %q, want one", snap.Revision)
			}
			set(t, c, "app/a", "2", "v", "two")
			if snap := w.untilTree(t, `{a:"2"}`); snap.Revision != "two" {
				t.Errorf("revision = %q, want two", snap.Revision)
			}
		})
	}
}

func TestName(t *testing.T) {
	tests := []struct {
		prefix string
		opts   *redis.Options
		want   string
	}{
		{"app", nil, "redis app"},
		{"app/", nil, "redis app"},
		{"app:", &redis.Options{Separator: ":"}, "redis app"},
		{"", nil, "redis"},
		{"app/", &redis.Options{Hash: true}, "redis app/"},
	}
	for _, tt := range tests {
		if got := redis.New(nil, tt.prefix, tt.opts).Name(); got != tt.want {
			t.Errorf("name of %q with %+v = %q, want %q", tt.prefix, tt.opts, got, tt.want)
		}
	}
}

func TestOptionsThatExcludeOneAnother(t *testing.T) {
	for _, opts := range []redis.Options{
		{Hash: true, VersionKey: "v"}, {Hash: true, Document: document.JSON}, {VersionKey: "v", Document: document.JSON},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("New with %+v did not panic", opts)
				}
			}()
			redis.New(nil, "app", &opts)
		}()
	}
}
