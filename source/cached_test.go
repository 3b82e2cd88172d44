package source_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
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

// plain is the shape of a type that takes anything.
var plain = &tree.Shape{}

// cachedOf returns a Cached that knows a shape, as Open makes it.
func cachedOf(t *testing.T, file string, src source.Source, shape *tree.Shape) source.Source {
	t.Helper()
	made, err := source.Cached(file, src).(source.Shaped).WithShape(shape)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// filled returns a cache file of a source named "store" that holds values.
func filled(t *testing.T, values map[string]any, shape *tree.Shape) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "store.cache")
	first(t, cachedOf(t, file, sourcetest.NewMemory("store", values), shape))
	if _, err := os.Stat(file); err != nil {
		t.Fatal(err)
	}
	return file
}

// down returns a source named "store" that can't be reached.
func down() *sourcetest.Memory {
	m := sourcetest.NewMemory("store", map[string]any{"size": 99})
	m.Fail(errCut)
	return m
}

func TestCachedStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := filled(t, map[string]any{"size": 1, "list": []any{"a"}}, plain)
		written := time.Now().UTC().Format(time.RFC3339)
		sleep(time.Hour)
		m := down()
		r := run(t, cachedOf(t, file, m, plain), source.Policy{})
		lost := time.Now()
		st := r.expect(t, source.Retrying, errCut)
		if st.Revision != "1" || st.Note != "from the cache of "+written || st.Since != lost || r.root(t) != `{list:["a"] size:1}` {
			t.Errorf("serves %s with status %+v", r.root(t), st)
		}
		snap, version, _ := r.Latest()
		if o, _ := snap.Tree.Origin(tree.Path{"size"}); o.String() != `memory "size" (revision 1)` {
			t.Errorf("origin is %s", o)
		}
		if o := snap.Tree.Where(tree.Path{"nowhere"}); o.Kind != "cache" || o.Key != file {
			t.Errorf("the origin of what isn't there is %+v", o)
		}
		sleep(31 * time.Second)
		if st := r.expect(t, source.Stale, errCut); st.Since != lost || st.Note == "" || st.Retries < 2 {
			t.Errorf("status is %+v", st)
		}
		if _, now, _ := r.Latest(); now != version || m.Watches() < 3 {
			t.Errorf("version went from %d to %d in %d attempts", version, now, m.Watches())
		}
		m.Heal()
		sleep(45 * time.Second)
		if st := r.expect(t, source.Live, nil); st.Note != "" || r.root(t) != "{size:99}" {
			t.Errorf("after healing it serves %s with status %+v", r.root(t), st)
		}
		r.stop()
		if got := first(t, fallback(t, file)).Tree.Root().String(); got != "{size:99}" {
			t.Errorf("after healing the file has %s", got)
		}
	})
}

