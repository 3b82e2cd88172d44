package stores

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/source"
)

// TestU11TwoConfigs is row U11: with a source that another Config has, Open returns an
// error that says so, and the first goes on.
func TestU11TwoConfigs(t *testing.T) {
	type config struct{ A string }
	sideBySide(t, func(t *testing.T, b Store) {
		server := b.Serve(t)
		c := connect(t, b, server.Addr(), nil)
		write := func(value string, isNew bool) {
			must(t, c.Commit(t.Context(), Transaction{
				Root: root, New: isNew, Put: map[string]string{"a": value}, Document: `{"a":"` + value + `"}`,
			}))
		}
		write("0", true)
		open := func(src source.Source, within time.Duration) (*confsync.Config[config], error) {
			return confsync.Open(t.Context(), confsync.Options[config]{
				Sources: []source.Source{src}, StartTimeout: within, Logger: slog.New(slog.DiscardHandler),
			})
		}
		for _, l := range b.Layouts {
			src := c.Source(l, root, Options{Probe: time.Second, Poll: poll})
			first, err := open(src, await.Limit)
			must(t, err)
			defer first.Close()
			if _, err := open(src, time.Second); !errors.Is(err, source.ErrWatched) {
				t.Errorf("%s: the second Open = %v, want %v", l, err, source.ErrWatched)
			}
			value := "after " + string(l)
			write(value, false)
			await.Until(t, "the first has what was written then", func() bool { return first.Get().A == value })
		}
	})
}
