package edits

import (
	"testing"
	"time"
)

// Nothing that ourselves watch is lost, however it is written.
func TestNothingIsLost(t *testing.T) {
	for _, with := range Writers() {
		results, err := Measure(t.Context(), Watchers()[1:2], with, Plan{Rounds: 2, Edits: 10, Pause: 5 * time.Millisecond, Wait: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		if r := results[0]; r.Watcher != "confsync" || r.Edits != 20 || r.Lost != 0 || len(r.Rounds[0]) != 10 || len(r.Rounds[1]) != 10 {
			t.Errorf("%s: %+v", with.Name, r)
		}
	}
}

// Every library is told of an edit, if only of the first.
func TestEveryWatcher(t *testing.T) {
	results, err := Measure(t.Context(), Watchers(), Writers()[0], Plan{Rounds: 1, Edits: 1, Pause: time.Millisecond, Wait: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.Lost != 0 || r.Quantile(0.5) <= 0 || r.Times(results[0]).N != 1 {
			t.Errorf("%+v", r)
		}
	}
}