func TestCachedComesSecond(t *testing.T) {
	bad := errors.New("does not parse")
	emitted := func(snap source.Snapshot) string {
		if snap.Err != nil {
			return snap.Err.Error()
		}
		return snap.Tree.Root().String()
	}
	tests := []struct {
		name  string
		watch scripted
		want  string // the first emit
		err   string // of Watch
		after time.Duration
	}{
		{"the store answers", func(ctx context.Context, emit func(source.Snapshot)) error {
			emit(source.Snapshot{Tree: keys(t, map[string]any{"new": 1})})
			return errCut
		}, "{new:1}", "connection refused", 0},
		{"the store is empty", func(ctx context.Context, emit func(source.Snapshot)) error {
			emit(source.Snapshot{})
			return errCut
		}, "nothing", "connection refused", 0},
		{"the store answers late", func(ctx context.Context, emit func(source.Snapshot)) error {
			time.Sleep(9 * time.Second)
			emit(source.Snapshot{Tree: keys(t, map[string]any{"new": 1})})
			time.Sleep(time.Minute)
			return errCut
		}, "{new:1}", "connection refused", 69 * time.Second},
		{"the content can't be used", func(ctx context.Context, emit func(source.Snapshot)) error {
			emit(source.Snapshot{Err: bad})
			return errCut
		}, "does not parse", "connection refused", 0},
		{"there is no content", func(ctx context.Context, emit func(source.Snapshot)) error {
			emit(source.Snapshot{Err: fs.ErrNotExist})
			return errCut
		}, "file does not exist", "connection refused", 0},
		{"the store is down", func(context.Context, func(source.Snapshot)) error { return errCut }, "{old:1}", "connection refused", 0},
		{"the store is silent", func(ctx context.Context, _ func(source.Snapshot)) error {
			<-ctx.Done()
			return ctx.Err()
		}, "{old:1}", "no answer within 10s", 10 * time.Second},
		{"the source panics", func(context.Context, func(source.Snapshot)) error { panic("secret") }, "{old:1}", "watch panicked: string", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				file := filled(t, map[string]any{"old": 1}, plain)
				src := cachedOf(t, file, source.Named("store", tt.watch), plain)
				begin := time.Now()
				var got []string
				err := src.Watch(t.Context(), func(snap source.Snapshot) { got = append(got, emitted(snap)) })
				if len(got) != 1 || got[0] != tt.want {
					t.Errorf("emitted %q, want %q", got, tt.want)
				}
				if err == nil || !strings.HasPrefix(err.Error(), tt.err) || time.Since(begin) != tt.after {
					t.Errorf("after %s Watch returned %v, want %s and %s", time.Since(begin), err, tt.after, tt.err)
				}
			})
		})
	}
}

// TestCachedSilentStore has a store that never answers, and a status that never
// says that it is in touch.
func TestCachedSilentStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := filled(t, map[string]any{"old": 1}, plain)
		r := run(t, cachedOf(t, file, source.Named("store", scripted(func(ctx context.Context, _ func(source.Snapshot)) error {
			<-ctx.Done()
			return ctx.Err()
		})), plain), source.Policy{})
		r.expect(t, source.Connecting, nil)
		sleep(10 * time.Second)
		if st := r.Status(); st.State != source.Retrying || st.Err == nil || r.root(t) != "{old:1}" {
			t.Errorf("status is %+v", st)
		}
		sleep(30 * time.Second)
		if st := r.Status(); st.State != source.Stale || st.Err == nil {
			t.Errorf("status is %+v", st)
		}
	})
}

func TestCachedFilesThatAreNotTrusted(t *testing.T) {
	good, err := os.ReadFile(filled(t, map[string]any{"old": 1}, plain))
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(good)
	flipped[len(flipped)-3] ^= 1
	other, err := os.ReadFile(func() string {
		file := filepath.Join(t.TempDir(), "other")
		first(t, cachedOf(t, file, sourcetest.NewMemory("other", nil), plain))
		return file
	}())
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		content []byte // nil: no file
		why     string
		kept    bool // a good snapshot doesn't replace it
	}{
		{"none", nil, "", false},
		{"empty", []byte{}, "it is not a cache", false},
		{"a document", []byte("server: {port: 1}\n"), "it is not a cache", true},
		{"another version", append([]byte("confsync cache 2\n"), good[17:]...), "it is a cache of another version of this library", true},
		{"a sealed one", append([]byte("confsync cache 1 sealed\n"), good[17:]...), "it is sealed, and there is no key", false},
		{"a bit flipped", flipped, "it is damaged", false},
		{"cut short", good[:len(good)-1], "it is damaged", false},
		{"cut very short", good[:20], "it is damaged", false},
		{"longer", append(bytes.Clone(good), 0), "it is damaged", false},
		{"of another source", other, `it is of another source, "other"`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "cache")
			if tt.content != nil {
				if err := os.WriteFile(file, tt.content, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			m := down()
			src := cachedOf(t, file, m, plain)
			for range 2 {
				err := src.Watch(t.Context(), func(snap source.Snapshot) { t.Errorf("emitted %s", snap.Tree.Root()) })
				want := errCut.Error()
				if tt.why != "" {
					want += fmt.Sprintf(" (cache %s: %s)", file, tt.why)
				}
				if !errors.Is(err, errCut) || err.Error() != want || errors.Is(err, fs.ErrNotExist) {
					t.Errorf("Watch returned %v, want %s", err, want)
				}
			}
			m.Heal()
			snap := last(t, src)
			now, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if kept := bytes.Equal(now, tt.content); kept != tt.kept {
				t.Errorf("the file was kept: %v, want %v", kept, tt.kept)
			}
			if want := "not cached in " + file + ": " + tt.why; tt.kept && snap.Note != want || !tt.kept && snap.Note != "" {
				t.Errorf("the note is %q", snap.Note)
			}
			m.Fail(errCut)
			if err := src.Watch(t.Context(), func(source.Snapshot) {}); err.Error() != errCut.Error() {
				t.Errorf("later Watch returned %v", err)
			}
		})
	}
}

