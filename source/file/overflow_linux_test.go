package file

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/confsync/confsync/source"
)

// noise makes events in a directory. No two in a row are alike, for the kernel
// makes one of those.
func noise(t *testing.T, dir string, count int) {
	t.Helper()
	var files [2]*os.File
	for i := range files {
		f, err := os.Create(filepath.Join(dir, "noise"+strconv.Itoa(i)))
		do(t, err)
		defer f.Close()
		files[i] = f
	}
	for i := range count {
		_, err := files[i%2].Write([]byte{'x'})
		do(t, err)
	}
}

// While nobody reads the events, so many happen that the kernel drops some, that
// of the change among them.
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
	src := New(path, quick).(*watched)
	var kernel *completions
	overflows := make(chan bool, 100)
	src.hub = &hub{open: func(deliver func(event)) (notifier, error) {
		n, err := openNotifier(func(e event) {
			if e.what == lost {
				overflows <- true
			}
			deliver(e)
		})
		if err == nil {
			kernel = n.(*watcher).complete
		}
		return n, err
	}}
	w := watch(t, src)
	w.tree("{a:1}")
	kernel.reading.Lock()
	noise(t, dir, queue+100)
	write(t, path, "a: 2")
	kernel.reading.Unlock()
	w.tree("{a:2}")
	if len(overflows) == 0 {
		t.Error("the kernel dropped no events")
	}
}

// While a consumer is held up, so many events happen that its own queue is full.
func TestF3SlowConsumer(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "config.yaml")
	write(t, path, "a: 1")
	src := New(path, quick).(*watched)
	src.hub = &hub{open: openNotifier}
	held, release := make(chan bool), make(chan bool)
	first := true
	w := watchWith(t, src, func(source.Snapshot) {
		if first {
			first = false
			held <- true
			<-release
		}
	})
	<-held
	noise(t, dir, 2*mostEvents)
	write(t, path, "a: 2")
	src.hub.notifier.drain()
	for s := range src.hub.subs {
		s.mu.Lock()
		if len(s.events) > mostEvents || s.events[0].what != lost {
			t.Errorf("%d events wait, want at most %d, and that some were lost", len(s.events), mostEvents)
		}
		s.mu.Unlock()
	}
	close(release)
	w.tree("{a:1}")
	w.tree("{a:2}")
}
