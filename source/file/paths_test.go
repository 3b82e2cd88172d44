package file

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestF1Writers(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, path string){
		"in place":  func(t *testing.T, path string) { write(t, path, "a: 2") },
		"move over": func(t *testing.T, path string) { moveOver(t, path, "a: 2") },
		"vim, renaming the old one away": func(t *testing.T, path string) {
			do(t, os.Rename(path, path+"~"))
			write(t, path, "a: 2")
			do(t, os.Remove(path+"~"))
		},
		"vim, through a copy": func(t *testing.T, path string) {
			write(t, path+"~", "a: 1")
			write(t, path, "a: 2")
			do(t, os.Remove(path+"~"))
		},
		"append": func(t *testing.T, path string) {
			f, err := os.OpenFile(path, os.O_TRUNC|os.O_WRONLY, 0)
			do(t, err)
			for _, part := range []string{"a:", " ", "2", "\n"} {
				_, err := f.WriteString(part)
				do(t, err)
			}
			do(t, f.Close())
		},
		"hard link over": func(t *testing.T, path string) {
			write(t, path+".other", "a: 2")
			do(t, os.Remove(path))
			do(t, os.Link(path+".other", path))
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "config.yaml")
			write(t, path, "a: 1")
			w := watch(t, New(path, quick))
			w.tree("{a:1}")
			change(t, path)
			w.until("{a:2}")
			moveOver(t, path, "a: 3")
			w.until("{a:3}")
		})
	}
}

// A write through another link, or another mount, is an event of the file alone.
func TestF1HardLink(t *testing.T) {
	path, other := filepath.Join(t.TempDir(), "config.yaml"), filepath.Join(t.TempDir(), "other")
	write(t, path, "a: 1")
	do(t, os.Link(path, other))
	w := watch(t, New(path, quick))
	w.tree("{a:1}")
	write(t, other, "a: 2")
	w.tree("{a:2}")
	moveOver(t, path, "a: 3")
	w.tree("{a:3}")
	do(t, os.Remove(other))
	do(t, os.Link(path, other))
	write(t, other, "a: 4")
	w.tree("{a:4}")
}

// Kubernetes replaces a ConfigMap's symlink, and then removes what it led to.
func TestF1ConfigMap(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	do(t, os.Mkdir(at("..1"), 0o700))
	write(t, at("..1/config.yaml"), "a: 1")
	do(t, os.Symlink("..1", at("..data")))
	do(t, os.Symlink("..data/config.yaml", at("config.yaml")))
	w := watch(t, New(at("config.yaml"), quick))
	w.tree("{a:1}")

	do(t, os.Mkdir(at("..2"), 0o700))
	write(t, at("..2/config.yaml"), "a: 2")
	do(t, os.Symlink("..2", at("..data_tmp")))
	do(t, os.Rename(at("..data_tmp"), at("..data")))
	do(t, os.RemoveAll(at("..1")))
	w.tree("{a:2}")

	write(t, at("..2/config.yaml"), "a: 3")
	w.tree("{a:3}")
}

func TestF1Symlinks(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, d := range []string{"one/deep", "two/deep", "links"} {
		do(t, os.MkdirAll(at(d), 0o700))
	}
	write(t, at("one/deep/real.yaml"), "a: 1")
	write(t, at("two/deep/real.yaml"), "a: 2")
	do(t, os.Symlink(at("one"), at("links/current")))
	do(t, os.Symlink("links/current/deep/../deep/real.yaml", at("config.yaml")))
	w := watch(t, New(at("config.yaml"), quick))
	w.tree("{a:1}")

	do(t, os.Symlink("../two", at("links/next")))
	do(t, os.Rename(at("links/next"), at("links/current")))
	w.tree("{a:2}")

	write(t, at("two/deep/real.yaml"), "a: 3")
	w.tree("{a:3}")

	do(t, os.Remove(at("config.yaml")))
	write(t, at("config.yaml"), "a: 4")
	w.until("{a:4}")

	do(t, os.Remove(at("config.yaml")))
	do(t, os.Symlink("config.yaml", at("config.yaml")))
	for !strings.Contains(w.next().Err.Error(), "too many symlinks") {
	}
}

// Any directory on the way may be replaced, not only the last.
func TestF1Directories(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	do(t, os.MkdirAll(at("a/b/c"), 0o700))
	write(t, at("a/b/c/config.yaml"), "a: 1")
	w := watch(t, New(at("a/b/c/config.yaml"), quick))
	w.tree("{a:1}")

	do(t, os.MkdirAll(at("new/b/c"), 0o700))
	write(t, at("new/b/c/config.yaml"), "a: 2")
	do(t, os.Rename(at("a"), at("old")))
	do(t, os.Rename(at("new"), at("a")))
	w.tree("{a:2}")
	write(t, at("a/b/c/config.yaml"), "a: 3")
	w.tree("{a:3}")

	do(t, os.RemoveAll(at("a")))
	w.err("no such file or directory")
	do(t, os.MkdirAll(at("a/b/c"), 0o700))
	write(t, at("a/b/c/config.yaml"), "a: 4")
	w.until("{a:4}")
}

func TestF2DataWrittenOrCreated(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	write(t, at("..data"), "a: 1")
	do(t, os.Symlink("..data", at("config.yaml")))
	w := watch(t, New(at("config.yaml"), quick))
	w.tree("{a:1}")
	write(t, at("..data"), "a: 2") // Write
	w.tree("{a:2}")
	moveOver(t, at("..data"), "a: 3") // Create
	w.tree("{a:3}")
	do(t, os.Remove(at("..data"))) // Create, of a symlink
	write(t, at("..4"), "a: 4")
	do(t, os.Symlink("..4", at("..data")))
	w.until("{a:4}")
}
