// Package stage starts and fills servers outside of tests.
package stage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"testing"

	"github.com/confsync/confsync/internal/stores"
)

// ErrMissing is in the error of what can't be done because a server isn't
// installed.
var ErrMissing = errors.New("a server is missing")

// With calls f with something to start servers with, outside of tests, and ends
// them when f has returned. What would fail a test is an error; so is what would
// skip one.
func With(ctx context.Context, f func(testing.TB) error) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	s := &stage{ctx: ctx}
	defer func() {
		cancel()
		for len(s.cleanups) > 0 {
			last := s.cleanups[len(s.cleanups)-1]
			s.cleanups = s.cleanups[:len(s.cleanups)-1]
			last()
		}
		err = errors.Join(append(s.errs, err)...)
	}()
	done := make(chan struct{}) // closed when f has returned or given up
	go func() {
		defer close(done)
		err = f(s)
	}()
	<-done
	return err
}

// Sizes starts a store's server and measures it with one number of keys after
// another. It returns the results so far with an error.
func Sizes[R any](ctx context.Context, s stores.Store, keys []int, measure func(addr string, n int) (R, error)) ([]R, error) {
	var results []R
	err := With(ctx, func(t testing.TB) error {
		addr := s.Serve(t).Addr()
		for _, n := range keys {
			r, err := measure(addr, n)
			if err != nil {
				return fmt.Errorf("%d keys: %w", n, err)
			}
			results = append(results, r)
		}
		return nil
	})
	if err != nil {
		return results, fmt.Errorf("%s: %w", s.Title, err)
	}
	return results, nil
}

// stage is the part of a test that servers need. Its methods are called by the
// goroutine of f alone, but for those that only note an error.
type stage struct {
	testing.TB // nil: what isn't here isn't called
	ctx        context.Context
	cleanups   []func()
	errs       []error
}

func (s *stage) Helper()                  {}
func (s *stage) Name() string             { return "bench" }
func (s *stage) Context() context.Context { return s.ctx }
func (s *stage) Cleanup(f func())         { s.cleanups = append(s.cleanups, f) }
func (s *stage) Failed() bool             { return len(s.errs) > 0 }
func (s *stage) Log(...any)               {}
func (s *stage) Logf(string, ...any)      {}

func (s *stage) TempDir() string {
	dir, err := os.MkdirTemp("", "confsync-bench-")
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func (s *stage) Error(args ...any) { s.errs = append(s.errs, errors.New(fmt.Sprint(args...))) }
func (s *stage) Errorf(format string, args ...any) {
	s.errs = append(s.errs, fmt.Errorf(format, args...))
}

func (s *stage) Fatal(args ...any) {
	s.Error(args...)
	runtime.Goexit()
}

func (s *stage) Fatalf(format string, args ...any) {
	s.Errorf(format, args...)
	runtime.Goexit()
}

func (s *stage) Skip(args ...any) { s.Skipf("%s", fmt.Sprint(args...)) }

func (s *stage) Skipf(format string, args ...any) {
	s.errs = append(s.errs, fmt.Errorf("%w: %s", ErrMissing, fmt.Sprintf(format, args...)))
	runtime.Goexit()
}
