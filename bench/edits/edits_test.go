package edits

import (
	"testing"
	"time"
)

// Nothing that ourselves watch is lost, however it is written.
func TestNothingIsLost(t *testing.T) {
	for _, w := range Watchers()[1:2] {
		for _, with := range Writers() {
			r, err := Measure(t.Context(), w, with, Plan{Edits: 20, Pause: 5 * time.Millisecond, Wait: time.Minute})
			if err != nil || r.Lost != 0 || len(r.Latencies) != 20 {
				t.Errorf("%s, %s: %d lost of %d, %v", w.Name, with.Name, r.Lost, r.Edits, err)
			}
		}
	}
}

// Every library is asked for something that it can do.
func TestWatchersWork(t *testing.T) {
	for _, w := range Watchers() {
		r, err := Measure(t.Context(), w, Writers()[1], Plan{Edits: 5, Pause: 5 * time.Millisecond, Wait: 2 * time.Second})
		if err != nil || len(r.Latencies) == 0 {
			t.Errorf("%s: %d of %d edits came, %v", w.Name, len(r.Latencies), r.Edits, err)
		}
	}
}
