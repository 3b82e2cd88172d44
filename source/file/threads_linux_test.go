package file

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/confsync/confsync/source"
)

// inThread is a source that is watched by a thread of its own, changed by
// prepare. It is never unlocked, so the thread ends with the goroutine.
type inThread struct {
	source.Source
	prepare func() error
}

func (s inThread) Watch(ctx context.Context, emit func(source.Snapshot)) error {
	runtime.LockOSThread()
	if err := s.prepare(); err != nil {
		return err
	}
	return s.Source.Watch(ctx, emit)
}

// unprivileged returns the source, watched by a thread that may do no more to
// files than others may.
func unprivileged(_ *testing.T, src source.Source) source.Source {
	return inThread{src, func() error {
		if os.Geteuid() == 0 {
			syscall.RawSyscall(syscall.SYS_SETFSUID, 65534, 0, 0)
		}
		return nil
	}}
}

// A container that a single file is mounted into sees it written in place.
func TestF6BindMount(t *testing.T) {
	dir := t.TempDir()
	outside, inside := filepath.Join(dir, "outside.yaml"), filepath.Join(dir, "inside/config.yaml")
	files(t, dir, map[string]string{"outside.yaml": "a: 1", "inside/config.yaml": "a: 0"})
	mount := func() error {
		if err := syscall.Unshare(syscall.CLONE_NEWNS); err != nil {
			return err
		}
		if err := syscall.Mount("", "/", "", syscall.MS_PRIVATE|syscall.MS_REC, ""); err != nil {
			return err
		}
		return syscall.Mount(outside, inside, "", syscall.MS_BIND, "")
	}
	possible := make(chan error)
	go func() { runtime.LockOSThread(); possible <- mount() }()
	if err := <-possible; err != nil {
		t.Skip("no mounts of one's own: ", err)
	}
	w := watch(t, inThread{New(inside, quick), mount})
	w.tree("{a:1}")
	write(t, outside, "a: 2")
	w.tree("{a:2}")
	if data, err := os.ReadFile(inside); err != nil || string(data) != "a: 0" {
		t.Errorf("without the mount the file is %q (%v), want the one below it", data, err)
	}
}
