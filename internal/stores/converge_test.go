package stores

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/confsync/confsync/source"
)

// TestU1Converge is row U1: at 1,000 writes a second, 100 programs start, by one
// client, and each of them ends at what the store holds. What falls between a
// source's reading and its watch would be missing in some.
func TestU1Converge(t *testing.T) {
	for _, b := range backends() {
		t.Run(b.name, func(t *testing.T) { converges(t, b) })
	}
}

func converges(t *testing.T, b backend) {
	const watchers, rate, batch, workers = 100, 1000, 25, 8
	server := b.serve(t)
	shared := b.connect(t, server.Addr(), nil)
	t.Cleanup(shared.close)
	must(t, shared.commit(t.Context(), txn{root: root, put: map[string]string{"first": "1"}}))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()

	// Each worker has keys of its own, and one transaction of them at a time.
	var writing sync.WaitGroup
	written := make([]int, workers)
	began := time.Now()
	for i := range workers {
		c := b.connect(t, server.Addr(), nil)
		t.Cleanup(c.close)
		writing.Go(func() {
			tick := time.NewTicker(time.Second * batch * workers / rate)
			defer tick.Stop()
			for n := 0; ctx.Err() == nil; n++ {
				tx := txn{root: root, put: map[string]string{}}
				for k := range batch {
					tx.put[fmt.Sprintf("w%d/k%d", i, k)] = fmt.Sprint(n)
				}
				if err := c.commit(context.Background(), tx); err != nil {
					t.Error(err)
					return
				}
				written[i] += batch
				select {
				case <-tick.C:
				case <-ctx.Done():
				}
			}
		})
	}
	total := func() (n int) {
		for _, w := range written {
			n += w
		}
		return n
	}

	// One after another, so that they start at all moments of the writing.
	var sups []*source.Supervisor
	for i := range watchers {
		time.Sleep(20 * time.Millisecond)
		w := b.ways[i%len(b.ways)]
		if w == page { // nobody writes the document
			w = keys
		}
		sups = append(sups, supervise(t, shared.source(w, root, options{probe: 5 * time.Second}), hasty()))
	}
	for i, sup := range sups {
		eventually(t, 2*time.Minute, func() string { return fmt.Sprintf("a first snapshot of %d: %+v", i, sup.Status()) }, func() bool {
			_, _, ok := sup.Latest()
			return ok
		})
	}
	cancel()
	writing.Wait()
	wrote := time.Since(began)
	held, err := shared.read(t.Context(), root)
	must(t, err)
	stopped := time.Now()
	for i, sup := range sups {
		eventually(t, 2*time.Minute, func() string { return fmt.Sprintf("the last state in %d: %+v", i, sup.Status()) }, func() bool {
			snap, _, _ := sup.Latest()
			return maps.Equal(valuesOf(snap.Tree), held)
		})
	}
	t.Logf("%d writes in %.1fs, %.0f a second; %d sources had the last state %.2fs after it was written",
		total(), wrote.Seconds(), float64(total())/wrote.Seconds(), watchers, time.Since(stopped).Seconds())
	if total() < rate {
		t.Errorf("only %d writes while the sources started", total())
	}
}
