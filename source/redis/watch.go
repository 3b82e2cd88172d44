package redis

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/confsync/confsync/source"
)

// watch is one Watch at work.
type watch struct {
	opts    Options
	servers *servers
	layout  layout
	how     way
	why     string // it isn't by the best way, "" if it is
}

// watch connects, listens, reads everything, and goes on from there until
// something fails.
func (s *store) watch(ctx context.Context, emit func(source.Snapshot)) (err error) {
	w := &watch{opts: s.opts, layout: s.layout()}
	if w.servers, err = s.connect(ctx, w.layout.channels().wanted); err != nil {
		return err
	}
	defer w.servers.close()
	w.layout.follow(w.servers)
	if err := w.listen(ctx); err != nil {
		return err
	}
	if err := w.readAll(ctx); err != nil {
		return err
	}
	return w.follow(ctx, func() {
		received := w.servers.received()
		w.servers.during(func() {
			snap := w.layout.snapshot(ctx)
			if ctx.Err() != nil {
				return
			}
			snap.Note = w.note(snap.Note)
			snap.Bytes = received
			emit(snap)
		})
	})
}

func (w *watch) listen(ctx context.Context) (err error) {
	w.how, w.why, err = w.servers.listen(ctx, w.layout.channels(), w.layout.flags())
	return err
}

// note returns what the layout has to say, and how changes are heard of if it
// isn't by the best way.
func (w *watch) note(more string) string {
	var note string
	switch {
	case w.why == "":
	case w.how == polled:
		note = fmt.Sprintf("polling every %v: %s", w.opts.Poll, w.why)
	case w.how == tracked:
		note = "following by CLIENT TRACKING: " + w.why
	default:
		note = "following by notifications: " + w.why
	}
	if note != "" && more != "" {
		more += "; "
	}
	return more + note
}

// follow emits what was read, and again after each change and each probe.
func (w *watch) follow(ctx context.Context, emit func()) error {
	now := time.Now()
	probe, all := now.Add(jittered(w.opts.Probe)), now.Add(w.untilAll())
	quiet := now // until when the next update is to wait
	updates := 0 // since a rest
	polling := w.polling()
	for emit(); ; {
		waiting, err := w.servers.pending()
		if err != nil {
			return err
		}
		next := earlier(probe, all)
		update := (waiting || w.layout.unfinished()) && !w.layout.deaf()
		if update {
			next = earlier(next, quiet)
		}
		switch now := time.Now(); {
		case now.Before(next):
			w.servers.await(next, waiting)
			continue
		case !now.Before(probe):
			err = w.probe(ctx)
			probe = time.Now().Add(jittered(w.opts.Probe))
		case !now.Before(all):
			err = w.lookAgain(ctx)
			all = time.Now().Add(w.untilAll())
		default:
			err = w.layout.update(ctx, w.how)
			// The first reading after a rest may only complete what was read before it.
			if updates++; updates == 1 && w.layout.unfinished() || w.layout.halfway() {
				quiet = now
			} else {
				updates = 0
				quiet = now.Add(jittered(w.opts.Gather))
			}
		}
		if errors.Is(err, errLost) || errors.Is(err, errMuted) {
			err = w.readAll(ctx)
		}
		if err != nil {
			return err
		}
		if w.polling() != polling {
			polling = !polling
			all = time.Now().Add(w.untilAll())
		}
		emit()
	}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// polling reports whether time alone is a reason to look what has changed.
func (w *watch) polling() bool { return w.how == polled || w.layout.deaf() }

// untilAll returns the time until the next poll, or until everything is read again.
func (w *watch) untilAll() time.Duration {
	switch {
	case w.polling():
		return jittered(w.opts.Poll)
	case w.opts.Resync < 0:
		return never
	}
	return jittered(w.opts.Resync)
}

// readAll reads everything, and then looks whether the servers are what they
// were: one that has become a replica may hold nothing.
func (w *watch) readAll(ctx context.Context) error {
	for {
		how := w.how
		read := w.layout.read(ctx, how)
		if read != nil && !errors.Is(read, errMuted) {
			return read
		}
		if err := w.listen(ctx); err != nil {
			return err
		}
		if read == nil && w.how == how {
			return nil
		}
	}
}

// lookAgain polls, or reads everything.
func (w *watch) lookAgain(ctx context.Context) error {
	if w.how != polled || w.layout.deaf() {
		return w.readAll(ctx)
	}
	if err := w.layout.update(ctx, w.how); err != nil {
		return err
	}
	if err := w.listen(ctx); err != nil || w.how == polled {
		return err
	}
	return errLost
}

// probe finds out whether the servers still answer, are the primaries, and tell
// of changes; and whether they hold what was read.
func (w *watch) probe(ctx context.Context) error {
	how := w.how
	if err := w.listen(ctx); err != nil {
		return err
	}
	if err := w.servers.unmoved(ctx); err != nil {
		return err
	}
	if w.how != how {
		return errLost
	}
	return w.layout.audit(ctx, w.how)
}

// jittered returns a time between half of d and d, so that many processes don't
// act at once.
func jittered(d time.Duration) time.Duration { return source.Jitter(d/2, d) }
