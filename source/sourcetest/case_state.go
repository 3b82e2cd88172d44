package sourcetest

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

func emitsTheWholeFirst(tr *trial) {
	snap := tr.start().first()
	if got := stateOf(snap.Tree); snap.Err != nil || !maps.Equal(got, tr.now) {
		tr.Errorf("the first emit is %v with error %v, want %v", got, snap.Err, tr.now)
	}
}

// leavesNoGap writes while a Watch starts and a few times after it has emitted.
// What falls between its read and its watch is then never seen.
func leavesNoGap(tr *trial) {
	for run := range 12 {
		w := tr.start()
		n := 0
		write := func() {
			tr.set("alpha", fmt.Sprintf("r%dn%d", run, n))
			n++
		}
		for n < 1000 && len(w.seen()) == 0 {
			write()
		}
		w.first()
		for range 1 + run%3 {
			write()
		}
		w.holds(fmt.Sprintf("the last write of run %d", run), tr.now)
		w.end()
	}
}

func emitsWholeTrees(tr *trial) {
	w := tr.start()
	w.first()
	for i, path := range []string{"alpha", "beta.one", "beta.two", "alpha"} {
		tr.set(path, fmt.Sprintf("w%d", i))
		w.holds("the write beside the other keys", tr.now)
	}
	for i, snap := range w.good() {
		if got := stateOf(snap.Tree); len(got) != 3 {
			tr.Errorf("emit %d is %v: it is not the whole", i+1, got)
		}
	}
}

func emitsWholeCommits(tr *trial) {
	w := tr.start()
	w.first()
	for i := range 30 {
		v := fmt.Sprintf("c%d", i)
		for path := range tr.now {
			tr.now[path] = v
		}
		tr.store.Commit(tr.T, maps.Clone(tr.now))
	}
	w.holds("the last commit", tr.now)
	for i, snap := range w.good()[1:] {
		got := stateOf(snap.Tree)
		if got["alpha"] != got["beta.one"] || got["alpha"] != got["beta.two"] {
			// The start's three values differ, and may be emitted more than once.
			if got["alpha"] != "a0" || got["beta.one"] != "b1" || got["beta.two"] != "b2" {
				tr.Errorf("emit %d is %v: it has a part of a commit", i+2, got)
			}
		}
	}
}

func neverGoesBack(tr *trial) {
	seen := 0
	for range 3 {
		w := tr.start()
		w.first()
		for range 20 {
			n, _ := strconv.Atoi(strings.TrimLeft(tr.now["alpha"], "an"))
			tr.set("alpha", fmt.Sprintf("n%d", n+1))
		}
		w.holds("the last write", tr.now)
		w.end()
		for _, snap := range w.good() {
			n, err := strconv.Atoi(strings.TrimLeft(stateOf(snap.Tree)["alpha"], "an"))
			if err != nil || n < seen {
				tr.Fatalf("alpha is %v after it was n%d", stateOf(snap.Tree)["alpha"], seen)
			}
			seen = n
		}
	}
}

func showsDeletes(tr *trial) {
	w := tr.start()
	w.holds("the start", tr.now)
	for _, path := range []string{"beta.one", "beta.two", "alpha"} {
		tr.delete(path)
		snap := w.holds("the state without "+path, tr.now)
		if n := snap.Tree.Lookup(mustPath(path)); n != nil {
			tr.Errorf("%s was deleted and is there as %s", path, n.Kind())
		}
	}
	tr.set("beta.two", "again")
	w.holds("a key that came again", tr.now)
}

func ignoresTheSameValue(tr *trial) {
	w := tr.start()
	start := w.holds("the start", tr.now)
	for range 3 {
		tr.set("beta.one", tr.now["beta.one"])
	}
	tr.set("alpha", "marker")
	w.holds("the marker", tr.now)
	// The writes came in order, so nothing but the start was true before the marker.
	states, now := 0, start.Tree
	for _, snap := range w.good() {
		if next := tree.Reuse(now, snap.Tree); !next.Same(now) {
			states, now = states+1, next
		}
	}
	if states != 1 {
		tr.Errorf("the tree changed %d times: writes of the same value changed it", states)
	}
}

func arrivesAfterABurst(tr *trial) {
	tr.src = slowly{tr.src}
	w := tr.start()
	w.first()
	for i := range 100 {
		tr.set([]string{"alpha", "beta.one", "beta.two"}[i%3], fmt.Sprintf("n%d", i))
	}
	w.holds("the end of the burst", tr.now)
}

// slowly is a source whose emits each take a while.
type slowly struct{ source.Source }

func (s slowly) Watch(ctx context.Context, emit func(source.Snapshot)) error {
	return s.Source.Watch(ctx, func(snap source.Snapshot) {
		emit(snap)
		time.Sleep(5 * time.Millisecond)
	})
}
