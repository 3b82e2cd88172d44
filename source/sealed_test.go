package source_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/sourcetest"
	"github.com/confsync/confsync/tree"
)

// turned is a Sealer that adds a number to each byte and notes it in the first.
type turned byte

func (n turned) Seal(plain []byte) ([]byte, error) {
	out := []byte{byte(n)}
	for _, c := range plain {
		out = append(out, c+byte(n))
	}
	return out, nil
}

func (n turned) Open(sealed []byte) ([]byte, error) {
	if len(sealed) == 0 || sealed[0] != byte(n) {
		return nil, errors.New("another key")
	}
	var out []byte
	for _, c := range sealed[1:] {
		out = append(out, c-byte(n))
	}
	return out, nil
}

// kept returns the one snapshot of a source whose store is down.
func kept(t *testing.T, src source.Source) (snap source.Snapshot) {
	t.Helper()
	n := 0
	err := src.Watch(t.Context(), func(s source.Snapshot) { snap, n = s, n+1 })
	if n != 1 || err == nil {
		t.Fatalf("emitted %d times and returned %v", n, err)
	}
	return snap
}

func TestSealedKeepsSecrets(t *testing.T) {
	const secret = "hunter2"
	hidden := &tree.Shape{Fields: []tree.Field{{Key: "token", Shape: &tree.Shape{Secret: true}}}}
	values := map[string]any{"token": secret, "unknown": map[string]any{"x": []any{secret, nil}}}
	for name, shape := range map[string]*tree.Shape{"without a shape": nil, "with a shape": hidden} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "cache")
			sealed := func(m source.Source) source.Source {
				src := source.Sealed(file, turned(3), m)
				if shape != nil {
					src, _ = src.(source.Shaped).WithShape(shape)
				}
				return src
			}
			m := sourcetest.NewMemory("store", values)
			first(t, sealed(m))
			data, err := os.ReadFile(file)
			if err != nil || bytes.Contains(data, []byte(secret)) {
				t.Errorf("the file is %q with %v", data, err)
			}
			if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
				t.Errorf("the file's mode is %v with %v", info.Mode(), err)
			}
			m.Fail(errCut)
			snap := kept(t, sealed(m))
			if got, want := snap.Tree.Root().String(), `{token:"hunter2" unknown:{x:["hunter2" null]}}`; got != want || snap.Degraded != errCut {
				t.Errorf("the start without the store has %s with %v, want %s", got, snap.Degraded, want)
			}
		})
	}
}

func TestSealedFilesThatAreNotTrusted(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	good := sourcetest.NewMemory("store", map[string]any{"a": 1})
	first(t, source.Sealed(at("another key"), turned(4), good))
	first(t, cachedOf(t, at("not sealed"), good, plain))
	first(t, source.Sealed(at("damaged"), turned(3), good))
	data, _ := os.ReadFile(at("damaged"))
	data[len(data)-1]++
	if err := os.WriteFile(at("damaged"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, why := range map[string]string{
		"another key": "it can't be opened: another key",
		"not sealed":  "it is not sealed, though it has to be",
		"damaged":     "it is damaged",
	} {
		t.Run(name, func(t *testing.T) {
			m := sourcetest.NewMemory("store", map[string]any{"a": 2})
			m.Fail(errCut)
			src := source.Sealed(at(name), turned(3), m)
			err := src.Watch(t.Context(), func(snap source.Snapshot) { t.Errorf("emitted %s", snap.Tree.Root()) })
			if want := "connection refused (cache " + at(name) + ": " + why + ")"; err == nil || err.Error() != want {
				t.Errorf("Watch returned %v, want %s", err, want)
			}
			m.Heal()
			first(t, src)
			m.Fail(errCut)
			if got := kept(t, source.Sealed(at(name), turned(3), m)).Tree.Root().String(); got != "{a:2}" {
				t.Errorf("the good snapshot didn't replace it: %s", got)
			}
		})
	}
}

// panicking is a Sealer that panics.
type panicking struct{}

func (panicking) Seal([]byte) ([]byte, error) { panic("hunter2") }
func (panicking) Open([]byte) ([]byte, error) { panic("hunter2") }

// A Sealer that panics ends nothing: the file can't be written, or can't be read.
func TestSealerPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "cache")
		m := sourcetest.NewMemory("store", map[string]any{"a": 1})
		r := run(t, source.Sealed(file, panicking{}, m), source.Policy{})
		st := r.expect(t, source.Live, nil)
		if want := "not cached in " + file + ": it can't be sealed: the sealer panicked: string at "; !strings.Contains(st.Note, want) || strings.Contains(st.Note, "hunter2") {
			t.Errorf("the note is %q, want %s", st.Note, want)
		}
		r.stop()
		first(t, source.Sealed(file, turned(3), m))
		m.Fail(errCut)
		err := source.Sealed(file, panicking{}, m).Watch(t.Context(), func(source.Snapshot) { t.Error("emitted") })
		if want := "it can't be opened: the sealer panicked: string at "; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Watch returned %v, want %s", err, want)
		}
	})
}
