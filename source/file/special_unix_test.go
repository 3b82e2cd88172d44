//go:build unix

package file

import (
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// special returns what may stand in the place of a file, and makes a reader
// wait.
func special(t *testing.T) map[string]func(path string) error {
	return map[string]func(path string) error{
		"a FIFO":   func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"a device": func(path string) error { return os.Symlink("/dev/zero", path) },
		"a socket": func(path string) error {
			l, err := net.Listen("unix", path)
			if err == nil {
				t.Cleanup(func() { l.Close() })
			}
			return err
		},
	}
}

func TestSpecialFiles(t *testing.T) {
	for name, make := range special(t) {
		for kind, of := range map[string]func(dir string) *watched{
			"New":  func(dir string) *watched { return New(filepath.Join(dir, "x.yaml"), quick).(*watched) },
			"Dir":  func(dir string) *watched { return Dir(dir, quick).(*watched) },
			"Glob": func(dir string) *watched { return Glob(filepath.Join(dir, "*.yaml"), quick).(*watched) },
			"FS": func(dir string) *watched {
				return FS(os.DirFS(dir), "x.yaml", &Options{Poll: 10 * time.Millisecond}).(*watched)
			},
		} {
			t.Run(name+" in "+kind, func(t *testing.T) {
				dir, err := os.MkdirTemp("", "special") // a short path, for sockets
				do(t, err)
				defer os.RemoveAll(dir)
				path := filepath.Join(dir, "x.yaml")
				do(t, make(path))
				w := watch(t, of(dir))
				w.err("not a regular file")
				do(t, os.Remove(path))
				write(t, path, "a: 1")
				if s := w.next(); s.Err != nil && kind != "New" {
					t.Errorf("healed: %v", s.Err)
				}
			})
		}
	}
}

// A FIFO that takes a file's place between the look at it and its opening holds
// nobody up.
func TestFIFOInBetween(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.yaml")
	write(t, path, "a: 1")
	before, err := os.Lstat(path)
	do(t, err)
	do(t, os.Remove(path))
	do(t, syscall.Mkfifo(path, 0o600))
	r := newReading(nil, 100)
	if _, err := r.file(path, before); err == nil || !r.moving {
		t.Errorf("got error %v and moving %v, want an error and true", err, r.moving)
	}
}
