package file

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/source"
)

// never is a Settle that no test waits for: what is read all the same was known
// to be complete.
var never = &Options{Settle: time.Hour}

func TestRenamedOverIsReadAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, "a: 1")
	w := watch(t, New(path, never))
	w.tree("{a:1}")
	moveOver(t, path, "a: 2")
	w.tree("{a:2}")
	for i := range 50 { // one after the other, while the last is read
		moveOver(t, path, "a: 3\nb: "+string(rune('a'+i%26)))
	}
	moveOver(t, path, "a: 4")
	w.until("{a:4}")
}

func TestWrittenInPlaceIsReadOnceClosed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, "a: 1")
	w := watch(t, New(path, never))
	w.tree("{a:1}")
	write(t, path, "a: 2\nb: 3")
	w.tree("{a:2 b:3}")
}

// A writer that takes its time is waited for, though what it has written so far
// is a document.
func TestOpenWriterIsWaitedFor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, "a: 1")
	src := New(path, never)
	readings := spy(src)
	w := watch(t, src)
	w.tree("{a:1}")
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
	do(t, err)
	defer f.Close()
	for _, part := range []string{"a: 2\n", "b: 3\n", "c: 4\n"} {
		_, err := f.WriteString(part)
		do(t, err)
		if await.Holds(30*time.Millisecond, func() bool { return len(readings) == 1 }); len(readings) > 1 {
			t.Fatal("it was read while a writer had it open")
		}
	}
	do(t, f.Close())
	w.tree("{a:2 b:3 c:4}")
}

// duringReading has a function that is sent to meanwhile called while the source
// next reads its file, before it looks into it. Each reading sends to looked.
func duringReading(src source.Source) (meanwhile chan<- func(), looked <-chan bool) {
	during, ended := make(chan func(), 1), make(chan bool, 100)
	read := src.(*watched).read
	src.(*watched).read = func(w *watched, r *reading) content {
		defer func() { ended <- true }()
		select {
		case f := <-during:
			f()
		default:
		}
		return read(w, r)
	}
	return during, ended
}

// What is created while the file is read is not believed, though no write has been
// told of: its writer has just begun.
func TestCreatedMeanwhileIsNotBelieved(t *testing.T) {
	dir := t.TempDir()
	path, half := filepath.Join(dir, "config.yaml"), filepath.Join(dir, "half")
	write(t, path, "a: 1")
	write(t, half, "a: 2\n")
	src := New(path, never)
	meanwhile, looked := duringReading(src)
	w := watch(t, src)
	w.tree("{a:1}")
	<-looked
	meanwhile <- func() {
		do(t, os.Remove(path))
		do(t, os.Link(half, path)) // as a writer whose write the system has not told of yet
	}
	moveOver(t, path, "a: 1")
	<-looked
	await.Holds(20*time.Millisecond, func() bool { return len(w.snaps) > 0 })
	w.none()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	do(t, err)
	_, err = f.WriteString("b: 3\n")
	do(t, err)
	do(t, f.Close())
	w.tree("{a:2 b:3}")
}

// drained is a notifier that calls a function once before it drains.
type drained struct {
	notifier
	before chan func()
}

func (d drained) drain() {
	select {
	case f := <-d.before:
		f()
	default:
	}
	d.notifier.drain()
}

// Who has just opened the file may have written to it already: the system tells of
// a write once it is done. A mapping of the file is a write that it never tells of.
func TestJustOpenedIsWaitedFor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, "a: 1\nb: 1\n")
	src, before := New(path, never), make(chan func(), 1)
	src.(*watched).hub = &hub{open: func(deliver func(event)) (notifier, error) {
		n, err := openNotifier(deliver)
		return drained{n, before}, err
	}}
	w := watch(t, src)
	w.tree("{a:1 b:1}")
	write(t, path, "a: 2\nb: 2\n") // and it is about to be read
	var end func()
	began := make(chan bool)
	before <- func() {
		end = halfWritten(t, path)
		close(began)
	}
	<-began
	await.Holds(30*time.Millisecond, func() bool { return len(w.snaps) > 1 })
	for len(w.snaps) > 0 { // before it was opened
		w.tree("{a:2 b:2}")
	}
	end()
	w.until("{a:3 b:3}")
}

// The same, when it is opened while the reading is under way.
func TestOpenedMeanwhileIsWaitedFor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, "a: 1\nb: 1\n")
	src := New(path, never)
	meanwhile, looked := duringReading(src)
	w := watch(t, src)
	w.tree("{a:1 b:1}")
	<-looked
	var end func()
	meanwhile <- func() { end = halfWritten(t, path) }
	write(t, path, "a: 2\nb: 2\n")
	<-looked
	await.Holds(20*time.Millisecond, func() bool { return len(w.snaps) > 0 })
	w.none()
	end()
	w.until("{a:3 b:3}")
}

// halfWritten opens a file of "a: 2\nb: 2\n" and changes the first number to 3,
// which the system doesn't tell of. What it returns changes the second and closes
// the file.
func halfWritten(t *testing.T, path string) (end func()) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	do(t, err)
	content, err := unix.Mmap(int(f.Fd()), 0, 10, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	do(t, err)
	content[3] = '3'
	return func() {
		content[8] = '3'
		do(t, unix.Munmap(content))
		do(t, f.Close())
	}
}