// last returns the last emit of a source before it waits.
func last(t *testing.T, src source.Source) (snap source.Snapshot) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	emitted := make(chan source.Snapshot, 8)
	done := make(chan error)
	go func() { done <- src.Watch(ctx, func(snap source.Snapshot) { emitted <- snap }) }()
	snap = <-emitted
	cancel()
	if err := <-done; err != context.Canceled {
		t.Fatalf("Watch returned %v", err)
	}
	for len(emitted) > 0 {
		snap = <-emitted
	}
	return snap
}

func TestCachedIsWrittenOncePerTree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		file := filepath.Join(dir, "cache")
		m := sourcetest.NewMemory("store", map[string]any{"a": 1})
		run(t, cachedOf(t, file, m, plain), source.Policy{})
		look := func() os.FileInfo {
			t.Helper()
			synctest.Wait()
			info, err := os.Stat(file)
			if err != nil {
				t.Fatal(err)
			}
			if entries, _ := os.ReadDir(dir); len(entries) != 1 || info.Mode() != 0o600 {
				t.Errorf("the directory has %v, the file's mode is %v", entries, info.Mode())
			}
			return info
		}
		before := look()
		for _, step := range []struct {
			name    string
			do      func()
			written bool
		}{
			{"the same value again", func() { m.Set("a", 1) }, false},
			{"bad content", func() { m.Reject(errCut) }, false},
			{"another value", func() { m.Set("a", 2) }, true},
			{"a new watch", func() { m.Fail(errCut); sleep(time.Second); m.Heal(); sleep(time.Second) }, false},
			{"nothing left", func() { m.Delete("a") }, true},
			{"nothing again", func() { m.Delete("a") }, false},
		} {
			step.do()
			now := look()
			if written := !os.SameFile(before, now); written != step.written {
				t.Errorf("%s: written: %v", step.name, written)
			}
			before = now
		}
	})
}

func TestCachedThatCanNotBeWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "later")
		file := filepath.Join(dir, "cache")
		m := sourcetest.NewMemory("store", map[string]any{"a": 1})
		r := run(t, cachedOf(t, file, m, plain), source.Policy{})
		note := func(want string) {
			t.Helper()
			synctest.Wait()
			if st := r.expect(t, source.Live, nil); st.Note != want {
				t.Errorf("the note is %q, want %q", st.Note, want)
			}
		}
		note("not cached in " + file + ": no such file or directory")
		m.Set("a", 2)
		note("not cached in " + file + ": no such file or directory")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		m.Set("a", 3)
		note("")
	})
}

// fallback is the source of a file's snapshot, within a bubble where that lacks
// a secret.
func fallback(t *testing.T, file string) source.Source {
	return scripted(func(ctx context.Context, emit func(source.Snapshot)) error {
		src := cachedOf(t, file, down(), plain)
		for ctx.Err() == nil {
			src.Watch(ctx, emit)
			time.Sleep(time.Second)
		}
		return ctx.Err()
	})
}
