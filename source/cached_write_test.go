package source_test

import (
	"fmt"
	"path/filepath"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/sourcetest"
	"github.com/confsync/confsync/tree"
)

// slowSealer is a Sealer whose every Seal waits for a word.
type slowSealer struct {
	turned
	word  chan struct{}
	seals int
}

func (s *slowSealer) Seal(plain []byte) ([]byte, error) {
	s.seals++
	<-s.word
	return s.turned.Seal(plain)
}

// TestCachedOnASlowDisk has changes arrive while the file is written: none waits,
// and the newest is in the file at the end.
func TestCachedOnASlowDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "cache")
		seal := &slowSealer{turned: 3, word: make(chan struct{})}
		m := sourcetest.NewMemory("store", map[string]any{"n": 0})
		r := run(t, source.Sealed(file, seal, m), source.Policy{})
		for i := range 100 {
			m.Set("n", i)
			synctest.Wait()
			if got := r.root(t); got != fmt.Sprintf("{n:%d}", i) {
				t.Fatalf("holds %s after %d writes, while the disk is slow", got, i)
			}
		}
		close(seal.word)
		synctest.Wait()
		r.stop()
		m.Fail(errCut)
		if got := kept(t, source.Sealed(file, turned(3), m)).Tree.Root().String(); got != "{n:99}" || seal.seals != 2 {
			t.Errorf("the file has %s after %d writes, want {n:99} after 2", got, seal.seals)
		}
	})
}

// TestCachedReportThatPanics has the caller of Watch panic as it learns that the
// file can't be written.
func TestCachedReportThatPanics(t *testing.T) {
	src := cachedOf(t, filepath.Join(t.TempDir(), "no", "cache"), sourcetest.NewMemory("store", nil), plain)
	err := src.Watch(t.Context(), func(snap source.Snapshot) {
		if snap.Note != "" {
			panic("x")
		}
	})
	if err == nil {
		t.Error("Watch returned nil")
	}
}

// TestCachedHoldsWhatAFreshReadingHolds re-reads a tree many times, each time with
// another value changed, and compares what is held with one reading.
func TestCachedHoldsWhatAFreshReadingHolds(t *testing.T) {
	const groups, each = 100, 8
	values := make(map[string]any)
	for i := range groups {
		group := make(map[string]any)
		for k := range each {
			group[fmt.Sprint("key", k)] = fmt.Sprintf("value %d of %d, and some more", k, i)
		}
		values[fmt.Sprint("group", i)] = group
	}
	read := func() tree.Tree { // anew, with nothing shared
		made, err := tree.FromGo(values)
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	before := heap()
	fresh := read()
	one := heap() - before
	runtime.KeepAlive(fresh)

	emit := make(chan source.Snapshot)
	src := cachedOf(t, filepath.Join(t.TempDir(), "cache"), fed(emit), plain)
	changed := make(chan struct{}, 1)
	sup := source.NewSupervisor(src, source.Policy{}, func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	})
	done := make(chan struct{})
	go func() { defer close(done); sup.Run(t.Context()) }()
	t.Cleanup(func() { <-done })
	before = heap()
	for i := range groups * each {
		values[fmt.Sprint("group", i%groups)].(map[string]any)[fmt.Sprint("key", i/groups)] = fmt.Sprint("changed, and changed to ", i)
		emit <- source.Snapshot{Tree: read()}
	}
	last := read()
	emit <- source.Snapshot{Tree: last}
	for deadline := time.Now().Add(time.Minute); ; {
		if snap, _, ok := sup.Latest(); ok && snap.Tree.Root().Equal(last.Root()) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the last tree has not arrived")
		}
		<-changed
	}
	last = tree.Tree{}
	for deadline, held := time.Now().Add(time.Minute), 0; ; time.Sleep(10 * time.Millisecond) { // the file may still be written
		if held = heap() - before; held <= 2*one+128<<10 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d bytes are held after %d readings, and %d after one", held, groups*each, one)
		}
	}
	runtime.KeepAlive(sup)
}

func heap() int {
	for range 3 {
		runtime.GC()
	}
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc)
}
