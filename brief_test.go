package confsync_test

import (
	"context"
	"testing"
	"time"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
)

// TestLoadIsBrief: the sources of a Load know that they are read once, through
// combinators too, and those of a Config don't.
func TestLoadIsBrief(t *testing.T) {
	var brief bool
	sources := func() []source.Source {
		return []source.Source{source.Optional(source.Named("n", source.Poll("p", time.Hour, func(ctx context.Context) (source.Snapshot, error) {
			brief = source.IsBrief(ctx)
			return source.Snapshot{}, nil
		})))}
	}
	if _, err := confsync.Load(t.Context(), confsync.Options[struct{ A int }]{Sources: sources()}); err != nil || !brief {
		t.Error("Load: brief", brief, "error", err)
	}
	c, err := confsync.Open(t.Context(), confsync.Options[struct{ A int }]{Sources: sources()})
	if err != nil || brief {
		t.Fatal("Open: brief", brief, "error", err)
	}
	c.Close()
}
