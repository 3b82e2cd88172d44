package soak

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/internal/stores"
	"github.com/confsync/confsync/source"
)

// duration returns how long to soak: CONFSYNC_SOAK, or just long enough to see
// that it works.
func duration(t *testing.T) time.Duration {
	text := os.Getenv("CONFSYNC_SOAK")
	if text == "" {
		return 8 * time.Second
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("CONFSYNC_SOAK: %v", err)
	}
	return d
}

// figures are what the process holds at one moment of rest.
type figures struct {
	at                time.Duration
	heap              uint64 // bytes
	goroutines, files int
	converged         time.Duration // how long everything took to arrive
}

// TestSoak runs everything at once.
func TestSoak(t *testing.T) {
	total := duration(t)
	round := min(time.Minute, total/4)
	all := []*place{filePlace(t), httpPlace(t)}
	for _, s := range stores.All() {
		all = append(all, storePlace(t, s))
	}
	for _, p := range all {
		p.settle(t)
	}
	s := startService(t, sourcesOf(all))
	defer s.close()

	faults := map[string]int{}
	var measured []figures
	for began := time.Now(); time.Since(began) < total; {
		work(t, all, round, faults)
		f := pause(t, s, all)
		f.at = time.Since(began)
		measured = append(measured, f)
		t.Logf("%s", f)
	}
	report(t, s, all, faults, measured)
	flat(t, measured)
}

// work writes and breaks things for a while.
func work(t *testing.T, all []*place, d time.Duration, faults map[string]int) {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	var running sync.WaitGroup
	for _, p := range all {
		running.Go(func() {
			for ctx.Err() == nil {
				p.step(ctx)
				rest(ctx, time.Duration(20+rand.N(80))*time.Millisecond)
			}
		})
	}
	running.Go(func() {
		for ctx.Err() == nil {
			rest(ctx, time.Duration(500+rand.N(1000))*time.Millisecond)
			p := all[rand.N(len(all))]
			if p.server == nil {
				continue
			}
			what, mend := p.fault()
			faults[what]++
			rest(ctx, time.Duration(200+rand.N(3000))*time.Millisecond)
			mend()
		}
	})
	running.Wait()
}

// pause lets everything arrive, and measures what is held.
func pause(t *testing.T, s *service, all []*place) figures {
	t.Helper()
	for _, p := range all {
		p.settle(t)
	}
	healed := time.Now()
	// A sum that is vetoed is left by one more write.
	for i := 0; ; i++ {
		sum := 0
		for _, p := range all {
			sum += p.written.A
		}
		if sum%10 != 7 {
			break
		}
		all[i%len(all)].settle(t)
	}
	await.Until(t, "everything written has arrived", func() bool {
		a := s.cfg.Get()
		return !slices.ContainsFunc(all, func(p *place) bool { return !p.arrived(a) })
	})
	f := figures{converged: time.Since(healed)}
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	f.heap, f.goroutines, f.files = m.HeapAlloc, runtime.NumGoroutine(), openFiles()
	return f
}

func (f figures) String() string {
	return fmt.Sprintf("at %v: %.1f MB held, %d goroutines, %d files, arrived after %v",
		f.at.Round(time.Second), float64(f.heap)/1e6, f.goroutines, f.files, f.converged.Round(time.Millisecond))
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
	if late.heap > early.heap*3/2+10<<20 {
		t.Errorf("memory grew from %d to %d bytes", early.heap, late.heap)
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
		f.heap, f.goroutines, f.files = min(f.heap, m.heap), min(f.goroutines, m.goroutines), min(f.files, m.files)
	}
	return f
}

func report(t *testing.T, s *service, all []*place, faults map[string]int, measured []figures) {
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
	fmt.Fprintf(&b, "%d subscriptions, %d callbacks, %d builds, %d released, %d events of the page\n",
		c.subscriptions.Load(), c.callbacks.Load(), c.builds.Load(), c.released.Load(), c.events.Load())
	fmt.Fprint(&b, "faults:")
	for _, what := range slices.Sorted(maps.Keys(faults)) {
		fmt.Fprintf(&b, " %s %d", what, faults[what])
	}
	t.Log(b.String())
	if c.torn.Load() > 0 {
		t.Errorf("%d candidates were torn", c.torn.Load())
	}
}

func sourcesOf(all []*place) (sources []source.Source) {
	for _, p := range all {
		sources = append(sources, p.source)
	}
	return sources
}
