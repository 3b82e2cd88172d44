// Package propagation measures how long it takes from a write to a store until
// a program knows: by the store's own client, and by confsync's callback.
//
// Both watch a prefix of their own on one server, each with its own connection,
// and the writes go to one and the other in turn, so that both see the same
// machine and the same server.
package propagation

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/bench/stage"
	"github.com/confsync/confsync/bench/stats"
	"github.com/confsync/confsync/internal/stores"
	"github.com/confsync/confsync/source"
)

// Result is what one store took with that many keys under the prefix. Times are
// in nanoseconds and in the order of the writes.
type Result struct {
	Store      string
	Keys       int
	Bare, Ours []float64
}

// Keys returns how many keys there are in a full run. ZooKeeper's client waits on
// each node, so it is for small trees.
func Keys(store string) []int {
	if store == "ZooKeeper" {
		return []int{1, 1_000}
	}
	return []int{1, 10_000}
}

// Plan says what to measure.
type Plan struct {
	Writes int   // to each of the two
	Warm   int   // writes before that
	Keys   []int // under the prefix
}

const limit = 30 * time.Second // for one write to be seen

// Measure measures one store.
func Measure(ctx context.Context, s stores.Store, p Plan) ([]Result, error) {
	return stage.Sizes(ctx, s, p.Keys, func(addr string, n int) (Result, error) { return measure(ctx, s, addr, n, p) })
}

func measure(ctx context.Context, s stores.Store, addr string, n int, p Plan) (Result, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := Result{Store: s.Title, Keys: n}
	writer, err := s.Open(addr, nil)
	if err != nil {
		return r, err
	}
	defer writer.Close()
	bare, err := follow(ctx, s, writer, addr, fmt.Sprintf("bare-%d", n), n)
	if err != nil {
		return r, err
	}
	defer bare.stop()
	ours, err := subscribe(ctx, s, writer, addr, fmt.Sprintf("ours-%d", n), n)
	if err != nil {
		return r, err
	}
	defer ours.stop()
	for i := range p.Warm + p.Writes {
		for _, w := range []*watcher{bare, ours} {
			took, err := w.write(ctx, writer, i+1)
			if err != nil {
				return r, err
			}
			if i >= p.Warm {
				w.times = append(w.times, float64(took.Nanoseconds()))
			}
			time.Sleep(s.Rest / 2) // so that the writes to each are Rest apart
		}
	}
	r.Bare, r.Ours = bare.times, ours.times
	return r, nil
}

// watcher is somebody who watches a prefix.
type watcher struct {
	prefix string
	seen   chan sight // sent by whoever sees, received by write; never closed
	failed chan error // one slot
	times  []float64
	stop   func()
}

// sight is a value that was seen, and when.
type sight struct {
	value string
	at    time.Time
}

func newWatcher(ctx context.Context, s stores.Store, writer stores.Client, prefix string, n int) (*watcher, error) {
	w := &watcher{prefix: prefix, seen: make(chan sight, 16), failed: make(chan error, 1)}
	return w, stage.Prepare(ctx, s, writer, prefix, n)
}

func (w *watcher) see(value string) { w.seen <- sight{value, time.Now()} }

// follow watches with the store's own client.
func follow(ctx context.Context, s stores.Store, writer stores.Client, addr, prefix string, n int) (*watcher, error) {
	w, err := newWatcher(ctx, s, writer, prefix, n)
	if err != nil {
		return nil, err
	}
	client, err := s.Open(addr, nil)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	began, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		w.failed <- client.Follow(ctx, prefix, stage.ValueKey(prefix), func() { close(began) }, w.see)
	}()
	w.stop = func() { cancel(); client.Close(); <-ended }
	select {
	case <-began:
		return w, nil
	case err := <-w.failed:
		w.stop()
		return nil, err
	}
}

// subscribe watches with confsync.
func subscribe(ctx context.Context, s stores.Store, writer stores.Client, addr, prefix string, n int) (*watcher, error) {
	w, err := newWatcher(ctx, s, writer, prefix, n)
	if err != nil {
		return nil, err
	}
	client, err := s.Open(addr, nil)
	if err != nil {
		return nil, err
	}
	cfg, err := confsync.Open(ctx, confsync.Options[stage.Tree]{
		Sources: []source.Source{stage.Source(client, prefix)}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		client.Close()
		return nil, err
	}
	w.stop = func() { cfg.Close(); client.Close() }
	confsync.Watch(cfg, func(t *stage.Tree) string { return t.Value }, func(c confsync.Change[string]) { w.see(c.New) })
	if got := len(cfg.Get().Keys); got != n-1 {
		w.stop()
		return nil, fmt.Errorf("confsync has %d keys of %d", got, n-1)
	}
	return w, nil
}

// write writes a value and waits until it is seen. The time begins before the
// write.
func (w *watcher) write(ctx context.Context, writer stores.Client, i int) (time.Duration, error) {
	value := strconv.Itoa(i)
	start := time.Now()
	if err := writer.Put(ctx, stage.ValueKey(w.prefix), value); err != nil {
		return 0, err
	}
	late := time.NewTimer(limit)
	defer late.Stop()
	for {
		select {
		case s := <-w.seen:
			if s.value == value {
				return s.at.Sub(start), nil
			}
		case err := <-w.failed:
			return 0, fmt.Errorf("the watch of %s ended: %w", w.prefix, err)
		case <-late.C:
			return 0, fmt.Errorf("%s: value %d wasn't seen within %v", w.prefix, i, limit)
		}
	}
}

// blocks are how many parts a run is cut into, to tell the spread of a median.
const blocks = 10

// Ratio returns the spread of a quantile of ours over the same of the bare
// client's, in each tenth of the run.
func (r Result) Ratio(q float64) stats.Summary {
	var ratios []float64
	size := max(1, len(r.Ours)/blocks)
	for i := 0; i+size <= len(r.Ours); i += size {
		bare, ours := quantile(r.Bare[i:i+size], q), quantile(r.Ours[i:i+size], q)
		ratios = append(ratios, ours/bare)
	}
	return stats.Of(ratios)
}

// Quantiles returns a quantile of both, over the whole run.
func (r Result) Quantiles(q float64) (bare, ours float64) {
	return quantile(r.Bare, q), quantile(r.Ours, q)
}

func quantile(figures []float64, q float64) float64 {
	return stats.Quantile(slices.Sorted(slices.Values(figures)), q)
}
