package nats

import "time"

// doubt is whether what the watcher has told of makes the state at one revision.
//
// A bucket keeps the last values of a key, often only one, so a change that is not
// yet delivered when the key changes again never is. Between the two, what has arrived
// lacks the key or has an older value of it, beside newer ones of others: a state that the
// bucket never had. The number of changes that the server says are yet to come is
// no help: it counts a change that is gone at once, and the one in its place a
// moment later, so it may be 0 in between.
//
// While revisions follow one another without a gap, nothing can be missing. After a
// gap, which the keys of others leave too, what took the place of a missing change was
// written before the revision after the gap arrived. So a probe that begins
// then sees it, if it is there and nothing is written meanwhile: when everything up to
// the newest revision that it sees has arrived, without another gap, nothing is missing
// again. A probe that a replica of the stream has answered counts only if that had all
// that the leader has.
type doubt struct {
	since    time.Time // of the first gap; zero: there is none
	gaps     int       // so far
	answered bool      // a probe has begun after the last gap, and what it saw is exact
	newest   uint64    // that it saw
}

// gap notes that the revision that arrives is not the next one.
func (d *doubt) gap() {
	if d.since.IsZero() {
		d.since = time.Now()
	}
	d.gaps++
	d.answered = false
}

// answer notes what a probe has found: the newest revision that is to arrive.
func (d *doubt) answer(v verdict, newest uint64) {
	if v.quiet && v.gaps == d.gaps {
		d.answered, d.newest = true, newest
	}
}

// lasts reports whether something may be missing, where everything up to a revision
// has arrived.
func (d *doubt) lasts(applied uint64) bool {
	if d.answered && applied >= d.newest {
		d.since = time.Time{}
	}
	return !d.since.IsZero()
}
