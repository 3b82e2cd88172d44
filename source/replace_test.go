//go:build unix

package source

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/confsync/confsync/tree"
)

const killedVar = "CONFSYNC_TEST_KILLED" // file, step

// whole returns a snapshot whose values are all the same.
func whole(t *testing.T, value, keys int) Snapshot {
	values := make(map[string]any)
	for i := range keys {
		values[fmt.Sprint("k", i)] = value
	}
	made, err := tree.FromGo(values)
	if err != nil {
		t.Fatal(err)
	}
	return Snapshot{Tree: made}
}

// heldValue returns the one value of all keys in a cache file.
func heldValue(t *testing.T, file cacheFile, keys int) string {
	t.Helper()
	snap, _, err := file.read()
	if err != nil {
		t.Fatalf("the file can't be read: %v", err)
	}
	root := snap.Tree.Root()
	if root.Len() != keys {
		t.Fatalf("the file has %d keys, want %d", root.Len(), keys)
	}
	value := root.At(0).Text()
	for i := range root.Len() {
		if root.At(i).Text() != value {
			t.Fatalf("the file has %s and %s: it is torn", value, root.At(i).Text())
		}
	}
	return value
}

func killFile(path string) cacheFile {
	return cacheFile{path: path, name: "store", form: &tree.Shape{}}
}

// TestKilled is what the tests below run in another process: it takes some of
// the steps of a write and kills itself or, with no number of steps, writes
// until it is killed.
func TestKilled(t *testing.T) {
	path, steps, ok := strings.Cut(os.Getenv(killedVar), ",")
	if !ok {
		t.Skip("runs only within other tests")
	}
	file := killFile(path)
	if steps == "" {
		for i := 1; ; i++ {
			if err := file.write(whole(t, i, 2000)); err != nil {
				t.Fatal(err)
			}
		}
	}
	n, _ := strconv.Atoi(steps)
	made := filepath.Join(t.TempDir(), "new")
	if err := killFile(made).write(whole(t, 2, 100)); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(made)
	if err != nil {
		t.Fatal(err)
	}
	todo, _ := replacement(path, data[:10], data[10:30], data[30:])
	for _, step := range todo[:n] {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// killed runs TestKilled, which ends by kill -9, after a while if that is not 0.
func killed(t *testing.T, arg string, after time.Duration) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilled$")
	cmd.Env = append(os.Environ(), killedVar+"="+arg)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if after > 0 {
		time.Sleep(after)
		cmd.Process.Kill()
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("the process ended with %v, want kill -9", err)
	}
}

func TestCachedKilledAtEveryStep(t *testing.T) {
	steps, _ := replacement("file", nil, nil, nil)
	for n := range len(steps) + 1 {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			dir := t.TempDir()
			file := killFile(filepath.Join(dir, "cache"))
			if err := file.write(whole(t, 1, 100)); err != nil {
				t.Fatal(err)
			}
			killed(t, fmt.Sprint(file.path, ",", n), 0)
			want := "1"
			if n == len(steps) {
				want = "2"
			}
			if got := heldValue(t, file, 100); got != want {
				t.Errorf("killed after %d of %d steps, the file has %s, want %s", n, len(steps), got, want)
			}
			left := 0
			entries, _ := os.ReadDir(dir)
			for _, entry := range entries {
				if entry.Name() != "cache" {
					left++
					old := time.Now().Add(-2 * leftOver)
					if err := os.Chtimes(filepath.Join(dir, entry.Name()), old, old); err != nil {
						t.Fatal(err)
					}
				}
			}
			if want := n > 0 && n < len(steps); (left == 1) != want {
				t.Errorf("killed after %d steps it has left %d files", n, left)
			}
			if err := file.write(whole(t, 3, 100)); err != nil {
				t.Fatal(err)
			}
			if entries, _ := os.ReadDir(dir); len(entries) != 1 || heldValue(t, file, 100) != "3" {
				t.Errorf("the next write leaves %v", entries)
			}
		})
	}
}

// A pipe, a directory or a device in the place of the file is never waited for.
func TestCachedThatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{pipe, dir, os.DevNull} {
		file := killFile(path)
		if _, _, err := file.read(); err != errForeign {
			t.Errorf("%s: read returned %v, want %v", path, err, errForeign)
		}
		if err := file.write(whole(t, 1, 1)); err != errForeign {
			t.Errorf("%s: write returned %v, want %v", path, err, errForeign)
		}
	}
}

func TestCachedKilledAtAnyTime(t *testing.T) {
	file := killFile(filepath.Join(t.TempDir(), "cache"))
	if err := file.write(whole(t, 0, 2000)); err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	for range 25 {
		killed(t, file.path+",", 20*time.Millisecond+rand.N(100*time.Millisecond))
		seen[heldValue(t, file, 2000)] = true
	}
	if len(seen) < 2 {
		t.Errorf("nothing was written before the kill: %v", seen)
	}
}
