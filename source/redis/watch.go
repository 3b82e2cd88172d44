package redis

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/confsync/confsync/source"
)

// watch is one Watch at work.
type watch struct {
	opts      Options
	primaries *primaries
	form      form
	feed      *feed
	health    health
}

// watch subscribes, reads everything, and goes on from there until something
// fails.
func (s *store) watch(ctx context.Context, emit func(source.Snapshot)) error {
	p, err := s.primaries(ctx)
	if err != nil {
		return err
	}
	w := &watch{opts: s.opts, primaries: p, form: s.form(p)}
	if w.feed, err = p.subscribe(ctx, w.form.channels()); err != nil {
		return err
	}
	defer w.feed.close()
	w.form.follow(w.feed)
	if w.health, err = p.check(ctx, s.opts, w.form.flags()); err != nil {
		return err
	}
	if err := w.form.read(ctx, w.told()); err != nil {
		return err
	}
	return w.follow(ctx, func() {
		snap := w.form.snapshot()
		if w.health.notify != "" {
			snap.Note = fmt.Sprintf("polling every %v: %s", w.opts.Poll, w.health.notify)
		}
		emit(snap)
	})
}

func (w *watch) told() bool { return w.health.notify == "" }

// follow emits what was read, and again after each change and each probe.
func (w *watch) follow(ctx context.Context, emit func()) error {
	probe, all := time.NewTimer(spread(w.opts.Probe)), time.NewTimer(w.untilAll())
	defer probe.Stop()
	defer all.Stop()
	quiet := time.NewTimer(0) // until the next update may begin
	defer quiet.Stop()
	var due <-chan time.Time // quiet's channel while there is something to update
	polling := w.polling()
	for emit(); ; {
		dirty, err := w.feed.pending()
		if err != nil {
			return err
		}
		if due = nil; dirty && !w.form.deaf(w.told()) {
			due = quiet.C
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-w.feed.wake:
			continue
		case <-due:
			err = w.form.update(ctx, w.told())
			quiet.Reset(spread(w.opts.Gather))
		case <-probe.C:
			err = w.probe(ctx)
			probe.Reset(spread(w.opts.Probe))
		case <-all.C:
			err = w.lookAgain(ctx)
			all.Reset(w.untilAll())
		}
		if err != nil {
			return err
		}
		if w.polling() != polling {
			polling = !polling
			all.Reset(w.untilAll())
		}
		emit()
	}
}

// polling reports whether time alone is a reason to look what has changed.
func (w *watch) polling() bool { return !w.told() || w.form.deaf(true) }

// untilAll is the time until the next poll, or until everything is read again.
func (w *watch) untilAll() time.Duration {
	switch {
	case w.polling():
		return spread(w.opts.Poll)
	case w.opts.Resync < 0:
		return 1<<63 - 1
	}
	return spread(w.opts.Resync)
}

// lookAgain polls, or reads everything. It looks after the primaries' health
// before it believes what they hold.
func (w *watch) lookAgain(ctx context.Context) error {
	var err error
	if w.health, err = w.primaries.check(ctx, w.opts, w.form.flags()); err != nil {
		return err
	}
	if w.told() {
		return w.form.read(ctx, true)
	}
	return w.form.update(ctx, false)
}

// probe finds out whether the servers still answer on the subscribed
// connections, are the primaries, and notify; and whether they hold what was
// read. A key that differs without having been notified means that a message
// was lost, or that there was none.
func (w *watch) probe(ctx context.Context) error {
	differ, err := w.form.audit(ctx)
	if err != nil {
		return err
	}
	if err := w.feed.sync(ctx); err != nil {
		return err
	}
	if err := w.primaries.unmoved(ctx); err != nil {
		return err
	}
	before := w.told()
	if w.health, err = w.primaries.check(ctx, w.opts, w.form.flags()); err != nil {
		return err
	}
	if w.told() != before {
		return w.form.read(ctx, w.told())
	}
	for _, key := range differ {
		if !w.told() || !w.feed.isDirty(key) {
			return w.form.read(ctx, w.told())
		}
	}
	return nil
}

// spread is a time between half of d and d, so that many processes don't act
// at once.
func spread(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return d/2 + rand.N(d/2+1)
}
