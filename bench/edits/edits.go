// Package edits measures the way from an edited file to the callback, with all
// libraries that watch files, beside fsnotify alone.
package edits

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/confsync/confsync/bench/stats"
)

// Writer is a way of writing a file.
type Writer struct {
	Name  string
	write func(path string, data []byte) error
}

// Writers returns those that editors and deployments use.
func Writers() []Writer {
	return []Writer{
		{"renamed over", func(path string, data []byte) error {
			if err := os.WriteFile(path+".new", data, 0o600); err != nil {
				return err
			}
			return os.Rename(path+".new", path)
		}},
		{"written in place", func(path string, data []byte) error { return os.WriteFile(path, data, 0o600) }},
	}
}

// Watcher is a library, or what comes closest to it.
type Watcher struct {
	Name string

	// watch has tell called with the number in the file whenever the library says
	// that it has changed. It returns once the library watches.
	watch func(path string, tell func(int)) (stop func(), err error)
}

// Plan is how much is measured.
type Plan struct {
	Rounds int
	Edits  int           // in a round, for each library
	Pause  time.Duration // the most between two edits; a random part of it is waited
	Wait   time.Duration // for the callback, before an edit counts as lost
}

// Result is one library with one kind of writer.
type Result struct {
	Watcher, Writer string
	Edits, Lost     int
	Rounds          [][]float64 // in nanoseconds, of the edits that were not lost
}

// Quantile returns a quantile of all edits that were not lost.
func (r Result) Quantile(q float64) float64 {
	return stats.Quantile(slices.Sorted(slices.Values(slices.Concat(r.Rounds...))), q)
}

// Times returns how many times the median of another this one's is, round by
// round.
func (r Result) Times(other Result) stats.Summary {
	var ratios []float64
	for i := range min(len(r.Rounds), len(other.Rounds)) {
		if a, b := stats.Of(r.Rounds[i]), stats.Of(other.Rounds[i]); a.N > 0 && b.N > 0 {
			ratios = append(ratios, a.Median/b.Median)
		}
	}
	return stats.Of(ratios)
}

// mostLost is how many edits are lost in a row before the rest are taken to be.
const mostLost = 20

// Measure lets each library watch a file of its own that one kind of writer edits.
// They take turns, round by round.
func Measure(ctx context.Context, watchers []Watcher, with Writer, p Plan) ([]Result, error) {
	var runs []*run
	defer func() {
		for _, r := range runs {
			r.stop()
		}
	}()
	for _, w := range watchers {
		r, err := start(w, with, p)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", w.Name, err)
		}
		runs = append(runs, r)
	}
	time.Sleep(100 * time.Millisecond) // some begin to watch after they have said so
	for round := range p.Rounds {
		for i := range runs {
			if err := runs[(i+round)%len(runs)].edit(ctx, round, p); err != nil {
				return nil, err
			}
		}
	}
	var results []Result
	for _, r := range runs {
		results = append(results, r.Result)
	}
	return results, nil
}

// run is one library that watches.
type run struct {
	Result
	with  Writer
	path  string
	told  chan int // sent by callbacks, never closed; more than it holds are dropped
	n     int      // in the file
	inRow int      // edits that were lost
	stop  func()
}

func start(w Watcher, with Writer, p Plan) (*run, error) {
	dir, err := os.MkdirTemp("", "edits")
	if err != nil {
		return nil, err
	}
	r := &run{
		Result: Result{Watcher: w.Name, Writer: with.Name, Rounds: make([][]float64, p.Rounds)},
		with:   with, path: filepath.Join(dir, "config.yaml"), told: make(chan int, 10*p.Edits+100),
	}
	if err := with.write(r.path, document(0)); err != nil {
		return nil, err
	}
	stop, err := w.watch(r.path, func(n int) {
		select {
		case r.told <- n:
		default:
		}
	})
	if err != nil {
		return nil, err
	}
	r.stop = func() { stop(); os.RemoveAll(dir) }
	return r, nil
}

// edit makes the edits of one round.
func (r *run) edit(ctx context.Context, round int, p Plan) error {
	for range p.Edits {
		r.n++
		r.Edits++
		if r.inRow == mostLost {
			r.Lost++
			continue
		}
		time.Sleep(time.Duration(rand.Int64N(int64(p.Pause))))
		began := time.Now()
		if err := r.with.write(r.path, document(r.n)); err != nil {
			return err
		}
		if arrives(r.told, r.n, p.Wait) {
			r.Rounds[round] = append(r.Rounds[round], float64(time.Since(began)))
			r.inRow = 0
		} else {
			r.Lost++
			r.inRow++
		}
	}
	return ctx.Err()
}

func arrives(told <-chan int, n int, within time.Duration) bool {
	timeout := time.After(within)
	for {
		select {
		case got := <-told:
			if got == n {
				return true
			}
		case <-timeout:
			return false
		}
	}
}

// document returns a small configuration around a number.
func document(n int) []byte {
	var b strings.Builder
	for i := range 50 {
		fmt.Fprintf(&b, "key%02d: value %d\n", i, i)
	}
	fmt.Fprintf(&b, "number: %d\n", n)
	for i := range 50 {
		fmt.Fprintf(&b, "more%02d: value %d\n", i, i)
	}
	return []byte(b.String())
}
