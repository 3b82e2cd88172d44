package rest

import (
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/confsync/confsync/bench/stage"
	"github.com/confsync/confsync/internal/stores"
)

// TestMain makes this test binary a client where Measure asks for one.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == WorkerFlag {
		if err := ServeArgs(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func TestMeasure(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts servers")
	}
	all := stores.All()
	results, err := Measure(t.Context(), all, Plan{Keys: 20, Settle: 100 * time.Millisecond, For: 200 * time.Millisecond})
	if errors.Is(err, stage.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if len(results) != len(all)*len(Kinds()) {
		t.Fatalf("got %d results", len(results))
	}
	for _, r := range results {
		if r.Used.Goroutines < 1 || r.Used.CPU <= 0 || r.Up < 0 || r.Down < 0 {
			t.Errorf("got %+v", r)
		}
	}
}
