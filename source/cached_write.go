package source

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/confsync/confsync/tree"
)

// cacheRest is how long the file is left alone after a write, in times of what
// the write took.
const cacheRest = 9

// cacheWriter writes what a Watch of a cached source emits. It has a goroutine of
// its own, so that a slow disk doesn't hold up an update; of what comes while it
// writes, the newest counts.
type cacheWriter struct {
	*cached
	ctx  context.Context
	fail func(error)   // ends the Watch
	todo chan Snapshot // capacity 1; take sends, in the place of what is there; never closed
	stop chan struct{} // closed by close
	done chan struct{} // closed when the goroutine has ended

	mu     sync.Mutex
	emit   func(Snapshot) // of the Watch; called with mu held, so one at a time
	latest Snapshot
}

func newCacheWriter(c *cached, ctx context.Context, fail func(error), emit func(Snapshot)) *cacheWriter {
	w := &cacheWriter{
		cached: c, ctx: ctx, fail: fail, emit: emit,
		todo: make(chan Snapshot, 1), stop: make(chan struct{}), done: make(chan struct{}),
	}
	go w.run()
	return w
}

// close writes what is still to be written, and waits for that.
func (w *cacheWriter) close() {
	close(w.stop)
	<-w.done
}

// take emits a snapshot of the source, and has it written if it is good and new.
func (w *cacheWriter) take(snap Snapshot) {
	if errors.Is(snap.Err, ErrHeld) && w.fallBack() {
		held := snap.Err
		snap = *w.before
		snap.addNote(held.Error())
		w.spent = true
		w.pass(snap)
		return
	}
	good := snap.Err == nil && snap.Degraded == nil
	write := false
	if good {
		snap.Tree = tree.Reuse(w.last, snap.Tree) // what is held twice, here and behind, is one
		write = !w.kept || !snap.Tree.Same(w.last)
		w.kept, w.last = true, snap.Tree
	}
	w.spent, w.unusable = true, nil
	w.pass(snap)
	if !write {
		return
	}
	select {
	case <-w.todo:
	default:
	}
	w.todo <- snap
}

// fallBack reports whether there is a snapshot from before.
func (w *cacheWriter) fallBack() bool {
	if w.before == nil && !w.kept {
		if snap, withheld, err := w.file.read(); err == nil && withheld == 0 {
			w.before = &snap
		}
	}
	return w.before != nil && !w.kept
}

// pass emits a snapshot, which says if the last one could not be written.
func (w *cacheWriter) pass(snap Snapshot) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.latest = snap
	w.emit(w.noted(snap))
}

func (w *cacheWriter) noted(snap Snapshot) Snapshot {
	if w.failure != nil {
		snap.addNote(fmt.Sprintf("not cached in %s: %v", w.file.path, w.failure))
	}
	return snap
}

func (w *cacheWriter) run() {
	defer close(w.done)
	for {
		select {
		case snap := <-w.todo:
			began := time.Now()
			w.write(snap)
			w.rest(cacheRest * time.Since(began))
		case <-w.stop:
			select {
			case snap := <-w.todo:
				w.write(snap)
			default:
			}
			return
		}
	}
}

func (w *cacheWriter) rest(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-w.stop:
	}
}

// write writes a snapshot, and emits the newest one again if its Note is another
// for that. After the end of the source's Watch it emits nothing, unless ctx has ended.
func (w *cacheWriter) write(snap Snapshot) {
	err := w.file.write(snap)
	w.mu.Lock()
	defer w.mu.Unlock()
	same := fmt.Sprint(w.failure) == fmt.Sprint(err)
	w.failure = err
	if same {
		return
	}
	select {
	case <-w.stop:
		if w.ctx.Err() == nil {
			return
		}
	default:
	}
	defer func() {
		if v := recover(); v != nil {
			w.fail(Panicked("watch", v))
		}
	}()
	again := w.latest
	again.Bytes = 0 // they have been counted
	w.emit(w.noted(again))
}
