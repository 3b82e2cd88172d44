package stores

import (
	"fmt"
	"strings"
	"testing"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/source"
)

// TestBytesAreCounted reads a hundred keys of a kilobyte from every store, and then
// one that changes, and looks at what the status says was read.
func TestBytesAreCounted(t *testing.T) {
	const keys, size = 100, 1000
	sideBySide(t, func(t *testing.T, b Store) {
		server := b.Serve(t)
		c := connect(t, b, server.Addr(), nil)
		put := map[string]string{}
		for i := range keys {
			put[fmt.Sprintf("k/%02d", i)] = strings.Repeat("x", size)
		}
		must(t, c.Commit(t.Context(), Transaction{Root: "app", Put: put, New: true}))
		sup := await.SuperviseBy(t, c.Source(Keys, "app", Options{}), source.Policy{})
		await.Until(t, "the whole", func() bool { return sup.Status().Keys() == keys })
		first := sup.Status().Bytes
		if first < keys*size {
			t.Errorf("%d bytes were read, want %d at least", first, keys*size)
		}
		must(t, c.Put(t.Context(), "app/k/07", strings.Repeat("y", size)))
		await.Until(t, "the change", func() bool {
			snap, _, _ := sup.Latest()
			return strings.HasPrefix(snap.Tree.Root().Child("k").Child("07").Text(), "y")
		})
		if more := sup.Status().Bytes - first; more < size {
			t.Errorf("%d more bytes were read, want %d at least", more, size)
		}
	})
}
