package stores

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/source"
)

// TestU1Converge is row U1: while 1,000 writes a second are asked for, 100
// programs start, by one client, and each of them ends at what the store holds. What falls between a
// source's reading and its watch would be missing in some.
func TestU1Converge(t *testing.T) {
	for _, b := range All() {
		t.Run(b.Name, func(t *testing.T) { converges(t, b) })
	}
}

func converges(t *testing.T, b Store) {
	const watchers, rate, batch, workers = 100, 1000, 25, 8
	server := b.Serve(t)
	shared := connect(t, b, server.Addr(), nil)
	must(t, shared.Commit(t.Context(), Transaction{Root: root, Put: map[string]string{"first": "1"}}))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()

	// Each worker has keys of its own, and one transaction of them at a time.
	var writing sync.WaitGroup
	var written atomic.Int64
	began := time.Now()
	for i := range workers {
		c := connect(t, b, server.Addr(), nil)
		writing.Go(func() {
			tick := time.NewTicker(time.Second * batch * workers / rate)
			defer tick.Stop()
			for n := 0; ctx.Err() == nil; n++ {
				tx := Transaction{Root: root, Put: map[string]string{}}
				for k := range batch {
					tx.Put[fmt.Sprintf("w%d/k%d", i, k)] = fmt.Sprint(n)
				}
				if err := c.Commit(context.Background(), tx); err != nil {
					t.Error(err)
					return
				}
				written.Add(batch)
				select {
				case <-tick.C:
				case <-ctx.Done():
				}
			}
		})
	}
	// One after another, so that they start at all moments of the writing.
	var sups []*source.Supervisor
	for i := range watchers {
		time.Sleep(20 * time.Millisecond)
		l := b.Layouts[i%len(b.Layouts)]
		if l == Document { // nobody writes the document
			l = Keys
		}
		sups = append(sups, await.Supervise(t, shared.Source(l, root, Options{Probe: 5 * time.Second, Poll: poll})))
	}
	await.Until(t, "enough writes to show anything", func() bool { return written.Load() >= rate })
	cancel()
	writing.Wait()
	wrote := time.Since(began)
	held, err := shared.Read(t.Context(), root)
	must(t, err)
	stopped := time.Now()
	for i, sup := range sups {
		if !await.Holds(await.Limit, func() bool {
			snap, _, _ := sup.Latest()
			return maps.Equal(valuesOf(snap.Tree), held)
		}) {
			t.Fatalf("%d has not the last state: %+v", i, sup.Status())
		}
	}
	t.Logf("%d writes in %.1fs, %.0f a second; %d sources had the last state %.2fs after it was written", written.Load(),
		wrote.Seconds(), float64(written.Load())/wrote.Seconds(), watchers, time.Since(stopped).Seconds())
}
