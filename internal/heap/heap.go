// Package heap measures what a test holds in memory.
package heap

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

// Peak begins to watch the heap, and returns a function that ends that and
// returns by how much the heap has grown at most. percent is the GC's until the
// test ends: a small one, so that little garbage is counted.
func Peak(t *testing.T, percent int) func() uint64 {
	t.Helper()
	before := debug.SetGCPercent(percent)
	t.Cleanup(func() { debug.SetGCPercent(before) })
	runtime.GC()
	now := func() uint64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	start, peak := now(), uint64(0)
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			peak = max(peak, now())
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
	return func() uint64 {
		close(stop)
		<-done
		return peak - min(start, peak)
	}
}
