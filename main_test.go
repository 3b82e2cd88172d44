package confsync_test

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/source"
)

// app is the configuration that most tests bind.
type app struct {
	Server struct {
		Host string `default:"localhost"`
		Port uint16 `default:"8080"`
	}
	DB struct {
		MaxConns int
		Pool     struct{ Min, Max int }
		Password confsync.Secret
	}
	Pair     struct{ A, B int }
	Services map[string]service
}

type service struct {
	Host    string
	Timeout time.Duration `default:"5s"`
}

// within is how long a test waits for what must happen.
const within = await.Limit

func openApp(t *testing.T, opts confsync.Options[app]) *confsync.Config[app] {
	t.Helper()
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	c, err := confsync.Open(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func sources(s ...source.Source) confsync.Options[app] { return confsync.Options[app]{Sources: s} }

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	await.Until(t, what, holds)
}

// refreshed waits until what the sources hold now has been looked at.
func refreshed[T any](t *testing.T, c *confsync.Config[T]) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	c.Refresh(ctx)
	if ctx.Err() != nil {
		t.Fatal("refresh did not return")
	}
}

// logged is a logger's output.
type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *logged) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }
