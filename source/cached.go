package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/confsync/confsync/tree"
)

// Cached returns src with its last good snapshot kept in a file, for a start
// while the store can't be reached. A path that is "" is a panic.
//
// The store always comes first. Only when src fails before it has ever emitted,
// or gives no answer for ten seconds, is the snapshot in the file emitted,
// once, with the Revision it had and a Note that says so. The Watch ends with
// src's error all the same: it is tried again like any source, its state is
// [Retrying] and then [Stale], and what it emits replaces the cached snapshot.
// Content that was read and can't be used, or that isn't there, is not a
// failure: it is reported as usual.
//
// No secret is written; [Sealed] is for those. The type that is filled says
// what is one ([tree.Shape.Hides]), so Cached does nothing for a source whose
// type is not known ([Shaped]). In the place of a secret value there is a null:
// the store had a value that is not known now, so it hides what lower layers
// hold, and a required field is then missing. Keys that no field takes are left
// out. A snapshot that lacks a secret is the last resort: the store is tried
// for ten seconds before it is emitted. Keep secrets in a source of their own,
// and a start never has to wait.
//
// While the source has content that is held ([ErrHeld]), the snapshot in the file
// is emitted in its place.
//
// The file is made anew for a changed tree, readable to its owner only, while
// updates go on: of changes that come while it is written, the newest is kept.
// A temporary file beside it is written, synced and renamed, so that it is the
// old one or the new one whatever happens. The directory has to be there. A
// file that can't be written is reported in a Note, and holds nothing up. A
// file that is not a cache, or one of another version, is never replaced; one
// that is damaged or another source's is never used. The error of Watch then
// says why. Two sources can't share a file.
func Cached(file string, src Source) Source {
	if file == "" {
		panic("source.Cached: needs the path of a file")
	}
	return newCached(src, cacheFile{path: file})
}

func newCached(src Source, file cacheFile) *cached {
	file.name = src.Name()
	return &cached{Source: src, file: file, single: new(Single)}
}

type cached struct {
	Source
	file   cacheFile
	single *Single // shared by what WithShape makes

	// Kept from one Watch to the next, of which there is one at a time.
	began    time.Time // the first Watch
	spent    bool      // the source has emitted, or the file was read
	unusable error     // why what was read could not be used; nil once the source has emitted
	before   *Snapshot // the one in the file, while what the source has is held
	kept     bool      // last means something
	last     tree.Tree // the one that was written, or is to be
	failure  error     // of the last write; guarded by the mutex of the cacheWriter
}

const cacheTimeout = 10 * time.Second // for the first answer, where there is a cache to fall back on

var errLate = fmt.Errorf("no answer within %s", cacheTimeout)

func (c *cached) Unwrap() Source { return c.Source }

func (c *cached) WithShape(shape *tree.Shape) (Source, error) {
	return reshape(c.Source, shape, func(src Source) Source {
		next := newCached(src, c.file)
		next.file.form, next.single = shape, c.single
		return next
	})
}

func (c *cached) Watch(ctx context.Context, emit func(Snapshot)) error {
	if err := c.single.Enter(); err != nil {
		return err
	}
	defer c.single.Leave()
	if !c.file.usable() {
		return c.Source.Watch(ctx, emit)
	}
	watching, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	w := newCacheWriter(c, watching, cancel, emit)
	defer w.close()
	watch := c.first
	if c.spent {
		watch = c.Source.Watch
	}
	err := watch(watching, w.take)
	if ctx.Err() == nil && watching.Err() != nil {
		err = context.Cause(watching)
	}
	if c.unusable != nil && ctx.Err() == nil {
		return fmt.Errorf("%w (cache %s: %w)", err, c.file.path, c.unusable)
	}
	return err
}

// first is a Watch that falls back on the file.
func (c *cached) first(ctx context.Context, emit func(Snapshot)) error {
	if c.began.IsZero() {
		c.began = time.Now()
	}
	watching, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	answered := func() {}
	if _, err := os.Stat(c.file.path); err == nil {
		timeout := time.AfterFunc(cacheTimeout, func() { cancel(errLate) })
		answered = func() { timeout.Stop() }
	}
	defer answered()
	err := watchApart(watching, c.Source, func(snap Snapshot) {
		answered()
		emit(snap)
	})
	if context.Cause(watching) == errLate {
		err = errLate
	}
	if c.spent || ctx.Err() != nil {
		return err
	}
	snap, withheld, unusable := c.file.read()
	if withheld > 0 && time.Since(c.began) < cacheTimeout {
		return err
	}
	c.spent = true
	switch {
	case unusable == nil:
		snap.Degraded = err
		emit(snap)
	case !errors.Is(unusable, fs.ErrNotExist):
		c.unusable = unusable
	}
	return err
}

// watchApart is watch in a goroutine that Watch may end.
func watchApart(ctx context.Context, src Source, emit func(Snapshot)) error {
	ended := make(chan error, 1) // the goroutine sends once; never closed
	go func() {
		err := errExited
		defer func() { ended <- err }()
		growStack()
		err = watch(ctx, src, emit)
	}()
	return <-ended
}
