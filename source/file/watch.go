package file

import (
	"context"
	"hash/maphash"
	"maps"
	"os"
	"path/filepath"
	"time"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

// fingerprint stands for a content when it is compared with an earlier one of the
// same process. It is of 64 bits under a seed that nobody knows, which no change
// is missed by, and links no cryptography.
type fingerprint uint64

var seed = maphash.MakeSeed()

// newHash returns what makes a fingerprint.
func newHash() *maphash.Hash {
	h := new(maphash.Hash)
	h.SetSeed(seed)
	return h
}

// content is what a reading found, before it is decoded.
type content struct {
	sum    fingerprint // of all of it
	size   int64
	empty  bool
	decode func(context.Context) (t tree.Tree, note string, err error)
	err    error // in the place of all else
}

// decoded is a content and what it means.
type decoded struct {
	sum  fingerprint
	done bool
	tree tree.Tree
	note string
	err  error
	good tree.Tree // the last tree that came with no error
}

// Watch does what [source.Source] says. All files of a process share one goroutine.
func (w *watched) Watch(ctx context.Context, emit func(source.Snapshot)) error {
	if err := w.single.Enter(); err != nil {
		return err
	}
	defer w.single.Leave()
	if err := w.absolutes(); err != nil {
		return err
	}
	loop := loop{watched: w, ctx: ctx, emit: emit, next: time.NewTimer(0), open: make(map[string]time.Time), whole: true}
	defer loop.next.Stop()
	if w.opts.Poll == 0 && !w.fixed && !source.IsBrief(ctx) { // to end a notifier takes the system milliseconds
		events, err := w.hub.subscribe()
		if err != nil {
			loop.blind = err
		} else {
			defer events.close()
			loop.events, loop.wake = events, events.wake
		}
	}
	return loop.run()
}

// absolutes finds the absolute paths, once.
func (w *watched) absolutes() error {
	for len(w.abs) < len(w.paths) {
		abs, err := absolute(w.paths[len(w.abs)])
		if err != nil {
			return err
		}
		w.abs = append(w.abs, abs)
	}
	return nil
}

// absolute leaves ".." alone, for what it means depends on symlinks.
func absolute(path string) (string, error) {
	if filepath.IsAbs(path) {
		return path, nil
	}
	dir, err := os.Getwd()
	return dir + string(filepath.Separator) + path, err
}

// reported is what was emitted last.
type reported struct {
	once bool // something was
	sum  fingerprint
	err  string
	note string
}

// loop is one Watch.
type loop struct {
	*watched
	ctx    context.Context
	emit   func(source.Snapshot)
	events *subscription // nil when polling
	wake   <-chan struct{}
	blind  error // why there are no events

	reading *reading
	next    *time.Timer          // of the next reading
	delay   time.Duration        // that it was last put off by
	busy    time.Time            // when the first event was that no reading came after; zero when there is none
	open    map[string]time.Time // files that a writer has open or may have, and until when it is waited for
	whole   bool                 // the last change is known to be complete, or there was none
	pause   time.Duration        // with whole: how long to wait all the same
	looked  time.Time            // when the last reading ended
	gap     time.Duration        // from then to the next one, at least
	doubt   time.Time            // when the first reading was that was not believed; zero when the last one was
	last    reported
}

func (l *loop) run() error {
	for {
		select {
		case <-l.ctx.Done():
			return l.ctx.Err()
		case <-l.wake:
			if any, _ := l.gather(); any && l.whole && l.delay <= 0 {
				l.look()
			}
		case <-l.next.C:
			if err := l.ctx.Err(); err != nil {
				return err
			}
			l.look()
		}
	}
}

// gather takes the events that there are, and reports whether any of them calls
// for another reading, the time of which is then set, and whether one means that a
// file may just be half written.
func (l *loop) gather() (any, half bool) {
	if l.events == nil {
		return false, false
	}
	events := l.events.take()
	if len(events) > 0 {
		maps.DeleteFunc(l.open, func(_ string, until time.Time) bool { return time.Until(until) <= 0 })
	}
	for _, e := range events {
		l.note(e)
		if pending := !l.busy.IsZero(); e.what == opened || e.what == left && !pending {
			continue
		}
		if l.reading != nil && l.reading.concerns(e) {
			any, half = true, half || e.what != noted && e.what != left
			l.happened(e)
		}
	}
	return any, half
}

// look reads the files and tells what is new.
func (l *loop) look() {
	if any, _ := l.gather(); any && l.delay > 0 {
		return
	}
	if wait := l.writer(); wait > 0 {
		l.next.Reset(wait)
		return
	}
	l.next.Stop()
	began, busy, whole := time.Now(), l.busy, l.whole
	l.busy, l.whole = time.Time{}, false
	l.reading = newReading(l.events, l.opts.Limits.Bytes)
	l.reading.stirs = l.stirs
	found := l.read(l.watched, l.reading)
	l.reading.prune()
	l.ended(began)
	_, half := l.gather() // of what happened meanwhile
	wait := l.writer()
	l.reading.moving = l.reading.moving || half || wait > 0
	if l.believe(found) {
		l.tell(found)
		return
	}
	if !l.busy.IsZero() {
		return // something calls for another, and has set its time
	}
	if l.busy, l.whole = busy, whole; busy.IsZero() {
		l.busy = began
	}
	l.next.Reset(max(wait, l.opts.Settle))
}

// stirs reports whether something has happened since the last look at the events
// that means that a file may just be half written.
func (l *loop) stirs() bool {
	_, half := l.gather()
	return half || l.writer() > 0
}

// tell emits what a reading found, unless it is what was emitted last.
func (l *loop) tell(found content) {
	snap, now := source.Snapshot{Err: found.err, Bytes: found.size}, reported{once: true, sum: found.sum}
	if found.err == nil {
		snap.Tree, snap.Note, snap.Err = l.understand(l.ctx, found)
	}
	if l.ctx.Err() != nil {
		return
	}
	if snap.Err != nil {
		now.err = snap.Err.Error()
	}
	snap.Note = join(l.schedule(), snap.Note)
	now.note = snap.Note
	if now != l.last {
		l.last = now
		l.emit(snap)
	}
}

// join puts two notes into one.
func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "; " + b
}

// understand decodes a content, unless it is the one of the last time.
func (w *watched) understand(ctx context.Context, c content) (tree.Tree, string, error) {
	if !w.seen.done || w.seen.sum != c.sum {
		t, note, err := c.decode(ctx)
		if ctx.Err() != nil {
			return tree.Tree{}, "", ctx.Err()
		}
		if err == nil {
			t = tree.Reuse(w.seen.good, t)
			w.seen.good = t
		}
		w.seen.sum, w.seen.done, w.seen.tree, w.seen.note, w.seen.err = c.sum, true, t, note, err
	}
	return w.seen.tree, w.seen.note, w.seen.err
}
