package soak

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"
)

// figures are what is held at one moment of rest.
type figures struct {
	at                time.Duration
	heap, page        uint64 // bytes, of the process and of the page's script
	goroutines, files int
	converged         time.Duration // how long everything took to arrive
}

func measure(t *testing.T, p *page) (f figures) {
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	f.heap, f.goroutines, f.files, f.page = m.HeapAlloc, runtime.NumGoroutine(), openFiles(), p.held(t)
	return f
}

func (f figures) String() string {
	return fmt.Sprintf("at %v: %.1f MB held, %.1f MB by the page, %d goroutines, %d files, arrived after %v", f.at.Round(time.Second),
		float64(f.heap)/1e6, float64(f.page)/1e6, f.goroutines, f.files, f.converged.Round(time.Millisecond))
}

// openFiles returns how many descriptors the process has, 0 where that can't be
// told.
func openFiles() int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(entries)
}

// flat asserts that the last quarter holds no more than the second: what grows
// without end would by then.
func flat(t *testing.T, measured []figures) {
	t.Helper()
	if len(measured) < 8 {
		return
	}
	quarter := len(measured) / 4
	early, late := least(measured[quarter:2*quarter]), least(measured[len(measured)-quarter:])
	t.Logf("the least of the second quarter and of the last:\n%v\n%v", early, late)
	if late.heap > early.heap*3/2+10<<20 {
		t.Errorf("memory grew from %d to %d bytes", early.heap, late.heap)
	}
	if late.page > early.page*3/2+10<<20 {
		t.Errorf("the page's memory grew from %d to %d bytes", early.page, late.page)
	}
	if late.goroutines > early.goroutines+20 {
		t.Errorf("goroutines grew from %d to %d", early.goroutines, late.goroutines)
	}
	if late.files > early.files+20 {
		t.Errorf("open files grew from %d to %d", early.files, late.files)
	}
}

// least returns the least of each figure.
func least(measured []figures) figures {
	f := measured[0]
	for _, m := range measured {
		f.heap, f.page, f.converged = min(f.heap, m.heap), min(f.page, m.page), min(f.converged, m.converged)
		f.goroutines, f.files = min(f.goroutines, m.goroutines), min(f.files, m.files)
	}
	return f
}

func report(t *testing.T, s *service, p *page, all []*place, broken []*breakable, measured []figures) {
	var b strings.Builder
	worst, writes := time.Duration(0), 0
	for _, f := range measured {
		worst = max(worst, f.converged)
	}
	for _, p := range all {
		writes += p.writes
	}
	c := &s.counts
	st := s.cfg.Status()
	fmt.Fprintf(&b, "%d writes, %d generations, %d torn, longest to arrive %v\n", writes, st.Generation, c.torn.Load(), worst.Round(time.Millisecond))
	fmt.Fprintf(&b, "rejected problems %v, %d vetoes, %d pins\n", st.Rejections, c.vetoes.Load(), c.pins.Load())
	fmt.Fprintf(&b, "%d subscriptions, %d callbacks, %d builds, %d released\n", c.subscriptions.Load(), c.callbacks.Load(), c.builds.Load(), c.released.Load())
	fmt.Fprintf(&b, "the page: drawn %d times, over %d connections, %d errors of its script\n", p.redrawn(), p.proxy.Accepted(), len(p.window.Errors()))
	for _, each := range broken {
		fmt.Fprintln(&b, each)
	}
	t.Log(b.String())
	if c.torn.Load() > 0 {
		t.Errorf("%d candidates were torn", c.torn.Load())
	}
}
