package stores

import (
	"cmp"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// TestU8Faults is row U8: programs with a configuration in a real store, while
// everything happens to it that can. The stores run side by side.
func TestU8Faults(t *testing.T) {
	seed, err := strconv.ParseUint(cmp.Or(os.Getenv("CONFSYNC_SEED"), fmt.Sprint(time.Now().UnixNano())), 10, 64)
	must(t, err)
	soak, err := time.ParseDuration(cmp.Or(os.Getenv("CONFSYNC_SOAK"), "0s")) // zero: each fault once
	must(t, err)
	t.Logf("seed %d", seed)
	before, current := runtime.NumGoroutine(), goleak.IgnoreCurrent()
	r := &report{seed: seed, began: time.Now()}
	var running sync.WaitGroup
	for i, b := range backends() {
		tally := r.tally(b.name)
		running.Go(func() {
			t.Run(b.name, func(t *testing.T) {
				newBout(t, b, seed+uint64(i), tally).run(r.began.Add(soak))
			})
		})
	}
	running.Wait()
	err = goleak.Find(current)
	if err != nil {
		t.Errorf("goroutines are left: %v", err)
	}
	r.ended, r.leaked, r.failed = time.Now(), max(0, runtime.NumGoroutine()-before), t.Failed()
	t.Logf("\n%s", r)
	if file := os.Getenv("CONFSYNC_REPORT"); file != "" {
		must(t, os.WriteFile(file, []byte(r.String()), 0o644))
	}
}
