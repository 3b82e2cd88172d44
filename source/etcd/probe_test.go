package etcd

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
)

// A server that stands still, its connection open, is reported within Probe
// and ProbeTimeout together.
func TestE6TotalSilence(t *testing.T) {
	s, client := server(t)
	put(t, client, "/app/a", "1")
	opts := quick()
	r := record(t, New(client, "/app", opts))
	r.want(t, `{a:"1"}`)
	put(t, client, "/app/a", "2")
	r.want(t, `{a:"2"}`) // so the watch has begun
	s.Pause()
	err := r.wantEnd(t)
	if err == nil || !strings.Contains(err.Error(), "probe: no answer within 2s") {
		t.Errorf("got %v, want a probe with no answer", err)
	}
	again := record(t, New(client, "/app", opts))
	err = again.wantEnd(t)
	if err == nil || !strings.Contains(err.Error(), "list: no answer within 2s") {
		t.Errorf("got %v, want a list with no answer", err)
	}
	if len(again.all()) > 0 {
		t.Errorf("got %v from a server that stands still", again.drawn())
	}
}

// A watch doesn't wait for ever to begin.
func TestE6SilenceAfterTheList(t *testing.T) {
	s, client := server(t)
	opts := quick()
	src := tapped{afterGet: func(*clientv3.GetResponse) { s.Pause() }}.source(client, "/app", opts)
	err := record(t, src).wantEnd(t)
	if err == nil || !strings.Contains(err.Error(), "watch: not begun within 2s") {
		t.Errorf("got %v, want a watch that didn't begin", err)
	}
	s.Resume()
}

// A silent server is a stale source within the stated time, and all is well
// again once it speaks.
func TestU3Etcd(t *testing.T) {
	s, client := server(t)
	put(t, client, "/app/a", "1")
	opts := quick()
	sup := await.Supervise(t, New(client, "/app", opts))
	await.Live(t, sup, `{a:"1"}`)
	s.Pause()
	status := await.Stale(t, sup)
	if status.Err == nil {
		t.Error("stale without an error")
	}
	s.Resume()
	await.Live(t, sup, `{a:"1"}`)
	put(t, client, "/app/a", "2")
	await.Live(t, sup, `{a:"2"}`)
}

// A store that was put back to an older state is found, although the client's
// watch resumes and waits for a revision that is yet to come.
func TestE7Restored(t *testing.T) {
	for _, tc := range []struct {
		name string
		back func(t *testing.T, s *testserver.Server, snapshot string)
		want string
	}{
		{"older snapshot", testRestore, `{a:"1"}`},
		{"wiped", func(_ *testing.T, s *testserver.Server, _ string) { s.Wipe() }, "nothing"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, client := server(t)
			put(t, client, "/app/a", "1")
			snapshot := filepath.Join(t.TempDir(), "snapshot")
			s.CLI("snapshot", "save", snapshot)
			put(t, client, "/app/a", "2")
			put(t, client, "/app/b", "2")
			src := tapped{deaf: true}.source(client, "/app", quick())
			r := record(t, src)
			r.want(t, `{a:"2" b:"2"}`)
			sup := await.Supervise(t, New(client, "/app", nil))
			await.Live(t, sup, `{a:"2" b:"2"}`)

			s.Kill()
			tc.back(t, s, snapshot)
			s.Start()
			err := r.wantEnd(t)
			if !errors.Is(err, errRestored) && !errors.Is(err, errCluster) {
				t.Errorf("got %v, want %v or %v", err, errRestored, errCluster)
			}
			await.Live(t, sup, tc.want)
			record(t, New(client, "/app", nil)).want(t, tc.want)
			put(t, client, "/app/c", "3")
			await.Until(t, "later write", func() bool {
				snap, _, _ := sup.Latest()
				return snap.Tree.Root().Child("c") != nil
			})
		})
	}
}

func testRestore(_ *testing.T, s *testserver.Server, snapshot string) {
	testserver.EtcdRestore(s, snapshot)
}

