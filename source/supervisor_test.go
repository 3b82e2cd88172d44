package source_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/sourcetest"
	"github.com/confsync/confsync/tree"
)

func TestSupervisorHoldsTheLatest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sourcetest.NewMemory("m", map[string]any{"a": 1, "b": map[string]any{"c": "x"}})
		r := run(t, m, source.Policy{})
		r.expect(t, source.Live, nil)
		r.calls(t, 1, "first emit")
		first, v1, _ := r.Latest()

		sleep(time.Second)
		m.Set("a", 2)
		synctest.Wait()
		r.calls(t, 1, "new tree")
		second, v2, _ := r.Latest()
		if v2 <= v1 || second.Tree.Same(first.Tree) {
			t.Errorf("version went from %d to %d, tree %v", v1, v2, second.Tree.Root())
		}
		if second.Tree.Root().Child("b") != first.Tree.Root().Child("b") {
			t.Error("the untouched part is not shared")
		}
		st := r.Status()
		if st.Contact != time.Now() || st.Since != time.Now().Add(-time.Second) || st.Revision != "2" {
			t.Errorf("status is %+v at %v", st, time.Now())
		}
	})
}

func TestSupervisorTellsOnlyOfChanges(t *testing.T) {
	at := func(line int32) tree.Tree {
		var b tree.Builder
		m, _ := b.Map([]tree.Entry{{Key: "a", Tree: b.Scalar(tree.Int, "1", tree.Place{Line: line})}}, tree.Place{})
		return m
	}
	one := at(1)
	tests := []struct {
		name     string
		a, b     source.Snapshot
		calls    int32
		versions uint64
	}{
		{"the very same", source.Snapshot{Tree: one}, source.Snapshot{Tree: one}, 0, 0},
		{"read anew", source.Snapshot{Tree: one}, source.Snapshot{Tree: at(1)}, 0, 0},
		{"read anew at one revision", source.Snapshot{Tree: one, Revision: "1"}, source.Snapshot{Tree: at(1), Revision: "1"}, 0, 0},
		{"places moved", source.Snapshot{Tree: one}, source.Snapshot{Tree: at(2)}, 1, 1},
		{"revision moved", source.Snapshot{Tree: one, Revision: "1"}, source.Snapshot{Tree: one, Revision: "2"}, 1, 1},
		{"note", source.Snapshot{Tree: one}, source.Snapshot{Tree: one, Note: "polling"}, 1, 0},
		{"content breaks", source.Snapshot{Tree: one}, source.Snapshot{Err: errCut}, 1, 0},
		{"content stays broken", source.Snapshot{Err: errCut}, source.Snapshot{Err: errors.New(errCut.Error())}, 0, 0},
		{"content breaks otherwise", source.Snapshot{Err: errCut}, source.Snapshot{Err: errors.New("other")}, 1, 0},
		{"content emptied", source.Snapshot{Tree: one}, source.Snapshot{}, 1, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := run(t, scripted(func(ctx context.Context, emit func(source.Snapshot)) error {
					emit(tt.a)
					time.Sleep(time.Second)
					emit(tt.b)
					<-ctx.Done()
					return ctx.Err()
				}), source.Policy{})
				r.calls(t, 1, "first emit")
				before, v1, _ := r.Latest()
				sleep(time.Second)
				r.calls(t, tt.calls, "second emit")
				after, v2, _ := r.Latest()
				if v2-v1 != tt.versions {
					t.Errorf("version grew by %d, want %d", v2-v1, tt.versions)
				}
				if tt.name != "content emptied" && !after.Tree.Same(before.Tree) {
					t.Error("equal values are not the same nodes")
				}
				if o, _ := after.Tree.Origin(tree.Path{"a"}); tt.name == "places moved" && o.Line != 2 {
					t.Errorf("origin is %v, want line 2", o)
				}
			})
		})
	}
}

func TestSupervisorKeepsTheLastGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sourcetest.NewMemory("m", map[string]any{"a": 1})
		r := run(t, m, source.Policy{})
		bad := errors.New("line 3: not a map")
		m.Reject(bad)
		synctest.Wait()
		r.expect(t, source.Live, bad)
		if got := r.root(t); got != "{a:1}" {
			t.Errorf("holds %s", got)
		}
		m.Set("a", 2)
		synctest.Wait()
		r.expect(t, source.Live, nil)
		if got := r.root(t); got != "{a:2}" {
			t.Errorf("holds %s", got)
		}
	})
}

func TestSupervisorNeverDelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sourcetest.NewMemory("m", nil)
		m.Fail(errCut)
		r := run(t, m, source.Policy{})
		if !r.Attempted() {
			t.Error("the first attempt has failed and Attempted is false")
		}
		sleep(time.Hour)
		if st := r.expect(t, source.Connecting, errCut); st.Retries != m.Watches() || st.Retries < 10 || !st.Contact.IsZero() {
			t.Errorf("after %d attempts the status is %+v", m.Watches(), st)
		}
		if _, _, ok := r.Latest(); ok {
			t.Error("Latest is ok before the first emit")
		}
		r.calls(t, 1, "all retries")
	})
}

func TestSupervisorSilentFirstAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var attempts ledger
		r := run(t, scripted(func(ctx context.Context, _ func(source.Snapshot)) error {
			attempts.note()
			<-ctx.Done()
			return ctx.Err()
		}), source.Policy{Resync: time.Minute})
		if r.Attempted() {
			t.Error("Attempted while the first attempt still runs")
		}
		sleep(2 * time.Minute)
		if st := r.Status(); !r.Attempted() || st.State != source.Connecting || st.Err == nil || len(attempts.all()) < 2 {
			t.Errorf("after %d attempts the status is %+v", len(attempts.all()), st)
		}
	})
}

