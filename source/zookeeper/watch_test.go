package zookeeper

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

// watched is a Watch under way.
type watched struct {
	stop  context.CancelFunc
	ended chan error
	snaps []source.Snapshot // to be read after synctest.Wait
}

func begin(t *testing.T, s *store) *watched {
	ctx, cancel := context.WithCancel(t.Context())
	w := &watched{stop: cancel, ended: make(chan error, 1)}
	go func() {
		w.ended <- s.Watch(ctx, func(snap source.Snapshot) { w.snaps = append(w.snaps, snap) })
	}()
	synctest.Wait()
	return w
}

func (w *watched) last() source.Snapshot {
	synctest.Wait()
	if len(w.snaps) == 0 {
		return source.Snapshot{Err: errors.New("nothing emitted")}
	}
	return w.snaps[len(w.snaps)-1]
}

func (w *watched) want(t *testing.T, tree string) {
	t.Helper()
	if snap := w.last(); snap.Err != nil || snap.Tree.Root().String() != tree {
		t.Errorf("got %v, %v, want %s", snap.Tree.Root(), snap.Err, tree)
	}
}

func TestZ1EveryWakeIsEmittedAndTheWatchSetAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake("/app/a", "0", "/app/b/x", "y")
		w := begin(t, newStore(f, "/app", nil))
		defer w.stop()
		f.asked = nil
		first := w.last().Tree
		for i := 1; i <= 5; i++ {
			f.write(func() { f.put("/app/a", []byte(strconv.Itoa(i))) })
			w.want(t, fmt.Sprintf(`{a:"%d" b:{x:"y"}}`, i))
		}
		for range 3 {
			f.write(func() { f.put("/app/b/z", []byte("1")) })
			w.want(t, `{a:"5" b:{x:"y" z:"1"}}`)
			f.write(func() { f.del("/app/b/z") })
			w.want(t, `{a:"5" b:{x:"y"}}`)
		}
		if len(w.snaps) != 1+5+6 {
			t.Errorf("%d snapshots, want 12", len(w.snaps))
		}
		if slices.Contains(f.asked, request{readKids, "/app"}) || slices.Contains(f.asked, request{readData, "/app/b/x"}) {
			t.Errorf("read what no watch told of: %v", f.asked)
		}
		if a, b := first.Lookup(tree.Path{"b", "x"}), w.last().Tree.Lookup(tree.Path{"b", "x"}); a != b {
			t.Error("a node that nobody touched isn't shared")
		}
	})
}

// A server that may not tell of a change takes the watch away all the same.
func TestZ1WatchTakenAwaySilentlyIsSetAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake("/app/a", "1", "/app/b", "1")
		s := newStore(f, "/app", nil)
		w := begin(t, s)
		f.write(func() {
			f.mute()
			f.put("/app/a", []byte("2"))
			f.put("/app/c", []byte("2"))
		})
		w.want(t, `{a:"1" b:"1"}`) // nobody told
		w.stop()
		<-w.ended
		w = begin(t, s)
		defer w.stop()
		w.want(t, `{a:"2" b:"1" c:"2"}`)
		f.write(func() { f.put("/app/a", []byte("3")) })
		f.write(func() { f.put("/app/d", []byte("3")) })
		w.want(t, `{a:"3" b:"1" c:"2" d:"3"}`)
	})
}

// What is deleted silently is missing from its parent's list.
func TestZ1DeletionIsFoundByTheParent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake("/app/a", "1", "/app/b/c", "1")
		w := begin(t, newStore(f, "/app", nil))
		defer w.stop()
		f.write(func() {
			for _, p := range []string{"/app/b", "/app/b/c"} {
				delete(f.watched, watch{p, false})
				delete(f.watched, watch{p, true})
			}
			f.del("/app/b")
		})
		w.want(t, `{a:"1"}`)
	})
}

func TestU2RightsToTheRootAreProbed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake("/app/a", "1")
		w := begin(t, newStore(f, "/app", nil))
		f.write(func() { f.failing["/app"] = zk.ErrNoAuth })
		start := time.Now()
		if err := <-w.ended; !errors.Is(err, zk.ErrNoAuth) || time.Since(start) > 10*time.Second || len(w.snaps) != 1 {
			t.Errorf("Watch = %v after %v with %d snapshots", err, time.Since(start), len(w.snaps))
		}
	})
}

func TestZ2NewSessionOrConnectionEndsTheWatch(t *testing.T) {
	tests := []struct {
		name  string
		fault func(f *fake)
		says  string
		is    error
	}{
		{"expired", func(f *fake) { f.expire() }, "session has been expired", zk.ErrSessionExpired},
		{"another session", func(f *fake) { f.become(session{zk.StateHasSession, 2, "server"}) }, "session has been expired", zk.ErrSessionExpired},
		{"cut", func(f *fake) { f.become(session{zk.StateConnecting, 1, "server"}) }, "connection lost: StateConnecting", nil},
		{"another server", func(f *fake) { f.become(session{zk.StateHasSession, 1, "other"}) }, "connection lost: now with other", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake("/app/a", "1")
				s := newStore(f, "/app", nil)
				w := begin(t, s)
				w.want(t, `{a:"1"}`)
				start := time.Now()
				tt.fault(f)
				err := <-w.ended
				if err == nil || !strings.Contains(err.Error(), tt.says) || tt.is != nil && !errors.Is(err, tt.is) {
					t.Errorf("Watch = %v, want %q", err, tt.says)
				}
				if took := time.Since(start); took > lookEvery {
					t.Errorf("after %v, want %v at most", took, lookEvery)
				}
				// What changes while nobody watches is found by the next walk.
				f.become(session{zk.StateHasSession, 2, "server"})
				f.nodes["/app/a"].data = []byte("2") // a watch lost
				w = begin(t, s)
				defer w.stop()
				w.want(t, `{a:"2"}`)
			})
		})
	}
}

