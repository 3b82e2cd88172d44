package file

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// inotify is the notifier on Linux. It asks the system itself, because fsnotify
// keeps to itself that a writer has closed a file and that a file was renamed
// over another, which is what tells a whole document from half of one.
type inotify struct {
	file    *os.File
	conn    syscall.RawConn
	deliver func(event)
	done    chan struct{} // closed when its goroutine ends

	reading sync.Mutex // held from the reading of events to their delivery
	buffer  [64 << 10]byte

	mu    sync.Mutex
	byWD  map[int32][]string // the paths that lead to what is watched
	paths map[string]int32
}

const inotifyMask = unix.IN_MODIFY | unix.IN_CLOSE_WRITE | unix.IN_CREATE | unix.IN_MOVED_TO | unix.IN_MOVED_FROM |
	unix.IN_MOVE_SELF | unix.IN_DELETE | unix.IN_DELETE_SELF | unix.IN_ATTRIB

func openNotifier(deliver func(event)) (notifier, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		if errors.Is(err, unix.EMFILE) {
			err = fmt.Errorf("%w (see fs.inotify.max_user_instances)", err)
		}
		return nil, os.NewSyscallError("inotify_init1", err)
	}
	n := &inotify{
		file: os.NewFile(uintptr(fd), "inotify"), deliver: deliver, done: make(chan struct{}),
		byWD: make(map[int32][]string), paths: make(map[string]int32),
	}
	if n.conn, err = n.file.SyscallConn(); err != nil {
		n.file.Close()
		return nil, err
	}
	go func() {
		defer close(n.done)
		_ = n.conn.Read(func(fd uintptr) bool { // until the file is closed
			n.read(int(fd))
			return false
		})
	}()
	return n, nil
}

func (n *inotify) close() {
	n.file.Close()
	<-n.done
}

func (n *inotify) add(path string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	var wd int
	var err error
	if e := n.conn.Control(func(fd uintptr) { wd, err = unix.InotifyAddWatch(int(fd), path, inotifyMask) }); e != nil {
		return e
	}
	if err != nil {
		if errors.Is(err, unix.ENOSPC) {
			return errors.New("no more watches (see fs.inotify.max_user_watches)")
		}
		return err
	}
	if before, ok := n.paths[path]; ok && before == int32(wd) {
		return nil
	}
	n.forget(path)
	n.paths[path] = int32(wd)
	n.byWD[int32(wd)] = append(n.byWD[int32(wd)], path)
	return nil
}

func (n *inotify) remove(path string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.forget(path)
}

// forget takes a path away, and the watch if no other path leads there.
func (n *inotify) forget(path string) {
	wd, ok := n.paths[path]
	if !ok {
		return
	}
	delete(n.paths, path)
	var others []string
	for _, p := range n.byWD[wd] {
		if p != path {
			others = append(others, p)
		}
	}
	if n.byWD[wd] = others; others == nil {
		delete(n.byWD, wd)
		_ = n.conn.Control(func(fd uintptr) { _, _ = unix.InotifyRmWatch(int(fd), uint32(wd)) }) // it may have gone by itself
	}
}

func (n *inotify) drain() { _ = n.conn.Control(func(fd uintptr) { n.read(int(fd)) }) }

// read delivers all events that there are.
func (n *inotify) read(fd int) {
	n.reading.Lock()
	defer n.reading.Unlock()
	for {
		size, err := unix.Read(fd, n.buffer[:])
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || size <= 0 {
			return
		}
		for rest := n.buffer[:size]; len(rest) >= unix.SizeofInotifyEvent; {
			raw := (*unix.InotifyEvent)(unsafe.Pointer(&rest[0]))
			end := unix.SizeofInotifyEvent + int(raw.Len)
			name := string(bytes.TrimRight(rest[unix.SizeofInotifyEvent:end], "\x00"))
			n.tell(raw.Wd, raw.Mask, name)
			rest = rest[end:]
		}
	}
}

func (n *inotify) tell(wd int32, mask uint32, name string) {
	if mask&unix.IN_Q_OVERFLOW != 0 {
		n.deliver(event{what: lost})
		return
	}
	n.mu.Lock()
	paths := n.byWD[wd]
	if mask&unix.IN_IGNORED != 0 { // the system has taken the watch away
		for _, path := range paths {
			delete(n.paths, path)
		}
		delete(n.byWD, wd)
		paths = nil
	}
	n.mu.Unlock()
	what := changeOf(mask)
	if name == "" && what == gone { // by then another may stand at the path
		what = touched
	}
	for _, path := range paths {
		n.deliver(event{path: filepath.Join(path, name), what: what})
	}
}

func changeOf(mask uint32) change {
	switch {
	case mask&unix.IN_MOVED_TO != 0:
		return replaced
	case mask&unix.IN_CLOSE_WRITE != 0:
		return closed
	case mask&unix.IN_MODIFY != 0:
		return written
	case mask&(unix.IN_DELETE|unix.IN_DELETE_SELF|unix.IN_MOVED_FROM|unix.IN_MOVE_SELF|unix.IN_UNMOUNT) != 0:
		return gone
	}
	return touched
}

// tellsOfClosing reports whether the system tells that a writer has closed a file.
const tellsOfClosing = true
