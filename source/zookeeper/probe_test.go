package zookeeper

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/confsync/confsync/source"
)

// A server takes a watch away from who may not read at the moment of a change.
func TestZ6WatchTakenAwayIsNoticed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		for i := range 50 {
			f.write(func() { f.put(fmt.Sprintf("/app/k%02d", i), []byte("0")) })
		}
		w := begin(t, newStore(f, "/app", nil))
		defer w.stop()
		emitted := len(w.snaps)
		time.Sleep(time.Hour) // probes that find nothing
		synctest.Wait()
		if len(w.snaps) != emitted {
			t.Errorf("%d snapshots of no change", len(w.snaps)-emitted)
		}
		f.write(func() {
			delete(f.watched, watch{"/app/k07", false})
			f.put("/app/k07", []byte("1"))
		})
		f.write(func() {
			delete(f.watched, watch{"/app", true})
			delete(f.watched, watch{"/app/k08", false})
			delete(f.watched, watch{"/app/k08", true})
			f.del("/app/k08")
		})
		time.Sleep(10 * time.Minute)
		drawn := w.last().Tree.Root().String()
		if !strings.Contains(drawn, `k07:"1"`) || strings.Contains(drawn, "k08") {
			t.Errorf("after ten minutes: %s", drawn)
		}
	})
}

// Probes of sources that begin together come apart, and none is late.
func TestZ7ProbesAreSpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var firsts []time.Duration
		start := time.Now()
		for range 20 {
			f := newFake("/app/a", "1")
			w := begin(t, newStore(f, "/app", nil))
			defer w.stop()
			f.mu.Lock()
			f.before = func(r request) {
				if r.op == rights {
					mu.Lock()
					defer mu.Unlock()
					firsts = append(firsts, time.Since(start))
					f.before = nil
				}
			}
			f.mu.Unlock()
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if len(firsts) != 20 {
			t.Fatalf("%d of 20 have probed", len(firsts))
		}
		shortest, longest := slices.Min(firsts), slices.Max(firsts)
		if shortest < 5*time.Second || longest > 10*time.Second || longest-shortest < time.Second {
			t.Errorf("the first probes come after %v to %v, want them spread over 5s to 10s", shortest, longest)
		}
	})
}

// A probe's answer stands in one line with those of a reading: it isn't late
// while these come.
func TestU9ProbeWaitsForWhatArrives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		for i := range 50 {
			f.write(func() { f.put(fmt.Sprintf("/app/k%02d", i), []byte("0")) })
		}
		s := newStore(f, "/app", &Options{Probe: time.Second, ProbeTimeout: 2 * time.Second})
		var line time.Duration
		f.late = func() time.Duration { // one answer after another, each for a second
			line = max(line, time.Since(time.Unix(0, 0))) + time.Second
			return line - time.Since(time.Unix(0, 0))
		}
		w := begin(t, s)
		time.Sleep(time.Hour)
		synctest.Wait()
		select {
		case err := <-w.ended:
			t.Fatalf("Watch = %v", err)
		default:
		}
		w.stop()
		time.Sleep(time.Minute) // for the answers that nobody waits for any more
		if root := w.last().Tree.Root(); root.Len() != 50 {
			t.Errorf("%d keys of 50", root.Len())
		}
	})
}

// A source that two Configs were given is watched by the first.
func TestU11OneWatchAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore(newFake("/app/a", "1"), "/app", nil)
		w := begin(t, s)
		err := s.Watch(t.Context(), func(source.Snapshot) { t.Error("emitted") })
		if !errors.Is(err, source.ErrWatched) {
			t.Errorf("the second Watch = %v, want %v", err, source.ErrWatched)
		}
		w.want(t, `{a:"1"}`)
		w.stop()
		<-w.ended
		begin(t, s).stop()
	})
}
