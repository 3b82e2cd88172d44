//go:build unix

package file

import (
	"os"
	"syscall"
)

// open opens a file to read it. It doesn't wait for a writer, as a FIFO that was
// put in its place would have it do.
func open(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
}
