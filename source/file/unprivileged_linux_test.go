package file

import (
	"context"
	"os"
	"runtime"
	"syscall"
	"testing"

	"github.com/confsync/confsync/source"
)

// unprivileged is the source, watched by a thread that may do no more to files
// than others may.
func unprivileged(_ *testing.T, src source.Source) source.Source { return nobody{src} }

type nobody struct{ source.Source }

func (n nobody) Watch(ctx context.Context, emit func(source.Snapshot)) error {
	if os.Geteuid() == 0 {
		runtime.LockOSThread() // and never unlock: the thread ends with the goroutine
		syscall.RawSyscall(syscall.SYS_SETFSUID, 65534, 0, 0)
	}
	return n.Source.Watch(ctx, emit)
}
