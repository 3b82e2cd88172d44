package compare

import (
	"runtime"
	"time"
)

// Task is a piece of work made ready for one contender. Its functions are
// called from one goroutine: Stage, Do and Check in turn, Verify now and then.
type Task struct {
	Stage  func() error // makes ready what Do takes up; nil: nothing to do
	Do     func() error // what is timed
	Check  func() error // whether Do has done what it should; nil: Verify says so
	Verify func() error // whether the whole result is right
	Close  func()       // nil: nothing to do

	// Measure is called in the place of Do where time isn't what is measured. It
	// returns the figure.
	Measure func() (float64, error)
}

// run does the work once, and returns how long Do took. It calls before and
// after right before Do and right after.
func (t *Task) run(before, after func()) (time.Duration, error) {
	if t.Stage != nil {
		if err := t.Stage(); err != nil {
			return 0, err
		}
	}
	before()
	start := time.Now()
	err := t.Do()
	took := time.Since(start)
	after()
	if err == nil && t.Check != nil {
		err = t.Check()
	}
	return took, err
}

func nothing() {}

// Sample does the work times over, from a clean heap, and returns how long one
// took in nanoseconds, or what Measure measured. A wrong result is an error.
func (t *Task) Sample(times int) (float64, error) {
	if t.Measure != nil {
		return t.Measure()
	}
	var total time.Duration
	before := runtime.GC // once, after the first Stage
	for range times {
		took, err := t.run(before, nothing)
		if err != nil {
			return 0, err
		}
		total += took
		before = nothing
	}
	return float64(total.Nanoseconds()) / float64(times), t.Verify()
}

// Calibrate does the work once or twice, and returns how often it is to be done
// for a sample of about that length.
func (t *Task) Calibrate(sample time.Duration) (times int, err error) {
	if t.Measure != nil {
		return 1, nil
	}
	var took time.Duration
	for range 2 { // the first is slow
		start := time.Now()
		if _, err := t.run(nothing, nothing); err != nil {
			return 0, err
		}
		if took = time.Since(start); took > sample {
			break
		}
	}
	return int(min(max(sample/max(took, 1), 1), 2000)), t.Verify()
}

// Allocations returns how many allocations and bytes doing the work takes, in
// all goroutines of the process.
func (t *Task) Allocations(times int) (count, bytes float64, err error) {
	if t.Measure != nil {
		return 0, 0, nil
	}
	var before, after runtime.MemStats
	start, end := func() { runtime.ReadMemStats(&before) }, func() { runtime.ReadMemStats(&after) }
	for range times {
		if _, err := t.run(start, end); err != nil {
			return 0, 0, err
		}
		count += float64(after.Mallocs - before.Mallocs)
		bytes += float64(after.TotalAlloc - before.TotalAlloc)
	}
	return count / float64(times), bytes / float64(times), nil
}

// same is an error unless two fleets are equal. It doesn't print them.
func same(got, want *Fleet) error {
	if got.Limits != want.Limits {
		return wrong("limits", got.Limits, want.Limits)
	}
	if len(got.Services) != len(want.Services) {
		return wrong("services", len(got.Services), len(want.Services))
	}
	for name, w := range want.Services {
		if g, ok := got.Services[name]; !ok || g != w {
			return wrong(name, g, w)
		}
	}
	return nil
}
