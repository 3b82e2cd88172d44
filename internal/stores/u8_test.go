package stores

import (
	"cmp"
	"fmt"
	"os"
	"runtime"
	"strconv"
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
	tallies := map[string]*tally{}
	for _, b := range All() {
		tallies[b.Name] = r.tally(b.Name)
	}
	sideBySide(t, func(t *testing.T, b Store) {
		newFaultRun(t, b, seed+uint64(len(b.Name)), tallies[b.Name]).run(r.began.Add(soak))
	})
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
