package sourcetest

import (
	"runtime"
	"runtime/debug"
	"time"
)

// staysWithinBounds watches a place that holds far too much, and measures the
// heap until the source says so, and a little longer.
func staysWithinBounds(tr *trial) {
	const slack = 8 << 20 // for the client
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	bound := tr.store.Flood(tr.T)
	before := heap(true)
	w := tr.start()
	deadline, peak, refused := time.Now().Add(tr.h.Within), uint64(0), false
	for n := 0; n < 20 && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		peak = max(peak, heap(false))
		if seen := w.seen(); len(seen) > 0 && seen[len(seen)-1].Err != nil {
			refused = true
			n++
		}
		select {
		case <-w.ended:
			tr.Fatalf("Watch returned %v, want an emit with an error", w.err)
		default:
		}
	}
	if !refused {
		tr.Fatalf("too much was not reported within %v; there is %s", tr.h.Within, last(w.seen()))
	}
	garbage := before / 5 // which a collection leaves to the next, at twice the percentage
	if most := before + garbage + 2*uint64(bound) + slack; peak > most {
		tr.Errorf("the heap grew by %d bytes, to %d, while it read what is over a bound of %d", peak-before, peak, bound)
	}
}

// heap returns how many bytes are allocated.
func heap(collect bool) uint64 {
	if collect {
		runtime.GC()
	}
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// bearsASlowWay reads over a way on which the whole takes longer than any
// timeout.
func bearsASlowWay(tr *trial) {
	within := tr.slow()
	w := watch(tr.T, tr.Context(), tr.src, within)
	w.holds("the start, over a slow way", tr.now)
	for _, snap := range w.seen() {
		if snap.Err != nil {
			tr.Errorf("emitted the error %v, though nothing but the way is bad", snap.Err)
		}
	}
}