// Who has opened the file while it was read, and leaves it as it is, holds it up
// for no longer.
func TestReaderMeanwhileHoldsUpWhileItReads(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, "a: 1")
	src := New(path, never)
	read, stays, opened := src.(*watched).read, make(chan bool, 1), make(chan *os.File)
	src.(*watched).read = func(w *watched, r *reading) content {
		found := read(w, r)
		select {
		case <-stays:
			f, err := os.Open(path)
			do(t, err)
			opened <- f
		default:
		}
		return found
	}
	stays <- true
	w := watch(t, src)
	do(t, (<-opened).Close())
	w.tree("{a:1}")
	stays <- true
	write(t, path, "a: 2")
	do(t, (<-opened).Close())
	w.tree("{a:2}")
}

// Who only looks at the file calls for no reading, and holds up none.
func TestReadersAreOfNoAccount(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, "a: 1")
	src := New(path, never)
	readings := spy(src)
	w, other := watch(t, src), watch(t, New(path, never))
	w.tree("{a:1}")
	other.tree("{a:1}")
	<-readings
	f, err := os.Open(path)
	do(t, err)
	for range 3 {
		_, err := os.ReadFile(path)
		do(t, err)
	}
	if await.Holds(30*time.Millisecond, func() bool { return len(readings) > 0 }) {
		t.Error("a reader called for a reading")
	}
	do(t, f.Close())
	write(t, path, "a: 2")
	w.tree("{a:2}")
	other.tree("{a:2}")
	f, err = os.Open(path)
	do(t, err)
	defer f.Close()
	moveOver(t, path, "a: 3")
	w.tree("{a:3}")
	other.tree("{a:3}")
}

// One that never closes it is read when it has been left alone for long enough.
func TestWriterThatNeverCloses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, "a: 1")
	w := watch(t, New(path, &Options{Settle: time.Millisecond}))
	w.tree("{a:1}")
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
	do(t, err)
	defer f.Close()
	_, err = f.WriteString("a: 2\n")
	do(t, err)
	w.until("{a:2}")
}

// A volume that is mounted by Kubernetes is swapped by a rename.
func TestVolumeIsReadAtOnce(t *testing.T) {
	dir := t.TempDir()
	files(t, dir, map[string]string{"..1/key": "1", "..2/key": "2"})
	do(t, os.Symlink("..1", filepath.Join(dir, "..data")))
	do(t, os.Symlink("..data/key", filepath.Join(dir, "key")))
	whole, one := watch(t, Dir(dir, never)), watch(t, New(filepath.Join(dir, "key"), &Options{Settle: time.Hour, Decode: valueOf}))
	whole.tree(`{key:"1"}`)
	one.tree(`{value:"1"}`)
	do(t, os.Symlink("..2", filepath.Join(dir, "..data_tmp")))
	do(t, os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")))
	whole.tree(`{key:"2"}`)
	one.tree(`{value:"2"}`)
}

// However many files are watched, fsnotify has one inotify instance and the
// completions have one.
func TestInstancesAreShared(t *testing.T) {
	instances := func() (n int) {
		fds, err := os.ReadDir("/proc/self/fd")
		do(t, err)
		for _, fd := range fds {
			if target, _ := os.Readlink("/proc/self/fd/" + fd.Name()); target == "anon_inode:inotify" {
				n++
			}
		}
		return n
	}
	before := instances()
	dir := t.TempDir()
	var all []*watching
	for _, name := range []string{"a.yaml", "b.yaml", "c/d.yaml"} {
		files(t, dir, map[string]string{name: "a: 1"})
		w := watch(t, New(filepath.Join(dir, name), never))
		w.tree("{a:1}")
		all = append(all, w)
	}
	if got := instances() - before; got != 2 {
		t.Errorf("%d inotify instances, want 2", got)
	}
	all[0].stop() // takes no watch from the others
	moveOver(t, filepath.Join(dir, "b.yaml"), "a: 2")
	all[1].tree("{a:2}")
	moveOver(t, filepath.Join(dir, "c/d.yaml"), "a: 3")
	all[2].tree("{a:3}")
	all[1].stop()
	all[2].stop()
	if got := instances(); got != before {
		t.Errorf("%d inotify instances are left", got-before)
	}
	again := watch(t, New(filepath.Join(dir, "a.yaml"), never))
	again.tree("{a:1}")
	moveOver(t, filepath.Join(dir, "a.yaml"), "a: 5")
	again.tree("{a:5}")
}

// What fsnotify tells late of a change that was complete before costs a look, and
// no second emit.
func TestCompletionIsEmittedOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, "a: 1")
	src := New(path, quick)
	readings := spy(src)
	w := watch(t, src)
	w.tree("{a:1}")
	moveOver(t, path, "a: 2")
	w.tree("{a:2}")
	src.(*watched).hub.deliver(event{path: path}) // as fsnotify's Create, however late
	before := len(readings)
	await.Until(t, "another look", func() bool { return len(readings) > before })
	w.none()
}

// Without completions, as where the system has no more instances, a file is read
// when it has been left alone.
func TestWithoutCompletions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, "a: 1")
	src := New(path, quick).(*watched)
	src.hub = &hub{open: func(deliver func(event)) (notifier, error) {
		n, err := openNotifier(deliver)
		if err == nil {
			n.(*watcher).complete.close()
			n.(*watcher).complete = nil
		}
		return n, err
	}}
	w := watch(t, src)
	w.tree("{a:1}")
	moveOver(t, path, "a: 2")
	w.tree("{a:2}")
	write(t, path, "a: 3")
	w.tree("{a:3}")
	do(t, os.Remove(path))
	w.err("no such file or directory")
}
