package source_test

import (
	"context"
	"errors"
	"io/fs"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

// nilError is an error whose methods need the value that a nil pointer lacks.
type nilError struct{ text string }

func (n *nilError) Error() string      { return n.text }
func (n *nilError) Unwrap() error      { return errors.New(n.text) }
func (n *nilError) Is(err error) bool  { return n.text == err.Error() }
func (n *nilError) RuntimeError()      {}
func (n *nilError) As(target any) bool { return n.text == "" }

func set(m map[string]int) error {
	m["a"] = 1
	return nil
}

// TestFailuresOfEveryKind has a source end its Watch, and what it calls, in
// every way there is. Each is a failure with a text, and the source is watched
// again.
func TestFailuresOfEveryKind(t *testing.T) {
	ways := map[string]struct {
		end  func() error
		text string // in the error
	}{
		"an error":                {func() error { return errCut }, "connection refused"},
		"nil":                     {func() error { return nil }, "without an error"},
		"a nil pointer":           {func() error { return (*nilError)(nil) }, "*source_test.nilError"},
		"one inside another":      {func() error { return errors.Join(errCut, (*nilError)(nil)) }, "no text"},
		"a panic":                 {func() error { panic("hunter2") }, "panicked: string"},
		"a panic with nil":        {func() error { panic(nil) }, "panicked"},
		"a panic with an error":   {func() error { panic(errCut) }, "panicked: *errors.errorString"},
		"a panic with a nil one":  {func() error { panic((*nilError)(nil)) }, "panicked: *source_test.nilError"},
		"a panic of the runtime":  {func() error { return set(nil) }, "nil map"},
		"the end of a goroutine":  {func() error { runtime.Goexit(); return nil }, "ended its goroutine"},
		"a Goexit behind a panic": {func() error { defer runtime.Goexit(); panic("x") }, "ended its goroutine"},
	}
	places := map[string]func(end func() error, healed func() bool) source.Source{
		"Watch": func(end func() error, healed func() bool) source.Source {
			return scripted(func(ctx context.Context, emit func(source.Snapshot)) error {
				if !healed() {
					return end()
				}
				emit(source.Snapshot{})
				<-ctx.Done()
				return ctx.Err()
			})
		},
		"Watch, after an emit": func(end func() error, healed func() bool) source.Source {
			return scripted(func(ctx context.Context, emit func(source.Snapshot)) error {
				emit(source.Snapshot{})
				if !healed() {
					return end()
				}
				<-ctx.Done()
				return ctx.Err()
			})
		},
		"Poll's load": func(end func() error, healed func() bool) source.Source {
			return source.Poll("scripted", time.Hour, func(context.Context) (source.Snapshot, error) {
				if !healed() {
					if err := end(); err != nil {
						return source.Snapshot{}, err
					}
					return source.Snapshot{}, errors.New("watch ended without an error")
				}
				return source.Snapshot{}, nil
			})
		},
		"Cached": func(end func() error, healed func() bool) source.Source {
			cached := source.Cached(t.TempDir()+"/cache", scripted(func(ctx context.Context, emit func(source.Snapshot)) error {
				if !healed() {
					return end()
				}
				emit(source.Snapshot{})
				<-ctx.Done()
				return ctx.Err()
			}))
			src, _ := cached.(source.Shaped).WithShape(&tree.Shape{})
			return src
		},
	}
	for place, make := range places {
		for how, way := range ways {
			t.Run(place+"/"+how, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var attempts atomic.Int64
					var healed atomic.Bool
					r := run(t, make(func() error { attempts.Add(1); return way.end() }, healed.Load), source.Policy{})
					sleep(time.Minute)
					st := r.Status()
					if st.Err == nil || !strings.Contains(st.Err.Error(), way.text) || strings.Contains(st.Err.Error(), "hunter2") {
						t.Errorf("error %v, want one with %q", st.Err, way.text)
					}
					if attempts.Load() < 3 || st.Failures != attempts.Load() || st.Watches != st.Failures {
						t.Errorf("%d attempts, %d watches and %d failures were counted", attempts.Load(), st.Watches, st.Failures)
					}
					healed.Store(true)
					sleep(time.Minute)
					r.expect(t, source.Live, nil)
				})
			})
		}
	}
}

// TestFailuresOfTheReport has the caller of the supervisor fail in what an emit calls.
func TestFailuresOfTheReport(t *testing.T) {
	for name, fail := range map[string]func(){
		"panic":  func() { panic((*nilError)(nil)) },
		"Goexit": runtime.Goexit,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				first := true
				src := source.Static("static", map[string]any{"a": 1})
				sup := source.NewSupervisor(src, source.Policy{}, func() {
					if first {
						first = false
						fail()
					}
				})
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan error)
				go func() { done <- sup.Run(ctx) }()
				sleep(time.Minute)
				if st := sup.Status(); st.State != source.Live || st.Failures != 1 {
					t.Errorf("status is %+v, want live after one failure", st)
				}
				cancel()
				<-done
			})
		})
	}
}

// TestErrorsOfContent has a source emit errors that can't be read.
func TestErrorsOfContent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, optional := range []bool{false, true} {
			var src source.Source = scripted(func(ctx context.Context, emit func(source.Snapshot)) error {
				emit(source.Snapshot{Err: (*nilError)(nil)})
				<-ctx.Done()
				return ctx.Err()
			})
			if optional {
				src = source.Optional(src)
			}
			r := run(t, src, source.Policy{})
			st := r.Status()
			if st.State != source.Live || st.Err == nil || !strings.Contains(st.Err.Error(), "nilError") || errors.Is(st.Err, fs.ErrNotExist) {
				t.Errorf("optional %v: status is %+v", optional, st)
			}
			r.stop()
		}
	})
}

// TestAWatchThatHangs covers a source that doesn't obey its context: Refresh
// does, the status says so, and all is well once it returns.
func TestAWatchThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		r := run(t, scripted(func(ctx context.Context, emit func(source.Snapshot)) error {
			emit(source.Snapshot{})
			<-release
			return ctx.Err()
		}), source.Policy{Resync: -1})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := r.Refresh(ctx); err != context.DeadlineExceeded {
			t.Errorf("Refresh returned %v, want the context's error", err)
		}
		if err := r.Refresh(t.Context()); err == nil || !strings.Contains(err.Error(), "has not returned") {
			t.Errorf("Refresh without a deadline returned %v", err)
		}
		if st := r.Status(); st.State != source.Retrying || st.Err == nil {
			t.Errorf("status is %v with %v, want retrying", st.State, st.Err)
		}
		sleep(time.Minute)
		if st := r.Status(); st.State != source.Stale || st.Watches != 1 {
			t.Errorf("status is %v after %d watches, want stale after 1", st.State, st.Watches)
		}
		close(release)
		if err := r.Refresh(t.Context()); err != nil {
			t.Errorf("once it has returned, Refresh returns %v", err)
		}
		sleep(0)
	})
}
