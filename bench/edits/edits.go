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
	Edits int           // of each kind, for each library
	Pause time.Duration // the most between two edits; a random part of it is waited
	Wait  time.Duration // for the callback, before an edit counts as lost
}

// Result is one library with one kind of writer.
type Result struct {
	Watcher, Writer string
	Edits, Lost     int
	Latencies       []float64 // in nanoseconds, of the edits that were not lost, sorted
}

// mostLost is how many edits are lost in a row before the rest are taken to be.
const mostLost = 20

// Measure lets one library watch a file that one writer edits.
func Measure(ctx context.Context, w Watcher, with Writer, p Plan) (Result, error) {
	r := Result{Watcher: w.Name, Writer: with.Name, Edits: p.Edits}
	dir, err := os.MkdirTemp("", "edits")
	if err != nil {
		return r, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "config.yaml")
	if err := with.write(path, document(0)); err != nil {
		return r, err
	}
	told := make(chan int, 10*p.Edits+100) // sent by callbacks; more are dropped
	stop, err := w.watch(path, func(n int) {
		select {
		case told <- n:
		default:
		}
	})
	if err != nil {
		return r, fmt.Errorf("%s: %w", w.Name, err)
	}
	defer stop()
	time.Sleep(100 * time.Millisecond) // some begin to watch after they have said so
	inRow := 0
	for n := 1; n <= p.Edits && ctx.Err() == nil; n++ {
		time.Sleep(time.Duration(rand.Int64N(int64(p.Pause))))
		if inRow == mostLost {
			r.Lost += p.Edits - n + 1
			break
		}
		began := time.Now()
		if err := with.write(path, document(n)); err != nil {
			return r, err
		}
		if arrives(told, n, p.Wait) {
			r.Latencies = append(r.Latencies, float64(time.Since(began)))
			inRow = 0
		} else {
			r.Lost++
			inRow++
		}
	}
	slices.Sort(r.Latencies)
	return r, ctx.Err()
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