func TestU2EmptinessIsConfirmed(t *testing.T) {
	tests := []struct {
		name  string
		write func(f *fake)
		want  string
	}{
		{"the last key", func(f *fake) { f.del("/app/a") }, `{}`},
		{"the root", func(f *fake) { f.del("/app") }, `nothing`},
		{"the root, and it is back", func(f *fake) { f.del("/app"); f.put("/app/b", []byte("2")) }, `{b:"2"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake("/app/a", "1")
				w := begin(t, newStore(f, "/app", nil))
				defer w.stop()
				f.asked = nil
				f.write(func() { tt.write(f) })
				w.want(t, tt.want)
				gone := f.nodes["/app"] == nil
				if synced := slices.Contains(f.asked, request{catchUp, "/app"}); gone && !synced {
					t.Error("believed without asking the leader")
				}
				f.write(func() { f.put("/app/c", []byte("3")) })
				if got := w.last().Tree.Lookup(tree.Path{"c"}).Text(); got != "3" {
					t.Errorf("c = %q after it was written, want 3", got)
				}
			})
		})
	}
}

func TestU2FailureIsNeverADeletion(t *testing.T) {
	for _, op := range []string{"data", "children", "leader"} {
		t.Run(op, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake("/app/a", "1", "/app/b/c", "2")
				w := begin(t, newStore(f, "/app", nil))
				f.write(func() {
					switch op {
					case "data":
						f.failing["/app/a"] = zk.ErrNoAuth
						f.put("/app/a", []byte("3"))
					case "children":
						f.failing["/app/b"] = zk.ErrNoAuth
						f.put("/app/b/d", []byte("3"))
					case "leader":
						f.before = func(r request) {
							if r.op == catchUp {
								f.failing["/app"] = zk.ErrConnectionClosed
							}
						}
						f.del("/app")
					}
				})
				err := <-w.ended
				if len(w.snaps) != 1 || err == nil || op != "leader" && !errors.Is(err, zk.ErrNoAuth) {
					t.Errorf("%d snapshots and %v, want one and an error", len(w.snaps), err)
				}
				w.want(t, `{a:"1" b:{c:"2"}}`)
			})
		})
	}
}

func TestZ5SilenceIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake("/app/a", "1")
		s := newStore(f, "/app", &Options{Probe: 4 * time.Second, ProbeTimeout: 2 * time.Second})
		w := begin(t, s)
		time.Sleep(time.Hour) // probes that are answered change nothing
		f.mu.Lock()
		f.silence = make(chan struct{})
		f.mu.Unlock()
		start := time.Now()
		err := <-w.ended
		if err == nil || !strings.Contains(err.Error(), "probe: no answer within 2s") || time.Since(start) > 6*time.Second {
			t.Errorf("Watch = %v after %v, want no answer, within 6s", err, time.Since(start))
		}
		before := runtime.NumGoroutine()
		for range 100 {
			if err := s.Watch(t.Context(), func(source.Snapshot) { t.Error("emitted") }); err == nil || !strings.Contains(err.Error(), "no answer within 2s") {
				t.Fatalf("Watch = %v, want no answer", err)
			}
		}
		if n := runtime.NumGoroutine() - before; n > parallel {
			t.Errorf("%d goroutines wait for the client, want %d at most", n, parallel)
		}
		close(f.silence)
		f.mu.Lock()
		f.silence = nil
		f.mu.Unlock()
		w = begin(t, s)
		defer w.stop()
		w.want(t, `{a:"1"}`)
	})
}

// synctest itself fails a test that leaves a goroutine behind.
func TestTwoGoroutinesAtRestAndNoneAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake("/app/a", "1", "/app/b", "2")
		s := newStore(f, "/app", nil)
		for range 10 {
			w := begin(t, s)
			time.Sleep(time.Minute)
			synctest.Wait()
			stacks := make([]byte, 1<<20)
			stacks = stacks[:runtime.Stack(stacks, true)]
			running := 0
			for g := range strings.SplitSeq(string(stacks), "\n\n") {
				if strings.Contains(g, ".(*store).") {
					running++
				}
			}
			if running != 2 {
				t.Errorf("%d goroutines at rest, want 2:\n%s", running, stacks)
			}
			w.stop()
			if err := <-w.ended; err != context.Canceled {
				t.Errorf("Watch = %v, want %v", err, context.Canceled)
			}
		}
		set := 0
		for _, chans := range f.watched {
			set += len(chans)
		}
		if want := 5; set != want { // two for each key, and the root's children
			t.Errorf("the client keeps %d watches after 10 Watches, want %d", set, want)
		}
	})
}

func TestMissingRootIsWatchedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		s := newStore(f, "/app", nil)
		for range 5 {
			w := begin(t, s)
			w.want(t, `nothing`)
			w.stop()
			<-w.ended
		}
		if n := len(f.watched[watch{path: "/app"}]); n != 1 {
			t.Errorf("the client keeps %d watches after 5 Watches, want 1", n)
		}
		w := begin(t, s)
		defer w.stop()
		f.write(func() { f.put("/app/a", []byte("1")) })
		w.want(t, `{a:"1"}`)
	})
}

func TestCancelWhileReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake("/app/a", "1")
		f.delay = 100 * time.Millisecond
		w := begin(t, newStore(f, "/app", nil))
		w.stop()
		start := time.Now()
		if err := <-w.ended; err != context.Canceled || time.Since(start) > 100*time.Millisecond || len(w.snaps) > 0 {
			t.Errorf("Watch = %v after %v with %d snapshots", err, time.Since(start), len(w.snaps))
		}
	})
}
