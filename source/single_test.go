package source_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/sourcetest"
	"github.com/confsync/confsync/tree"
)

// TestU11OneWatchAtATime gives one source to two supervisors, as two Configs
// would: the second gets an error, and takes over once the first has ended.
func TestU11OneWatchAtATime(t *testing.T) {
	load := func(context.Context) (source.Snapshot, error) { return source.Snapshot{}, nil }
	memory := func() source.Source { return sourcetest.NewMemory("memory", nil) }
	cached := func() source.Source { return source.Cached(filepath.Join(t.TempDir(), "cache"), memory()) }
	sources := map[string]func() source.Source{
		"static":   func() source.Source { return source.Static("static", nil) },
		"unusable": func() source.Source { return source.Static("static", map[string]any{"ch": make(chan int)}) },
		"poll":     func() source.Source { return source.Poll("poll", time.Hour, load) },
		"memory":   memory,
		"cached":   cached,
		"mount":    func() source.Source { return source.Mount("a", memory()) },
		"named":    func() source.Source { return source.Named("a", memory()) },
		"optional": func() source.Source { return source.Optional(memory()) },
		"shaped":   func() source.Source { return source.Optional(cached()) },
	}
	for name, make := range sources {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				src := make()
				first, second := src, src
				if shaped, ok := src.(source.Shaped); ok && name == "shaped" {
					first, _ = shaped.WithShape(&tree.Shape{})
					second, _ = shaped.WithShape(&tree.Shape{})
				}
				a := run(t, first, source.Policy{})
				b := run(t, second, source.Policy{})
				if st := b.Status(); !errors.Is(st.Err, source.ErrWatched) || st.State != source.Connecting {
					t.Errorf("the second is %v with %v, want connecting with ErrWatched", st.State, st.Err)
				}
				if st := a.Status(); st.State != source.Live {
					t.Errorf("the first is %v with %v, want live", st.State, st.Err)
				}
				a.stop()
				if err := b.Refresh(t.Context()); err != nil {
					t.Errorf("once the first has ended: %v", err)
				}
			})
		})
	}
}

func TestJitter(t *testing.T) {
	seen := make(map[time.Duration]bool)
	for range 1000 {
		d := source.Jitter(3, 5)
		if d < 3 || d > 5 {
			t.Fatalf("Jitter(3, 5) = %d", d)
		}
		seen[d] = true
	}
	if len(seen) != 3 {
		t.Errorf("Jitter(3, 5) gave %v in 1000 calls, want each of 3, 4, 5", seen)
	}
	if d := source.Jitter(7, 7); d != 7 {
		t.Errorf("Jitter(7, 7) = %d", d)
	}
	if d := source.Jitter(7, 0); d != 7 {
		t.Errorf("Jitter(7, 0) = %d", d)
	}
}
