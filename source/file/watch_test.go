package file

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/source"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const within = await.Limit // for what has to happen

// watching is a source under test and what it has emitted.
type watching struct {
	t     *testing.T
	snaps chan source.Snapshot
	stop  func()
}

// watch runs a source until the test ends.
func watch(t *testing.T, src source.Source) *watching {
	t.Helper()
	return watchWith(t, src, func(source.Snapshot) {})
}

// watchWith calls also with each snapshot, in the source's own goroutine.
func watchWith(t *testing.T, src source.Source, also func(source.Snapshot)) *watching {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	w := &watching{t: t, snaps: make(chan source.Snapshot, 1000)}
	done := make(chan error, 1)
	go func() {
		done <- src.Watch(ctx, func(s source.Snapshot) {
			also(s)
			select {
			case w.snaps <- s:
			default: // nobody looks at them
			}
		})
	}()
	w.stop = func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Watch returned %v, want the context's error", err)
		}
		done <- context.Canceled
	}
	t.Cleanup(w.stop)
	return w
}

// next returns the next snapshot.
func (w *watching) next() source.Snapshot {
	w.t.Helper()
	select {
	case s := <-w.snaps:
		return s
	case <-time.After(within):
		w.t.Fatal("no snapshot")
		return source.Snapshot{}
	}
}

// tree wants the next snapshot to be a tree.
func (w *watching) tree(want string) source.Snapshot {
	w.t.Helper()
	s := w.next()
	if s.Err != nil {
		w.t.Fatalf("snapshot error %q, want tree %s", s.Err, want)
	}
	if got := s.Tree.Root().String(); got != want {
		w.t.Fatalf("tree %s, want %s", got, want)
	}
	return s
}

// until wants a tree to come, whatever comes before.
func (w *watching) until(want string) {
	w.t.Helper()
	for {
		if s := w.next(); s.Err == nil && s.Tree.Root().String() == want {
			return
		}
	}
}

// err wants the next snapshot to be an error.
func (w *watching) err(text string) error {
	w.t.Helper()
	s := w.next()
	if s.Err == nil || !strings.Contains(s.Err.Error(), text) {
		w.t.Fatalf("snapshot of tree %s, error %v, want an error with %q", s.Tree.Root(), s.Err, text)
	}
	return s.Err
}

// spy tells of each reading that a source does from now on, as it is done.
func spy(src source.Source) <-chan content {
	w := src.(*watched)
	read, all := w.read, make(chan content, 10_000)
	w.read = func(w *watched, r *reading) content {
		found := read(w, r)
		all <- found
		return found
	}
	return all
}

// await waits for a reading that is as wanted.
func (w *watching) await(readings <-chan content, what string, wanted func(content) bool) {
	w.t.Helper()
	timeout := time.After(within)
	for {
		select {
		case c := <-readings:
			if wanted(c) {
				return
			}
		case <-timeout:
			w.t.Fatalf("no reading found %s", what)
		}
	}
}

// none wants there to be no snapshot so far.
func (w *watching) none() {
	w.t.Helper()
	select {
	case s := <-w.snaps:
		w.t.Fatalf("snapshot of tree %s, error %v, want none", s.Tree.Root(), s.Err)
	default:
	}
}

const settle = 20 * time.Millisecond

var quick = &Options{Settle: settle}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func do(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// moveOver writes another file and renames it over path, as careful writers do.
func moveOver(t *testing.T, path, content string) {
	t.Helper()
	write(t, path+".new", content)
	do(t, os.Rename(path+".new", path))
}

// What is created in a directory without a writer, as links and directories are,
// is forgotten again.
func TestCreatedIsForgotten(t *testing.T) {
	h := &hub{open: func(func(event)) (notifier, error) { return silent{}, nil }}
	events, err := h.subscribe()
	do(t, err)
	dir := t.TempDir()
	do(t, events.add(dir))
	l := loop{watched: newWatched("file", &Options{Settle: time.Millisecond}), events: events, open: make(map[string]time.Time)}
	for i := range 1000 {
		h.deliver(event{path: filepath.Join(dir, strconv.Itoa(i)), what: created})
	}
	l.gather()
	await.Until(t, "they are forgotten", func() bool {
		h.deliver(event{path: filepath.Join(dir, "other"), what: created})
		l.gather()
		return len(l.open) == 1
	})
}

// silent is a notifier that tells of nothing.
type silent struct{}

func (silent) add(string) error { return nil }
func (silent) remove(string)    {}
func (silent) drain()           {}
func (silent) close()           {}
