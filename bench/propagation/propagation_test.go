package propagation

import (
	"errors"
	"testing"

	"github.com/confsync/confsync/bench/stage"
	"github.com/confsync/confsync/internal/stores"
)

// TestMeasure has a few writes seen by both, with every store there is.
func TestMeasure(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts servers")
	}
	for _, s := range stores.All() {
		t.Run(s.Name, func(t *testing.T) {
			results, err := Measure(t.Context(), s, Plan{Writes: 3, Warm: 1, Keys: []int{1, 20}})
			if errors.Is(err, stage.ErrMissing) {
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(results) != 2 {
				t.Fatalf("got %d results", len(results))
			}
			for _, r := range results {
				if len(r.Bare) != 3 || len(r.Ours) != 3 {
					t.Errorf("%d keys: %d and %d times", r.Keys, len(r.Bare), len(r.Ours))
				}
				for _, ns := range append(r.Bare, r.Ours...) {
					if ns <= 0 {
						t.Errorf("%d keys: a write took %v ns", r.Keys, ns)
					}
				}
			}
		})
	}
}

func TestRatio(t *testing.T) {
	r := Result{}
	for i := range 100 {
		r.Bare = append(r.Bare, 10)
		r.Ours = append(r.Ours, 10+float64(i/10)) // from 1.0 to 1.9, a step in each tenth
	}
	got := r.Ratio(0.5)
	if got.N != blocks || got.Min != 1 || got.Max != 1.9 {
		t.Errorf("got %+v", got)
	}
	if bare, ours := r.Quantiles(1); bare != 10 || ours != 19 {
		t.Errorf("got %v and %v", bare, ours)
	}
}
