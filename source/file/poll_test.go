package file

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/confsync/confsync/source"
)

// polling runs a source in fake time, and counts what it emits.
func polling(t *testing.T, src source.Source, body func(last func() (source.Snapshot, int))) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var mu sync.Mutex
		var snap source.Snapshot
		count := 0
		done := make(chan error)
		go func() {
			done <- src.Watch(ctx, func(s source.Snapshot) {
				mu.Lock()
				defer mu.Unlock()
				snap, count = s, count+1
			})
		}()
		body(func() (source.Snapshot, int) {
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			return snap, count
		})
		cancel()
		<-done
	})
}

func TestF5Poll(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, "a: 1")
	src := New(path, &Options{Poll: 30 * time.Second})
	src.(*watched).hub = &hub{open: func(func(event)) (notifier, error) {
		t.Error("a watcher, though polling was asked for")
		return nil, errors.New("none")
	}}
	polling(t, src, func(last func() (source.Snapshot, int)) {
		want := func(tree string, count int) {
			t.Helper()
			s, n := last()
			if s.Err != nil || s.Tree.Root().String() != tree || n != count || s.Note != "polling every 30s" {
				t.Errorf("snapshot %d is tree %s, error %v, note %q; want snapshot %d, tree %s", n, s.Tree.Root(), s.Err, s.Note, count, tree)
			}
		}
		want("{a:1}", 1)
		time.Sleep(5 * time.Minute)
		want("{a:1}", 1)
		write(t, path, "a: 2")
		time.Sleep(29 * time.Second)
		want("{a:1}", 1)
		time.Sleep(time.Second)
		want("{a:2}", 2)

		do(t, os.Remove(path))
		time.Sleep(30 * time.Second)
		if s, n := last(); n != 3 || !errors.Is(s.Err, os.ErrNotExist) {
			t.Errorf("snapshot %d is error %v, want snapshot 3, removed", n, s.Err)
		}
		write(t, path, "a: 2")
		time.Sleep(30 * time.Second)
		want("{a:2}", 4)

		write(t, path, "") // not believed at once
		time.Sleep(30*time.Second + settles*defaultSettle - time.Millisecond)
		want("{a:2}", 4)
		time.Sleep(time.Millisecond)
		want("{}", 5)
	})
}

// Where the system can't watch, the source polls and says so.
func TestF5NoWatcher(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, "a: 1")
	src := New(path, nil)
	src.(*watched).hub = &hub{open: func(func(event)) (notifier, error) { return nil, errors.New("too many watchers") }}
	polling(t, src, func(last func() (source.Snapshot, int)) {
		s, _ := last()
		if want := "polling every 5s: too many watchers"; s.Note != want {
			t.Errorf("note %q, want %q", s.Note, want)
		}
		write(t, path, "a: 2")
		time.Sleep(5 * time.Second)
		if s, n := last(); n != 2 || s.Tree.Root().String() != "{a:2}" {
			t.Errorf("snapshot %d of tree %s, want snapshot 2 of {a:2}", n, s.Tree.Root())
		}
	})
}

// A directory that may be passed and not read is polled; one that may be read
// again is watched again.
func TestF5BlindDirectory(t *testing.T) {
	dir := t.TempDir()
	do(t, os.Chmod(filepath.Dir(dir), 0o755))
	do(t, os.Chmod(dir, 0o755))
	inner := filepath.Join(dir, "inner")
	do(t, os.Mkdir(inner, 0o755))
	path := filepath.Join(inner, "config.yaml")
	write(t, path, "a: 1")
	do(t, os.Chmod(path, 0o644))
	do(t, os.Chmod(inner, 0o711))
	if os.Geteuid() != 0 {
		do(t, os.Chmod(inner, 0o311)) // the owner may not read it either
	}
	w := watch(t, unprivileged(t, New(path, quick)))
	s := w.tree("{a:1}")
	if want := "polling every 5s: watch " + inner + ": permission denied"; s.Note != want {
		t.Fatalf("note %q, want %q", s.Note, want)
	}
	do(t, os.Chmod(inner, 0o755))
	s = w.tree("{a:1}")
	if s.Note != "" {
		t.Fatalf("note %q, want none", s.Note)
	}
	do(t, os.Chmod(path, 0))
	w.err("permission denied")
	do(t, os.Chmod(path, 0o644))
	w.tree("{a:1}")
	if strings.Contains(s.Note, "polling") {
		t.Errorf("note %q", s.Note)
	}
}

// A file that is renamed over is read at once, however soon after the last time.
// Where that takes long it is left alone for as long before, and for longer with
// each of a burst.
func TestBurstTakesHalfOfTheTime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, "a: 0")
	src := New(path, nil).(*watched)
	var takes, ended atomic.Int64
	read := src.read
	src.read = func(w *watched, r *reading) content {
		time.Sleep(time.Duration(takes.Load()))
		ended.Store(time.Now().UnixNano())
		return read(w, r)
	}
	var deliver func(event)
	src.hub = &hub{open: func(d func(event)) (notifier, error) {
		deliver = d
		return silent{}, nil
	}}
	polling(t, src, func(last func() (source.Snapshot, int)) {
		last()
		for i, c := range []struct{ pause, waits, takes time.Duration }{
			{0, 0, 0}, {0, 0, 0}, {0, 0, 1},
			{0, 1, 1}, {0, 2, 1}, {0, 4, 1}, {0, 8, 1}, {0, 10, 1}, {0, 10, 1}, // tenths of rest
			{25, 0, 1}, {6, 0, 1}, {0, 1, 15}, {0, 15, 1}, {0, 10, 1},
		} {
			time.Sleep(c.pause * rest / 10)
			takes.Store(int64(c.takes * rest / 10))
			began := time.Now().UnixNano()
			moveOver(t, path, fmt.Sprintf("a: %d", i+1))
			deliver(event{path: path, what: replaced})
			for _, n := last(); n == i+1; _, n = last() {
				time.Sleep(rest / 100)
			}
			if got, want := time.Duration(ended.Load()-began), (c.waits+c.takes)*rest/10; got != want {
				t.Errorf("change %d was read after %v, want %v", i, got, want)
			}
		}
	})
}
