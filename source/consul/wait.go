package consul

import (
	"fmt"
	"time"
)

// leastCut is the least age at which a query that ends counts as cut off.
const leastCut = 100 * time.Millisecond

// waiting is how long a query is made to wait, from one Watch to the next. A
// proxy, or a client with a timeout, that ends queries sooner than the server
// does would break every Watch. So when two queries on end with an error at the
// same age, those after them wait for less than that. The zero waiting waits
// for Options.Wait.
type waiting struct {
	cut  time.Duration // the age at which the last broken query ended
	most time.Duration // 0: no bound was found
	note string
}

// wait returns how long the next query waits.
func (s *store) wait() time.Duration {
	if s.waiting.most > 0 {
		return min(s.waiting.most, s.opts.Wait)
	}
	return s.opts.Wait
}

// broke takes in that a query that waited ended with an error at an age.
func (w *waiting) broke(age time.Duration) {
	before := w.cut
	w.cut = age
	if age < leastCut || max(before-age, age-before) > age/8 {
		return
	}
	w.most, w.cut = age*3/4, 0
	w.note = fmt.Sprintf("queries are cut off after %v: waiting for %v; set Options.Wait to less than the timeout on the way",
		age.Round(100*time.Millisecond), w.most.Round(100*time.Millisecond))
}
