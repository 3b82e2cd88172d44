package file

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/confsync/confsync/source"
)

// tap stands between a watcher and the source, and counts what passes.
type tap struct {
	overflows atomic.Int32
	hits      atomic.Int32 // events of the file named by hit
}

func (p *tap) watcher(t *testing.T, hit string) func() (*fsnotify.Watcher, error) {
	return func() (*fsnotify.Watcher, error) {
		w, err := fsnotify.NewWatcher()
		if err != nil {
			return nil, err
		}
		events, errs := make(chan fsnotify.Event), make(chan error)
		go func(from <-chan fsnotify.Event) {
			defer close(events)
			for e := range from {
				if filepath.Base(e.Name) == hit {
					p.hits.Add(1)
				}
				select {
				case events <- e:
				case <-t.Context().Done():
				}
			}
		}(w.Events)
		go func(from <-chan error) {
			defer close(errs)
			for err := range from {
				if errors.Is(err, fsnotify.ErrEventOverflow) {
					p.overflows.Add(1)
				}
				select {
				case errs <- err:
				case <-t.Context().Done():
				}
			}
		}(w.Errors)
		w.Events, w.Errors = events, errs
		return w, nil
	}
}

// While the consumer is held up, so much happens that the kernel drops events,
// that of the change among them.
func TestF3Overflow(t *testing.T) {
	limit, err := os.ReadFile("/proc/sys/fs/inotify/max_queued_events")
	if err != nil {
		t.Skip("no inotify: ", err)
	}
	queue, err := strconv.Atoi(strings.TrimSpace(string(limit)))
	do(t, err)
	if queue > 1<<20 {
		t.Skipf("a queue of %d events is too long to fill", queue)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "config.yaml")
	write(t, path, "a: 1")
	var noise [2]*os.File // two, for like events in a row are one to the kernel
	for i := range noise {
		noise[i], err = os.Create(filepath.Join(dir, "noise"+strconv.Itoa(i)))
		do(t, err)
		defer noise[i].Close()
	}
	src := New(path, quick).(*watched)
	var p tap
	src.newWatcher = p.watcher(t, "config.yaml")

	held, release, got := make(chan bool), make(chan bool), make(chan string, 100)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		first := true
		done <- src.Watch(ctx, func(s source.Snapshot) {
			if first {
				first = false
				held <- true
				<-release
			}
			got <- s.Tree.Root().String()
		})
	}()
	<-held
	for i := range queue + 10_000 { // the watcher holds some thousands itself
		_, err := noise[i%2].Write([]byte{'x'})
		do(t, err)
	}
	write(t, path, "a: 2")
	close(release)
	for _, want := range []string{"{a:1}", "{a:2}"} {
		select {
		case s := <-got:
			if s != want {
				t.Errorf("tree %s, want %s", s, want)
			}
		case <-time.After(within):
			t.Errorf("no tree %s", want)
		}
	}
	cancel()
	<-done
	if p.overflows.Load() == 0 {
		t.Error("no events were dropped")
	}
	if p.hits.Load() != 0 {
		t.Errorf("%d events told of the change, want it dropped", p.hits.Load())
	}
}
