package file

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

// content is what a reading found, before it is decoded.
type content struct {
	sum    [sha256.Size]byte // of all of it
	empty  bool
	decode func() (tree.Tree, error)
	err    error // in the place of all else
}

// decoded is a content and what it means.
type decoded struct {
	sum  [sha256.Size]byte
	done bool
	tree tree.Tree
	err  error
	good tree.Tree // the last tree that came with no error
}

// Watch is as [source.Source] says. It runs one goroutine, that of fsnotify.
func (w *watched) Watch(ctx context.Context, emit func(source.Snapshot)) error {
	if err := w.single.Enter(); err != nil {
		return err
	}
	defer w.single.Leave()
	if w.abs == "" {
		abs, err := absolute(w.path)
		if err != nil {
			return err
		}
		w.abs = abs
	}
	loop := loop{watched: w, emit: emit, next: time.NewTimer(0)}
	defer loop.next.Stop()
	if w.opts.Poll == 0 {
		watcher, err := w.newWatcher()
		if err != nil {
			loop.blind = err
		} else {
			defer watcher.Close() // waits for its goroutine
			loop.watcher, loop.events, loop.errors = watcher, watcher.Events, watcher.Errors
		}
	}
	return loop.run(ctx)
}

// absolute leaves ".." alone, for what it means depends on symlinks.
func absolute(path string) (string, error) {
	if filepath.IsAbs(path) {
		return path, nil
	}
	dir, err := os.Getwd()
	return dir + string(filepath.Separator) + path, err
}

// told is what was emitted last.
type told struct {
	once bool // something was
	sum  [sha256.Size]byte
	err  string
	note string
}

// loop is one Watch.
type loop struct {
	*watched
	emit    func(source.Snapshot)
	watcher *fsnotify.Watcher
	events  <-chan fsnotify.Event
	errors  <-chan error
	blind   error // why there is no watcher

	reading *reading
	next    *time.Timer // of the next reading
	busy    time.Time   // when the first event was that no reading came after; zero when there is none
	doubt   time.Time   // when the first reading was that was not believed; zero when the last one was
	told    told
}

func (l *loop) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case e, ok := <-l.events:
			if !ok {
				return fmt.Errorf("%s: %w", l.name, fsnotify.ErrClosed)
			}
			if l.reading != nil && l.reading.concerns(e) {
				l.settle()
			}
		case _, ok := <-l.errors:
			if !ok {
				return fmt.Errorf("%s: %w", l.name, fsnotify.ErrClosed)
			}
			l.settle() // events are lost, most likely: look at everything again
		case <-l.next.C:
			if err := ctx.Err(); err != nil {
				return err
			}
			l.look()
		}
	}
}

// settle puts the next reading off until there has been quiet for a while.
func (l *loop) settle() {
	if l.busy.IsZero() {
		l.busy = time.Now()
	}
	l.next.Reset(max(0, min(l.opts.Settle, l.patience()-time.Since(l.busy))))
}

func (l *loop) patience() time.Duration { return patience * l.opts.Settle }

// look reads the files and tells what is new.
func (l *loop) look() {
	l.busy = time.Time{}
	l.reading = newReading(l.watcher, l.opts.Limits.Bytes)
	found := l.read(l.reading)
	l.reading.prune()
	if !l.believe(found) {
		l.next.Reset(l.opts.Settle)
		return
	}
	snap, now := source.Snapshot{Err: found.err}, told{once: true, sum: found.sum}
	if found.err == nil {
		snap.Tree, snap.Err = l.understand(found)
	}
	if snap.Err != nil {
		now.err = snap.Err.Error()
	}
	snap.Note = l.schedule()
	now.note = snap.Note
	if now != l.told {
		l.told = now
		l.emit(snap)
	}
}

// believe reports whether a content is not likely to be half of a change.
func (l *loop) believe(found content) bool {
	emptied := found.err == nil && found.empty && l.seen.good.Root().Len() > 0
	if !l.reading.moving && !emptied {
		l.doubt = time.Time{}
		return true
	}
	if l.doubt.IsZero() {
		l.doubt = time.Now()
	}
	if time.Since(l.doubt) < l.patience() {
		return false
	}
	l.doubt = time.Time{}
	return true
}

// schedule sets the time of the next reading, where it has one, and says why.
func (l *loop) schedule() (note string) {
	every := l.opts.Poll
	blind := errors.Join(l.blind, l.reading.blind)
	if every == 0 && blind != nil {
		every = fallback
	}
	if every == 0 {
		return ""
	}
	l.next.Reset(every)
	if blind == nil {
		return fmt.Sprintf("polling every %v", every)
	}
	return fmt.Sprintf("polling every %v: %v", every, blind)
}

// understand decodes a content, unless it is the one of the last time.
func (w *watched) understand(c content) (tree.Tree, error) {
	if !w.seen.done || w.seen.sum != c.sum {
		t, err := c.decode()
		if err == nil {
			t = tree.Reuse(w.seen.good, t)
			w.seen.good = t
		}
		w.seen.sum, w.seen.done, w.seen.tree, w.seen.err = c.sum, true, t, err
	}
	return w.seen.tree, w.seen.err
}
