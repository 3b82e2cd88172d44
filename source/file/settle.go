package file

import (
	"errors"
	"fmt"
	"time"
)

// happened sets the time of the next reading by what has happened. What was
// renamed to its place is whole, and what a writer has closed is most likely:
// that is read at once.
func (l *loop) happened(e event) {
	if l.busy.IsZero() {
		l.busy = time.Now()
	}
	complete := l.prompt == nil || l.prompt(e.path)
	switch e.what {
	case closed:
		l.whole, l.pause = complete, rest
	case replaced:
		l.whole, l.pause = complete, 0
	case created, written, lost:
		l.whole = false
	}
	wait := l.opts.Settle
	if l.whole {
		wait = max(l.pause, l.gap-time.Since(l.looked))
	}
	l.delay = max(0, min(wait, l.bound()-time.Since(l.busy)), l.writer())
	l.next.Reset(l.delay)
}

// note keeps in mind what an event says of writers. The system tells of a write
// when it is done, but of an opening before: so who has just opened a file may be
// in the middle of a write.
func (l *loop) note(e event) {
	now := time.Now()
	soon := now.Add(l.opts.Settle)
	switch e.what {
	case written:
		l.open[e.path] = now.Add(l.bound())
	case created, opened:
		if l.open[e.path].Before(soon) {
			l.open[e.path] = soon
		}
	case left:
		if !l.open[e.path].After(soon) { // else another has written
			delete(l.open, e.path)
		}
	case closed, replaced:
		delete(l.open, e.path)
	case lost:
		clear(l.open)
	}
}

// writer returns how long to wait for a writer that has one of the files open:
// until it closes it or has written nothing for a while. What has been written
// of others counts too, for the reading that comes may be of them.
func (l *loop) writer() (wait time.Duration) {
	for path, until := range l.open {
		if l.reading != nil && l.reading.concerns(event{path: path}) {
			wait = max(wait, time.Until(until))
		}
	}
	if !l.busy.IsZero() {
		wait = min(wait, settles*l.bound()-time.Since(l.busy))
	}
	return wait
}

// rest is how long a file is left alone after a writer has closed it, for some
// open it once more.
const rest = 3 * time.Millisecond

// ended sets how long the file is left alone after a reading that has just ended:
// as long as that took, so that a burst of changes takes half of the time at most,
// and twice as long after each that follows soon, up to rest.
func (l *loop) ended(began time.Time) {
	if began.Sub(l.looked) > 2*max(l.gap, rest/4) {
		l.gap = 0
	}
	l.looked = time.Now()
	l.gap = min(max(l.looked.Sub(began), min(2*l.gap, rest)), l.opts.Settle)
}

// bound returns how long a file is waited for that is never left alone.
func (l *loop) bound() time.Duration { return settles * l.opts.Settle }

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
	if time.Since(l.doubt) < l.bound() {
		return false
	}
	l.doubt = time.Time{}
	return true
}

// schedule sets the time of the next reading, where it has one, and says why.
func (l *loop) schedule() (note string) {
	every := l.opts.Poll
	if every == 0 && l.events == nil && l.blind == nil && !l.fixed { // it is brief
		l.next.Reset(l.bound())
		return ""
	}
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
