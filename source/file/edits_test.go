package file

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

var edits = flag.Int("edits", 150, "how many edits TestEveryWriter makes")

// numberedDocument begins and ends with one number. Every line more makes a
// document of what has been written so far.
func numberedDocument(n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "first: %d\n", n)
	for i := range 5 + n%7 {
		fmt.Fprintf(&b, "key%d: value %d of %d\n", i, i, n)
	}
	fmt.Fprintf(&b, "last: %d\n", n)
	return b.String()
}

// isWhole reports whether a tree is one of those documents, from its first line
// to its last.
func isWhole(root *tree.Node) (n int, ok bool) {
	n, err := strconv.Atoi(root.Child("first").Text())
	return n, err == nil && root.Child("last").Text() == strconv.Itoa(n) && root.Len() == 2+5+n%7
}

// writers returns the ways in which a file is changed.
func writers(r *rand.Rand) map[string]func(t *testing.T, path, text string) {
	pause := func() {
		if r.IntN(4) == 0 {
			time.Sleep(time.Duration(r.IntN(30)) * time.Millisecond)
		}
	}
	inParts := func(t *testing.T, f *os.File, text string) {
		for line := range strings.Lines(text) {
			_, err := f.WriteString(line)
			do(t, err)
			pause()
		}
		do(t, f.Close())
	}
	create := func(t *testing.T, path string, flags int) *os.File {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|flags, 0o600)
		do(t, err)
		return f
	}
	return map[string]func(t *testing.T, path, text string){
		"rename over": moveOver,
		"in place":    write,
		"in place, slowly": func(t *testing.T, path, text string) {
			inParts(t, create(t, path, os.O_TRUNC), text)
		},
		"in place, cut off at the end": func(t *testing.T, path, text string) {
			f := create(t, path, 0)
			for line := range strings.Lines(text) {
				_, err := f.WriteString(line)
				do(t, err)
				pause()
			}
			do(t, f.Truncate(int64(len(text))))
			do(t, f.Close())
		},
		"removed and created": func(t *testing.T, path, text string) {
			do(t, os.Remove(path))
			pause()
			inParts(t, create(t, path, os.O_EXCL), text)
		},
		"moved away and created": func(t *testing.T, path, text string) {
			do(t, os.Rename(path, path+"~"))
			inParts(t, create(t, path, os.O_EXCL), text)
			do(t, os.Remove(path+"~"))
		},
		"written elsewhere, slowly, and renamed": func(t *testing.T, path, text string) {
			inParts(t, create(t, path+".tmp", os.O_TRUNC), text)
			do(t, os.Rename(path+".tmp", path))
		},
		"through another link": func(t *testing.T, path, text string) {
			do(t, os.Link(path, path+".link"))
			inParts(t, create(t, path+".link", os.O_TRUNC), text)
			do(t, os.Remove(path+".link"))
		},
		"a symlink to another file": func(t *testing.T, path, text string) {
			other := fmt.Sprintf("%s.%d", path, r.Int64())
			write(t, other, text)
			do(t, os.Symlink(other, path+".sym"))
			do(t, os.Rename(path+".sym", path))
		},
	}
}

// However a file is written, no half of a document is ever emitted, and the last
// one is. (Where the system doesn't tell that a writer has closed a file, a slow
// one is not to be told from one that is done. One that stands still for 20 times
// Settle is taken for done too, so Settle is longer than a busy machine holds up a
// process.)
func TestEveryWriter(t *testing.T) {
	if !tellsOfClosing {
		t.Skip("the system doesn't tell that a writer has closed a file")
	}
	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 0))
	all := writers(r)
	names := []string{"rename over", "in place", "in place, slowly", "in place, cut off at the end", "removed and created", "moved away and created",
		"written elsewhere, slowly, and renamed", "through another link", "a symlink to another file"}
	if len(names) != len(all) {
		t.Fatal("a writer is missing")
	}
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, numberedDocument(0))
	var last string // the writer before
	seen := make(chan int, 10*(*edits)+1000)
	watchWith(t, New(path, &Options{Settle: time.Second}), func(s source.Snapshot) {
		n, whole := isWhole(s.Tree.Root())
		if s.Err == nil && !whole {
			t.Errorf("half of a document by %q: %s", last, s.Tree.Root())
		}
		if s.Err == nil {
			seen <- n
		}
	})
	count, arrived := 0, 0
	arrives := func(n int, writer string) {
		await.Until(t, fmt.Sprintf("edit %d, %s (seed %d)", n, writer, seed), func() bool {
			for {
				select {
				case got := <-seen:
					if count++; got == n {
						return true
					}
				default:
					return false
				}
			}
		})
	}
	arrives(0, "the first")
	for n := 1; n <= *edits && !t.Failed(); n++ {
		before := last
		last = names[r.IntN(len(names))]
		if last == "through another link" && arrived < n-1 {
			arrives(n-1, before) // what is written elsewhere is told of once the file has been looked at
		}
		all[last](t, path, numberedDocument(n))
		if r.IntN(3) > 0 {
			time.Sleep(time.Duration(r.IntN(20)) * time.Millisecond)
		}
		if n%50 == 0 || n == *edits {
			arrives(n, last)
			arrived = n
		}
	}
	t.Logf("%d edits, %d documents", *edits, count)
}
