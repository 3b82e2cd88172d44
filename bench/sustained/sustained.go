// Package sustained measures how far a program is behind a store that is written
// to without a pause.
package sustained

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/metrics"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/bench/stage"
	"github.com/confsync/confsync/bench/stats"
	"github.com/confsync/confsync/internal/stores"
	"github.com/confsync/confsync/source"
)

// Stores are the names of those that are for so many writes: Consul sends the
// whole prefix after a change, and ZooKeeper's client waits on each node.
var Stores = []string{"etcd", "Redis"}

// Keys are how many there are below the prefix in a full run.
var Keys = []int{10_000, 100_000}

// Plan says what to measure.
type Plan struct {
	Rate int // writes a second, to one key after another
	For  time.Duration
	Keys []int
}

// Result is what became of one store with that many keys.
type Result struct {
	Store       string
	Keys        int
	Rate        float64   // of the writes that were made, a second
	Lags        []float64 // in nanoseconds, from before a write until the callback had it or a later one
	Early, Late uint64    // live bytes of the heap: the least in the second quarter and in the last
}

// Quantile returns a quantile of the lags.
func (r Result) Quantile(q float64) float64 {
	return stats.Quantile(slices.Sorted(slices.Values(r.Lags)), q)
}

const (
	writers = 16               // the first of which writes the key that is timed
	limit   = 30 * time.Second // for the last write to be seen
)

// Measure measures one store.
func Measure(ctx context.Context, s stores.Store, p Plan) ([]Result, error) {
	return stage.Sizes(ctx, s, p.Keys, func(addr string, n int) (Result, error) { return measure(ctx, s, addr, n, p) })
}

func measure(ctx context.Context, s stores.Store, addr string, n int, p Plan) (Result, error) {
	r := Result{Store: s.Title, Keys: n}
	client, err := s.Open(addr, nil)
	if err != nil {
		return r, err
	}
	defer client.Close()
	prefix := fmt.Sprintf("sustained-%d", n)
	if err := stage.Prepare(ctx, s, client, prefix, n); err != nil {
		return r, err
	}
	cfg, err := confsync.Open(ctx, confsync.Options[stage.Tree]{
		Sources: []source.Source{client.Source(stores.Keys, prefix, stores.Options{MaxKeys: 2 * n})}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return r, err
	}
	defer cfg.Close()
	var seen clock
	confsync.Watch(cfg, func(t *stage.Tree) string { return t.Value }, func(c confsync.Change[string]) { seen.see(c.New) })

	heap := watchHeap(p.For)
	made, took, err := write(ctx, client, prefix, n, p, &seen)
	r.Early, r.Late = heap()
	if err != nil {
		return r, err
	}
	r.Rate = float64(made) / took.Seconds()
	r.Lags, err = seen.lags(ctx)
	return r, err
}

// write writes at the plan's rate, or as fast as the store takes it.
func write(ctx context.Context, client stores.Client, prefix string, n int, p Plan, seen *clock) (made int64, took time.Duration, err error) {
	var all sync.WaitGroup
	var count atomic.Int64
	errs := make([]error, writers)
	began := time.Now()
	for w := range writers {
		all.Go(func() {
			every := writers * time.Second / time.Duration(p.Rate)
			for i := 0; time.Since(began) < p.For && errs[w] == nil; i++ {
				time.Sleep(time.Until(began.Add(every*time.Duration(i) + every*time.Duration(w)/writers)))
				key, value := fmt.Sprintf("%s/keys/key-%05d", prefix, 1+(i*writers+w)%(n-1)), strconv.Itoa(i)
				if w == 0 {
					key, value = stage.ValueKey(prefix), seen.begin()
				}
				if errs[w] = client.Put(ctx, key, value); errs[w] == nil {
					count.Add(1)
				}
			}
		})
	}
	all.Wait()
	return count.Load(), time.Since(began), errors.Join(errs...)
}

// clock has when the values of the one key were written and seen. A value is its
// place among them, from 1 on.
type clock struct {
	mu  sync.Mutex
	at  []time.Time // of the writes
	lag []float64   // of those that have been seen
}

func (c *clock) begin() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = append(c.at, time.Now())
	return strconv.Itoa(len(c.at))
}

// see notes that a value has come, and all before it are made up for.
func (c *clock) see(value string) {
	now := time.Now()
	n, err := strconv.Atoi(value)
	if err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.lag) < min(n, len(c.at)) {
		c.lag = append(c.lag, float64(now.Sub(c.at[len(c.lag)])))
	}
}

// lags returns those of all writes, when the last has been seen.
func (c *clock) lags(ctx context.Context) ([]float64, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		c.mu.Lock()
		all, lag := len(c.at), c.lag
		c.mu.Unlock()
		if len(lag) == all {
			return lag, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%d of %d writes were seen within %v of the last", len(lag), all, limit)
		case <-time.After(time.Millisecond):
		}
	}
}

// watchHeap looks at the heap until its result is called, which returns the least
// that was live in the second quarter of a time, and in the last.
func watchHeap(whole time.Duration) func() (early, late uint64) {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	began, stop, ended := time.Now(), make(chan struct{}), make(chan struct{})
	var least [4]uint64
	go func() {
		defer close(ended)
		for tick := time.NewTicker(whole / 100); ; {
			select {
			case <-stop:
				tick.Stop()
				return
			case <-tick.C:
			}
			metrics.Read(live)
			quarter := min(3, int(4*time.Since(began)/whole))
			if got := live[0].Value.Uint64(); least[quarter] == 0 || got < least[quarter] {
				least[quarter] = got
			}
		}
	}()
	return func() (early, late uint64) {
		close(stop)
		<-ended
		return least[1], least[3]
	}
}