func TestSupervisorTakesAnyEndForAFailure(t *testing.T) {
	tests := []struct {
		name string
		end  func() error
		want string
	}{
		{"nil", func() error { return nil }, "ended without an error"},
		{"a context's error with no reason", func() error { return context.Canceled }, "context canceled"},
		{"panic", func() error { panic("secret") }, "watch panicked: string at "},
		{"panic in an error", func() error { panic(errors.New("secret")) }, "watch panicked: *errors.errorString at "},
		{"panic of the runtime", func() error { return []error{}[len(t.Name())] }, "index out of range"},
	}
	for _, tt := range tests {
		for _, emits := range []bool{true, false} {
			t.Run(tt.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var watches ledger
					r := run(t, scripted(func(ctx context.Context, emit func(source.Snapshot)) error {
						watches.note()
						if emits {
							emit(source.Snapshot{Tree: keys(t, map[string]any{"a": 1})})
						}
						return tt.end()
					}), source.Policy{})
					want := source.Connecting
					if emits {
						want = source.Retrying
					}
					st := r.Status()
					if st.State != want || st.Err == nil || !strings.Contains(st.Err.Error(), tt.want) {
						t.Fatalf("status is %+v, want %v with %q", st, want, tt.want)
					}
					if strings.Contains(st.Err.Error(), "secret") {
						t.Errorf("the error shows a value: %v", st.Err)
					}
					if strings.Contains(tt.want, "panic") && !strings.Contains(st.Err.Error(), "source_test.TestSupervisorTakesAnyEnd") {
						t.Errorf("the error doesn't say where: %v", st.Err)
					}
					sleep(time.Minute)
					if n := len(watches.all()); n < 3 {
						t.Errorf("%d attempts in a minute: it was not retried", n)
					}
				})
			})
		}
	}
}

func TestSupervisorCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		joined := false
		var late func(source.Snapshot)
		r := run(t, scripted(func(ctx context.Context, emit func(source.Snapshot)) error {
			emit(source.Snapshot{Tree: keys(t, map[string]any{"a": 1})})
			<-ctx.Done()
			emit(source.Snapshot{Tree: keys(t, map[string]any{"a": 2})})
			time.Sleep(time.Minute)
			joined, late = true, emit
			return errCut
		}), source.Policy{})
		r.calls(t, 1, "first emit")
		r.stop()
		if !joined {
			t.Error("Run returned before Watch")
		}
		r.calls(t, 1, "closed")
		late(source.Snapshot{Tree: keys(t, map[string]any{"a": 3})})
		if st := r.expect(t, source.Closed, nil); st.Since != time.Now() {
			t.Errorf("closed since %v, want %v", st.Since, time.Now())
		}
		if got := r.root(t); got != "{a:1}" {
			t.Errorf("holds %s: an emit after ctx ended was taken", got)
		}
		r.calls(t, 0, "late emit")
		if err := r.Refresh(t.Context()); err != source.ErrClosed {
			t.Errorf("Refresh returned %v, want ErrClosed", err)
		}
	})
}

func TestSupervisorStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		watching, hangs := false, make(chan struct{})
		s := source.NewSupervisor(scripted(func(ctx context.Context, emit func(source.Snapshot)) error {
			watching = true
			<-ctx.Done()
			<-hangs
			watching = false
			return ctx.Err()
		}), source.Policy{}, nil)
		ctx, cancel := context.WithCancel(t.Context())
		ended := false
		s.Start(ctx, func() {
			if ended = true; watching || s.Status().State != source.Closed {
				t.Errorf("ended was called while the state is %v, watching is %v", s.Status().State, watching)
			}
		})
		sleep(time.Hour)
		cancel()
		sleep(time.Hour)
		if ended {
			t.Error("ended was called before Watch had returned")
		}
		close(hangs)
		synctest.Wait()
		if !ended {
			t.Error("ended was not called")
		}
	})
}

func TestSupervisorClosesDuringAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sourcetest.NewMemory("m", nil)
		r := run(t, m, source.Policy{})
		m.Fail(errCut)
		sleep(10 * time.Second)
		r.stop()
		r.reported.Store(0)
		sleep(time.Hour)
		r.expect(t, source.Closed, errCut)
		r.calls(t, 0, "after the close")
	})
}

// U4: the source never waits for whoever reads.
func TestU4LatestWinsUnderASlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sourcetest.NewMemory("m", nil)
		wake := make(chan struct{}, 1)
		s := source.NewSupervisor(m, source.Policy{}, func() {
			select {
			case wake <- struct{}{}:
			default:
			}
		})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); s.Run(ctx) }()
		synctest.Wait()
		reads, seen := 0, ""
		read := make(chan struct{})
		go func() {
			defer close(read)
			for range wake {
				snap, _, _ := s.Latest()
				reads, seen = reads+1, snap.Tree.Lookup(tree.Path{"n"}).Text()
				time.Sleep(time.Second)
			}
		}()
		for n := range 1000 {
			m.Set("n", n)
			sleep(10 * time.Millisecond)
		}
		sleep(2 * time.Second)
		cancel()
		<-done
		close(wake)
		<-read
		if seen != "999" || reads > 15 {
			t.Errorf("the reader saw %q last, after %d reads", seen, reads)
		}
	})
}
