package sustained

import (
	"errors"
	"testing"
	"time"

	"github.com/confsync/confsync/bench/stage"
	"github.com/confsync/confsync/internal/stores"
)

// TestMeasure has a store written to for a moment: each write of the timed key is
// seen, late or not.
func TestMeasure(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts servers")
	}
	for _, name := range Stores {
		t.Run(name, func(t *testing.T) {
			s, err := stores.Of(name)
			if err != nil {
				t.Fatal(err)
			}
			results, err := Measure(t.Context(), s, Plan{Rate: 200, For: time.Second, Keys: []int{50}})
			if errors.Is(err, stage.ErrMissing) {
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			r := results[0]
			if len(results) != 1 || r.Rate <= 0 || len(r.Lags) == 0 {
				t.Fatalf("got %+v", results)
			}
			for _, lag := range r.Lags {
				if lag <= 0 {
					t.Errorf("a write was seen after %v ns", lag)
				}
			}
		})
	}
}

func TestClock(t *testing.T) {
	var c clock
	first, _, third := c.begin(), c.begin(), c.begin()
	c.see("0") // of before the first write
	c.see(first)
	if len(c.lag) != 1 {
		t.Errorf("%d writes were seen, want 1", len(c.lag))
	}
	c.see(third)
	lags, err := c.lags(t.Context())
	if err != nil || len(lags) != 3 || lags[1] < lags[2] {
		t.Errorf("got %v, %v", lags, err)
	}
}
