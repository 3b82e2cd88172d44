package file

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// completions tell when a change of a file is complete: another was renamed over
// it, or the writer that had it open has closed it. inotify knows, and fsnotify
// keeps it to itself. A nil *completions tells nothing.
type completions struct {
	file    *os.File
	conn    syscall.RawConn
	deliver func(event)
	done    chan struct{} // closed when its goroutine ends

	reading sync.Mutex    // held from the reading of events to their delivery
	buffer  [4 << 10]byte // filled again and again until nothing is left

	mu    sync.Mutex
	byWD  map[int32][]string // the paths that lead to what is watched
	paths map[string]int32
}

// What is asked of a directory and of a file. To be told of everything that is
// opened in a directory would wake a process that is at rest.
const (
	dirMask  = unix.IN_CREATE | unix.IN_MODIFY | unix.IN_CLOSE_WRITE | unix.IN_MOVED_TO | unix.IN_ONLYDIR
	fileMask = unix.IN_MODIFY | unix.IN_CLOSE_WRITE | unix.IN_OPEN | unix.IN_CLOSE_NOWRITE
)

// tellsOfClosing reports whether the system tells that a writer has closed a file.
const tellsOfClosing = true

// openCompletions returns nil when the system has no more instances.
func openCompletions(deliver func(event)) *completions {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil
	}
	c := &completions{
		file: os.NewFile(uintptr(fd), "inotify"), deliver: deliver, done: make(chan struct{}),
		byWD: make(map[int32][]string), paths: make(map[string]int32),
	}
	if c.conn, err = c.file.SyscallConn(); err != nil {
		c.file.Close()
		return nil
	}
	go func() {
		defer close(c.done)
		_ = c.conn.Read(func(fd uintptr) bool { // until the file is closed
			c.read(int(fd))
			return false
		})
	}()
	return c
}

func (c *completions) close() {
	if c != nil {
		c.file.Close()
		<-c.done
	}
}

// add watches what stands at a path now. Where it can't, nothing is told of it.
func (c *completions) add(path string) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	wd, err := -1, error(nil)
	_ = c.conn.Control(func(fd uintptr) {
		if wd, err = unix.InotifyAddWatch(int(fd), path, dirMask); err == unix.ENOTDIR {
			wd, err = unix.InotifyAddWatch(int(fd), path, fileMask)
		}
	})
	before, known := c.paths[path]
	if err == nil && known && before == int32(wd) {
		return
	}
	c.forget(path)
	if err == nil && wd >= 0 {
		c.paths[path] = int32(wd)
		c.byWD[int32(wd)] = append(c.byWD[int32(wd)], path)
	}
}

func (c *completions) remove(path string) {
	if c != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.forget(path)
	}
}

// forget takes a path away, and the watch if no other path leads there.
func (c *completions) forget(path string) {
	wd, ok := c.paths[path]
	if !ok {
		return
	}
	delete(c.paths, path)
	var others []string
	for _, p := range c.byWD[wd] {
		if p != path {
			others = append(others, p)
		}
	}
	if c.byWD[wd] = others; others == nil {
		delete(c.byWD, wd)
		_ = c.conn.Control(func(fd uintptr) { _, _ = unix.InotifyRmWatch(int(fd), uint32(wd)) }) // it may have gone by itself
	}
}

// has reports whether what happens to a path is told.
func (c *completions) has(path string) bool {
	if c == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	_, ok := c.paths[path]
	return ok
}

// drain returns when all events of what has happened before were delivered.
func (c *completions) drain() {
	if c != nil {
		_ = c.conn.Control(func(fd uintptr) { c.read(int(fd)) })
	}
}

// read delivers all events that there are.
func (c *completions) read(fd int) {
	c.reading.Lock()
	defer c.reading.Unlock()
	for {
		size, err := unix.Read(fd, c.buffer[:])
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || size <= 0 {
			return
		}
		for rest := c.buffer[:size]; len(rest) >= unix.SizeofInotifyEvent; {
			raw := (*unix.InotifyEvent)(unsafe.Pointer(&rest[0]))
			end := unix.SizeofInotifyEvent + int(raw.Len)
			name := string(bytes.TrimRight(rest[unix.SizeofInotifyEvent:end], "\x00"))
			c.tell(raw.Wd, raw.Mask, name)
			rest = rest[end:]
		}
	}
}

func (c *completions) tell(wd int32, mask uint32, name string) {
	what := written
	switch {
	case mask&unix.IN_Q_OVERFLOW != 0:
		c.deliver(event{what: lost})
		return
	case mask&unix.IN_IGNORED != 0: // the system has taken the watch away
		c.mu.Lock()
		for _, path := range c.byWD[wd] {
			delete(c.paths, path)
		}
		delete(c.byWD, wd)
		c.mu.Unlock()
		return
	case mask&unix.IN_CREATE != 0:
		what = created
	case mask&unix.IN_MOVED_TO != 0:
		what = replaced
	case mask&unix.IN_CLOSE_WRITE != 0:
		what = closed
	case mask&unix.IN_OPEN != 0:
		what = opened
	case mask&unix.IN_CLOSE_NOWRITE != 0:
		what = left
	}
	c.mu.Lock()
	paths := c.byWD[wd]
	c.mu.Unlock()
	for _, path := range paths {
		c.deliver(event{path: filepath.Join(path, name), what: what})
	}
}