// A server of another cluster at the same address is not believed, be it found
// by a probe or by what the watch tells.
func TestE7AnotherCluster(t *testing.T) {
	s, client := server(t)
	other, otherClient := server(t)
	put(t, client, "/app/a", "1")
	for i := range 10 {
		put(t, otherClient, "/app/b", fmt.Sprint(i)) // it is ahead
	}
	for _, tc := range []struct {
		name  string
		probe time.Duration
		deaf  bool // to what the watch tells
	}{{"probe", time.Second, true}, {"watch", -1, false}} {
		t.Run(tc.name, func(t *testing.T) {
			proxy := testserver.NewProxy(t, s.Addr())
			far := connect(t, clientv3.Config{Endpoints: []string{proxy.Addr()}})
			var moved atomic.Bool
			src := tapped{deaf: true, pass: func(resp clientv3.WatchResponse) (clientv3.WatchResponse, bool) {
				return resp, !tc.deaf || !moved.Load()
			}}.source(far, "/app", &Options{Probe: tc.probe})
			r := record(t, src)
			r.want(t, `{a:"1"}`)
			moved.Store(true)
			far.SetEndpoints(other.Addr())
			proxy.Cut()
			if err := r.wantEnd(t); !errors.Is(err, errCluster) || !strings.Contains(err.Error(), tc.name+": ") {
				t.Errorf("got %v, want %v, found by the %s", err, errCluster, tc.name)
			}
			if got, want := fmt.Sprint(r.drawn()), `[{a:"1"}]`; got != want {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

// An event that was lost is found by the second probe after it, and repaired.
func TestE9LostEvent(t *testing.T) {
	_, client := server(t)
	for i, tc := range []struct {
		name       string
		lose, then func(t *testing.T, prefix string)
	}{
		{"last put", func(t *testing.T, p string) { put(t, client, p+"/a", "2") }, nil},
		{"new key", func(t *testing.T, p string) { put(t, client, p+"/new", "2") }, nil},
		{"deletion", func(t *testing.T, p string) { remove(t, client, p+"/a") }, nil},
		{"last key's deletion", func(t *testing.T, p string) { remove(t, client, p+"/", clientv3.WithPrefix()) }, nil},
		{"put before another", func(t *testing.T, p string) { put(t, client, p+"/a", "2") },
			func(t *testing.T, p string) { put(t, client, p+"/b", "2") }},
		{"deletion before a put", func(t *testing.T, p string) { remove(t, client, p+"/a") },
			func(t *testing.T, p string) { put(t, client, p+"/b", "2") }},
		{"deletion before a new key", func(t *testing.T, p string) { remove(t, client, p+"/a") },
			func(t *testing.T, p string) { put(t, client, p+"/new", "2") }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			prefix := fmt.Sprint("/app", i)
			put(t, client, prefix+"/a", "1")
			put(t, client, prefix+"/b", "1")
			var lossy atomic.Bool
			var lost atomic.Int32
			lossySource := func() source.Source {
				return tapped{pass: func(resp clientv3.WatchResponse) (clientv3.WatchResponse, bool) {
					if lossy.Load() && len(resp.Events) > 0 {
						lost.Add(1)
						return resp, false
					}
					return resp, true
				}}.source(client, prefix, &Options{Probe: 500 * time.Millisecond})
			}
			r, sup := record(t, lossySource()), await.Supervise(t, lossySource())
			r.want(t, `{a:"1" b:"1"}`)
			await.Live(t, sup, `{a:"1" b:"1"}`)
			lossy.Store(true)
			tc.lose(t, prefix)
			await.Until(t, "loss", func() bool { return lost.Load() == 2 })
			lossy.Store(false)
			if tc.then != nil {
				tc.then(t, prefix)
			}
			err := r.wantEnd(t)
			if !errors.Is(err, errMissed) && !errors.Is(err, errBehind) {
				t.Errorf("got %v, want %v or %v", err, errMissed, errBehind)
			}
			want := record(t, New(client, prefix, nil)).until(t, "state", func(source.Snapshot) bool { return true })
			await.Live(t, sup, want.Tree.Root().String())
		})
	}
}

// Probes find nothing wrong with a watch that loses nothing, however much is
// written and however late its events come.
func TestE9NoFalseAlarm(t *testing.T) {
	_, client := server(t)
	var probes atomic.Int32
	src := tapped{
		afterGet: func(*clientv3.GetResponse) { probes.Add(1) },
		pass: func(resp clientv3.WatchResponse) (clientv3.WatchResponse, bool) {
			time.Sleep(2 * time.Millisecond) // the store is ahead of the watch
			return resp, true
		},
	}.source(client, "/app", &Options{Probe: 400 * time.Millisecond})
	put(t, client, "/app/k0", "0")
	r := record(t, src)
	r.until(t, "list", func(source.Snapshot) bool { return true })
	var last int64
	tick := time.NewTicker(4 * time.Millisecond)
	defer tick.Stop()
	for n := 0; probes.Load() < 12; n++ {
		select {
		case <-tick.C:
		case <-r.ended:
			t.Fatalf("watch returned: %v", r.err)
		}
		key := fmt.Sprintf("/app/k%d", n%7)
		if n%5 == 0 {
			last = remove(t, client, key)
			continue
		}
		last = put(t, client, key, fmt.Sprint(n))
	}
	got := r.until(t, "last write", reaches(t, last))
	want := record(t, New(client, "/app", nil)).until(t, "state", func(source.Snapshot) bool { return true })
	if !got.Tree.Root().Equal(want.Tree.Root()) {
		t.Errorf("got %v, want %v", got.Tree.Root(), want.Tree.Root())
	}
}

// A probe that finds nothing says that the source is in touch, and no more.
func TestProbeIsCalm(t *testing.T) {
	_, client := server(t)
	put(t, client, "/app/a", "1")
	r := record(t, New(client, "/app", &Options{Probe: 100 * time.Millisecond}))
	first := r.want(t, `{a:"1"}`)
	put(t, client, "/other", "1")
	await.Until(t, "three probes", func() bool { return len(r.all()) > 3 })
	for _, snap := range r.all() {
		if !snap.Tree.Same(first.Tree) || snap.Revision != first.Revision {
			t.Errorf("got %v at %s, want nothing new", snap.Tree.Root(), snap.Revision)
		}
	}
}
