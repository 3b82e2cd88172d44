package testserver

import (
	"sync"
	"sync/atomic"
	"time"
)

// lane is one way through a proxy, which all its connections share.
type lane struct {
	passed atomic.Int64 // bytes that have arrived

	mu   sync.Mutex
	rate int       // bytes a second; 0: without bound
	free time.Time // when what has been let in so far is through
}

// burst is how far a lane makes up for the time that a late wake-up has cost it.
const burst = 20 * time.Millisecond

func (w *lane) limit(bytesPerSecond int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rate, w.free = bytesPerSecond, time.Time{}
}

// piece returns how many bytes to pass at once: few where connections compete.
func (w *lane) piece() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.rate > 0 {
		return 1 << 10
	}
	return 32 << 10
}

// take waits until n bytes are through. It returns false if done is closed first.
func (w *lane) take(n int, done <-chan struct{}) bool {
	wait := time.Until(w.book(n))
	if wait <= 0 {
		return true
	}
	select {
	case <-time.After(wait):
		return true
	case <-done:
		return false
	}
}

// book returns when n bytes are through that come after all that were booked before.
func (w *lane) book(n int) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.rate <= 0 {
		return time.Time{}
	}
	if earliest := time.Now().Add(-burst); w.free.Before(earliest) {
		w.free = earliest
	}
	w.free = w.free.Add(time.Duration(n) * time.Second / time.Duration(w.rate))
	return w.free
}
