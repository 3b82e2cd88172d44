package stage

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
)

// TestWith: what ends a test is an error, and what was to be cleaned up has been.
func TestWith(t *testing.T) {
	var dir string
	var order []string
	err := With(t.Context(), func(tb testing.TB) error {
		dir = tb.TempDir()
		tb.Cleanup(func() { order = append(order, "first") })
		tb.Cleanup(func() { order = append(order, "second") })
		tb.Fatalf("no %s", "server")
		return nil
	})
	if err == nil || err.Error() != "no server" {
		t.Errorf("got %v", err)
	}
	if strings.Join(order, " ") != "second first" {
		t.Errorf("cleaned up: %v", order)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("%s: %v", dir, err)
	}
	mine := errors.New("mine")
	if err := With(t.Context(), func(testing.TB) error { return mine }); !errors.Is(err, mine) {
		t.Errorf("got %v", err)
	}
	err = With(t.Context(), func(tb testing.TB) error { tb.Skipf("%s is not installed", "it"); return nil })
	if !errors.Is(err, ErrMissing) {
		t.Errorf("got %v", err)
	}
	var ctx context.Context
	_ = With(t.Context(), func(tb testing.TB) error { ctx = tb.Context(); return nil })
	if ctx.Err() == nil {
		t.Error("its context goes on")
	}
}
