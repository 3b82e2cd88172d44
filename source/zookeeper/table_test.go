package zookeeper

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

func TestTreeOfNodes(t *testing.T) {
	none := []byte(nil)
	tests := []struct {
		name  string
		nodes map[string][]byte
		want  string
	}{
		{"no root", map[string][]byte{"/other": none}, `nothing`},
		{"a root with nothing", map[string][]byte{"/app": none}, `{}`},
		{"a root's own data is not part of it", map[string][]byte{"/app": []byte("x"), "/app/a": []byte("1")}, `{a:"1"}`},
		{"a root with data and nothing else", map[string][]byte{"/app": []byte("x")}, `{}`},
		{"keys", map[string][]byte{"/app/a": []byte("1"), "/app/b/c": []byte("2")}, `{a:"1" b:{c:"2"}}`},
		{"an empty value", map[string][]byte{"/app/a": {}}, `{a:""}`},
		{"a folder", map[string][]byte{"/app/a": none}, `{a:{}}`},
		{"Z4 a value and children", map[string][]byte{"/app/a": []byte("1"), "/app/a/b": []byte("2")}, `{a:"1"{b:"2"}}`},
		{"no bytes and children", map[string][]byte{"/app/a": {}, "/app/a/b": []byte("2")}, `{a:{b:"2"}}`},
		{"the root's boundary", map[string][]byte{"/app/a": []byte("1"), "/application/a": []byte("2")}, `{a:"1"}`},
		{"names as they are", map[string][]byte{"/app/a.b": []byte("1"), "/app/MaxConns": []byte("2"), "/app/ü": []byte("3")}, `{MaxConns:"2" a.b:"1" ü:"3"}`},
		{"raw values", map[string][]byte{"/app/a": []byte(" 1\n"), "/app/b": []byte("a,b")}, "{a:\" 1\n\" b:\"a,b\"}"},
	}
	for _, tt := range tests {
		t.Run("Test"+tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake()
				for p, data := range tt.nodes {
					f.write(func() { f.put(p, data) })
				}
				w := begin(t, newStore(f, "/app", nil))
				defer w.stop()
				w.want(t, tt.want)
			})
		})
	}
}

func TestWholeStore(t *testing.T) {
	for _, root := range []string{"", "/"} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake("/a/b", "1", "/zookeeper/config", "servers")
			w := begin(t, newStore(f, root, nil))
			defer w.stop()
			w.want(t, `{a:{b:"1"}}`)
			f.write(func() { f.put("/c", []byte("2")) })
			w.want(t, `{a:{b:"1"} c:"2"}`)
		})
	}
}

func TestOriginAndRevision(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake("/app/a/b", "1") // zxid 1
		f.write(func() { f.put("/app/c", []byte("2")) })
		s := newStore(f, "app/", nil)
		if s.Name() != "zookeeper /app" {
			t.Errorf("Name = %q", s.Name())
		}
		w := begin(t, s)
		defer w.stop()
		before := w.last()
		f.write(func() { f.put("/app/c", []byte("2")) }) // the same value
		after := w.last()
		origin, _ := after.Tree.Origin(tree.Path{"c"})
		if got, want := origin.String(), `zookeeper "/app/c" (mzxid 3)`; got != want || origin.Layer != s.Name() {
			t.Errorf("origin %s of %s, want %s", got, origin.Layer, want)
		}
		if before.Revision != "2" || after.Revision != "3" || !after.Tree.Same(before.Tree) || len(w.snaps) != 2 {
			t.Errorf("revisions %s, %s, want 2, 3, of the Same tree, and two snapshots of %d", before.Revision, after.Revision, len(w.snaps))
		}
	})
}

