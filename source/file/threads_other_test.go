//go:build !linux

package file

import (
	"os"
	"testing"

	"github.com/confsync/confsync/source"
)

// unprivileged returns the source, on systems where a thread has no rights of
// its own.
func unprivileged(t *testing.T, src source.Source) source.Source {
	if os.Geteuid() <= 0 {
		t.Skip("permissions don't hold for this user")
	}
	return src
}