// An answer may be handed over after one that the store gave later.
func TestZ3LateAnswersAreOvertaken(t *testing.T) {
	data := func(mzxid int64, text string) answer {
		return answer{request: request{readData, "/app/a"}, data: []byte(text), stat: zk.Stat{Mzxid: mzxid}}
	}
	kids := func(pzxid int64, names ...string) answer {
		return answer{request: request{readKids, "/app"}, kids: names, stat: zk.Stat{Pzxid: pzxid}}
	}
	gone := answer{request: request{readData, "/app/a"}, err: zk.ErrNoNode}
	tests := []struct {
		name    string
		answers []answer
		want    string
		next    []request // after the last
	}{
		{"data", []answer{kids(1, "a"), data(9, "new"), data(5, "old")}, `{a:"new"}`, nil},
		{"children", []answer{kids(9, "a"), data(9, "x"), kids(5)}, `{a:"x"}`, nil},
		{"a node made again", []answer{kids(9, "a"), data(9, "x"), gone}, `{}`, []request{{readKids, "/app"}}},
		{"a node made again and found", []answer{kids(9, "a"), gone, kids(9, "a"), data(9, "x")}, `{a:"x"}`, nil},
		{"data of a node that is gone", []answer{kids(9, "a"), gone, data(5, "x")}, `{}`, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := newStore(newFake(), "/app", nil).newTable()
			v.all()
			var next []request
			for _, a := range tt.answers {
				var err error
				if next, err = v.take(a); err != nil {
					t.Fatal(err)
				}
			}
			if tt.want == `{}` { // what the list says that is yet to come
				if _, err := v.take(kids(10)); err != nil {
					t.Fatal(err)
				}
			}
			if got := v.update().Root().String(); got != tt.want || !slices.Equal(next, tt.next) {
				t.Errorf("got %s and then %v, want %s and %v", got, next, tt.want, tt.next)
			}
		})
	}
}

// Writes fall between any two requests; what is emitted was there at one moment.
func TestZ3EverySnapshotIsACommittedState(t *testing.T) {
	paths := []string{"/app", "/app/a", "/app/b", "/app/a/x", "/app/a/y", "/app/b/x", "/app/b/x/z", "/app/c"}
	for seed := range uint64(200) {
		synctest.Test(t, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 3))
			f := newFake("/app/a/x", "0", "/app/b/x/z", "0")
			writes := 0
			change := func() {
				writes++
				switch p := paths[rnd.IntN(len(paths))]; rnd.IntN(4) {
				case 0:
					f.del(p)
				case 1:
					f.put(p, nil)
				default:
					f.put(p, []byte(strconv.Itoa(writes)))
				}
			}
			some := func() {
				f.commit(func() {
					for range 1 + rnd.IntN(3) {
						change()
					}
				})
			}
			f.before = func(request) {
				if writes < 150 && rnd.IntN(3) == 0 {
					some()
				}
			}
			f.late = func() time.Duration { return time.Duration(rnd.IntN(10)) * time.Millisecond }
			w := begin(t, newStore(f, "/app", nil))
			defer w.stop()
			for i := range 50 {
				f.write(change)
				time.Sleep(time.Duration(i%3) * 5 * time.Millisecond)
			}
			f.mu.Lock()
			f.before = nil
			f.mu.Unlock()
			f.write(change)
			time.Sleep(time.Second)
			w.want(t, f.drawn())
			revision := int64(0)
			for _, snap := range w.snaps {
				if got := snap.Tree.Root().String(); snap.Err != nil || snap.Note != "" || !f.history[got] {
					t.Errorf("emitted %s, %v, %q, which was never there", got, snap.Err, snap.Note)
				}
				if snap.Revision == "" {
					continue // nothing was ever there
				}
				zxid, err := strconv.ParseInt(snap.Revision, 10, 64)
				if err != nil || zxid < revision {
					t.Errorf("revision %q after %d", snap.Revision, revision)
				}
				revision = zxid
			}
		})
		if t.Failed() {
			t.Fatalf("with seed %d", seed)
		}
	}
}

func TestZ3TreeThatDoesNotStandStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake("/app/a", "0")
		f.delay = 10 * time.Millisecond
		f.before = func(r request) {
			if r.op == readData { // each reading is out of date before the next
				f.commit(func() { f.put("/app/a", []byte("1")) })
				f.commit(func() { f.put("/app/b", []byte("1")) })
			}
			if r.op == readKids {
				f.commit(func() { f.put("/app/a", []byte("2")) })
			}
		}
		w := begin(t, newStore(f, "/app", nil))
		defer w.stop()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if n := len(w.snaps); n < 2 || n > 5 || !strings.Contains(w.snaps[0].Note, "not at one revision") {
			t.Fatalf("%d snapshots in 10s, the first with the note %q", n, w.last().Note)
		}
		f.mu.Lock()
		f.before = nil
		f.mu.Unlock()
		time.Sleep(time.Second)
		if w.last().Note != "" {
			t.Errorf("note %q after it has come to rest", w.last().Note)
		}
	})
}

func TestBounds(t *testing.T) {
	for _, opts := range []Options{{MaxKeys: 3}, {MaxBytes: len("/app/a1/app/b2/app/c3")}} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake("/app/a", "1", "/app/b", "2")
			w := begin(t, newStore(f, "/app", &opts))
			defer w.stop()
			f.write(func() { f.put("/app/c", []byte("3")) })
			w.want(t, `{a:"1" b:"2" c:"3"}`)
			f.write(func() { f.put("/app/d", []byte("4")) })
			var p tree.Problem
			if err := w.last().Err; !errors.As(err, &p) || p.Kind != tree.TooLarge || p.Origin.Key != "/app" {
				t.Errorf("error %v, want a TooLarge of /app", err)
			}
			f.write(func() { f.del("/app/a") })
			w.want(t, `{b:"2" c:"3" d:"4"}`)
			f.write(func() { f.put("/app/b", []byte("5")) })
			w.want(t, `{b:"5" c:"3" d:"4"}`)
		})
	}
}

func TestDocument(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake("/app/conf", "a: 1\nb: {c: x}\n", "/app/conf/child", "no part of it")
		w := begin(t, newStore(f, "/app/conf", &Options{Document: document.YAML}))
		defer w.stop()
		w.want(t, `{a:1 b:{c:"x"}}`)
		first := w.last().Tree
		origin, _ := first.Origin(tree.Path{"b"})
		if got, want := origin.String(), `zookeeper "/app/conf":2:4 (mzxid 1)`; got != want {
			t.Errorf("origin %s, want %s", got, want)
		}
		f.write(func() { f.put("/app/conf", []byte("# new\na: 1\nb: {c: x}\n")) })
		if next := w.last(); !next.Tree.Same(first) || next.Revision != strconv.FormatInt(f.zxid, 10) {
			t.Errorf("a comment changed the tree, or the revision %s isn't %d", next.Revision, f.zxid)
		}
		f.write(func() { f.put("/app/conf", []byte("a: [")) })
		var p tree.Problem
		if err := w.last().Err; !errors.As(err, &p) || p.Origin.Key != "/app/conf" || p.Origin.Line == 0 {
			t.Errorf("error %v of %v, want one with a line", err, p.Origin)
		}
		f.write(func() { f.del("/app/conf") })
		if err := w.last().Err; !errors.Is(err, source.ErrAbsent) {
			t.Errorf("error %v, want %v", err, source.ErrAbsent)
		}
		f.write(func() { f.put("/app/conf", []byte("a: 2")) })
		w.want(t, `{a:2}`)
	})
}

// A decoder of the program's reads the root's data in the place of a format.
func TestDecodeOfTheProgram(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake("/app", "1=a")
		w := begin(t, newStore(f, "/app", &Options{Decode: func(data []byte, limits document.Limits) (tree.Tree, error) {
			value, key, ok := strings.Cut(string(data), "=")
			if !ok || limits.Bytes == 0 {
				return tree.Tree{}, errors.New("no equals sign")
			}
			edit := tree.Tree{}.Edit()
			edit.Set(tree.Path{key}, value, tree.Place{})
			return edit.Tree(), nil
		}}))
		defer w.stop()
		w.want(t, `{a:"1"}`)
		f.write(func() { f.put("/app", []byte("2=b")) })
		w.want(t, `{b:"2"}`)
		f.write(func() { f.put("/app", []byte("x")) })
		if err := w.last().Err; err == nil || !strings.Contains(err.Error(), "no equals sign") {
			t.Errorf("error %v", err)
		}
	})
}
