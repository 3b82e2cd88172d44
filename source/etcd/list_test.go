package etcd

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

// What is written after the list was read and before the watch begins arrives.
func TestE1NothingFallsBetweenListAndWatch(t *testing.T) {
	_, client := server(t)
	put(t, client, "/app/a", "1")
	put(t, client, "/app/b", "1")
	gets := 0
	src := tapped{afterGet: func(resp *clientv3.GetResponse) {
		if gets++; gets > 1 {
			return
		}
		put(t, client, "/app/a", "2")
		remove(t, client, "/app/b")
		put(t, client, "/app/c", "2")
	}}.source(client, "/app", &Options{Probe: -1})
	r := record(t, src)
	r.want(t, `{a:"2" c:"2"}`)
	if got, want := r.drawn()[0], `{a:"1" b:"1"}`; got != want {
		t.Errorf("first snapshot: got %s, want %s: the writes didn't fall between", got, want)
	}
}

// A thousand writes a second, or what the machine can do of that, while a
// hundred watchers start: all converge.
func TestU1Etcd(t *testing.T) {
	const (
		watchers = 100
		writers  = 10
		atLeast  = 2000 // writes
	)
	_, client := server(t)
	stop := make(chan struct{}) // closed when all watchers have started
	var writing sync.WaitGroup
	var writes atomic.Int64
	begun := time.Now()
	for i := range writers {
		writing.Go(func() {
			tick := time.NewTicker(writers * time.Millisecond)
			defer tick.Stop()
			for n := 0; ; n++ {
				select {
				case <-tick.C:
				case <-stop:
					return
				}
				if _, err := client.Put(t.Context(), fmt.Sprintf("/app/k%d", i), fmt.Sprint(n)); err != nil {
					t.Errorf("put: %v", err)
					return
				}
				writes.Add(1)
			}
		})
	}
	all := make([]*recorder, watchers)
	for i := range all {
		await.Until(t, "writes", func() bool { return writes.Load() >= int64(i*atLeast/watchers) })
		all[i] = record(t, New(client, "/app", nil))
	}
	await.Until(t, "writes", func() bool { return writes.Load() >= atLeast })
	close(stop)
	writing.Wait()
	t.Logf("%d writes in %v while %d watchers started", writes.Load(), time.Since(begun), watchers)
	last := put(t, client, "/app/end", "end")
	want := record(t, New(client, "/app", nil)).until(t, "end", reaches(t, last))
	for _, r := range all {
		got := r.until(t, "end", reaches(t, last))
		if !got.Tree.Root().Equal(want.Tree.Root()) {
			t.Fatalf("got %v, want %v", got.Tree.Root(), want.Tree.Root())
		}
	}
}

// fill writes n keys below a prefix, many to a transaction. The server must
// allow for that with --max-txn-ops.
func fill(t *testing.T, client *clientv3.Client, prefix string, n int, value string) int64 {
	t.Helper()
	const size = 5000
	var revision int64
	for from := 0; from < n; from += size {
		var ops []clientv3.Op
		for i := from; i < min(n, from+size); i++ {
			ops = append(ops, clientv3.OpPut(fmt.Sprintf("%s/%d/%d", prefix, i/1000, i%1000), value))
		}
		resp, err := client.Txn(t.Context()).Then(ops...).Commit()
		if err != nil {
			t.Fatal(err)
		}
		revision = resp.Header.Revision
	}
	return revision
}

const bigTxns = "--max-txn-ops=10000"

// A large prefix is read in pages, all of one revision whatever is written
// meanwhile.
func TestE11PagesAtOneRevision(t *testing.T) {
	const keys = 100_000
	_, client := server(t, bigTxns)
	filled := fill(t, client, "/app", keys, "old")
	pages, largest := 0, 0
	src := tapped{afterGet: func(resp *clientv3.GetResponse) {
		pages++
		size := 0
		for _, kv := range resp.Kvs {
			size += len(kv.Key) + len(kv.Value)
		}
		largest = max(largest, size)
		if pages > 3 {
			return
		}
		put(t, client, "/app/99/999", "new") // on the last page
	}}.source(client, "/app", &Options{Probe: -1})
	r := record(t, src)
	first := r.until(t, "first snapshot", func(source.Snapshot) bool { return true })
	if got := revisionOf(t, first); got != filled {
		t.Errorf("first snapshot: got revision %d, want %d", got, filled)
	}
	leaves, stray := 0, 0
	for _, n := range first.Tree.Root().Leaves {
		leaves++
		if n.Text() != "old" {
			stray++
		}
	}
	if leaves != keys || stray > 0 {
		t.Errorf("first snapshot: %d keys, %d of them of another revision; want %d and none", leaves, stray, keys)
	}
	r.until(t, "later write", func(snap source.Snapshot) bool {
		return snap.Tree.Lookup(tree.Path{"99", "999"}).Text() == "new"
	})
	if pages < 5 || largest > mostBytes {
		t.Errorf("%d pages of up to %d bytes, want five or more of up to %d", pages, largest, mostBytes)
	}
}

// The store was compacted while it was read: that is an error, and the next
// attempt succeeds.
func TestE11CompactedBetweenPages(t *testing.T) {
	_, client := server(t, bigTxns)
	fill(t, client, "/app", 2*firstPage, "1")
	compacted := false
	src := tapped{afterGet: func(*clientv3.GetResponse) {
		if !compacted {
			compacted = true
			put(t, client, "/app/new", "1")
			compact(t, client)
		}
	}}.source(client, "/app", nil)
	err := record(t, src).wantEnd(t)
	if !isCompacted(err) || !strings.HasPrefix(err.Error(), `list: `) {
		t.Errorf("got %v, want a list that was compacted", err)
	}
	record(t, src).until(t, "new", func(snap source.Snapshot) bool { return snap.Tree.Lookup(tree.Path{"new"}) != nil })
}

// A store that has run away is an error in the snapshot, and heals.
func TestBounds(t *testing.T) {
	_, client := server(t, bigTxns)
	for _, tc := range []struct {
		name, prefix string
		opts         Options
	}{
		{"keys", "/keys", Options{MaxKeys: 2}},
		{"bytes", "/bytes", Options{MaxBytes: 30}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.opts.Probe = 200 * time.Millisecond
			put(t, client, tc.prefix+"/a", "1")
			r := record(t, New(client, tc.prefix, &tc.opts))
			r.want(t, `{a:"1"}`)
			fill(t, client, tc.prefix, 3, "s3cret")
			tooLarge := func(snap source.Snapshot) bool {
				found := tree.Problems(snap.Err)
				return len(found) == 1 && found[0].Kind == tree.TooLarge &&
					strings.Contains(snap.Err.Error(), tc.prefix) && !strings.Contains(snap.Err.Error(), "s3cret")
			}
			r.until(t, "error", tooLarge)
			first := record(t, New(client, tc.prefix, &tc.opts))
			first.until(t, "error at first", tooLarge)
			put(t, client, tc.prefix+"/b", "still too large")
			remove(t, client, tc.prefix+"/0/", clientv3.WithPrefix())
			remove(t, client, tc.prefix+"/b")
			put(t, client, tc.prefix+"/a", "2")
			r.want(t, `{a:"2"}`)
			first.want(t, `{a:"2"}`)
			put(t, client, tc.prefix+"/a", "3")
			r.want(t, `{a:"3"}`)
			unbounded := Options{MaxKeys: -1, MaxBytes: -1}
			record(t, New(client, tc.prefix, &unbounded)).want(t, `{a:"3"}`)
		})
	}
}

func TestEndsWithContext(t *testing.T) {
	s, client := server(t)
	for _, tc := range []struct {
		name string
		when func(*recorder)
	}{
		{"at once", func(*recorder) {}},
		{"watching", func(r *recorder) { r.want(t, "nothing") }},
		{"paused server", func(r *recorder) { r.want(t, "nothing"); s.Pause() }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := record(t, New(client, "/none", nil))
			tc.when(r)
			r.stop()
			if err := r.wantEnd(t); err != context.Canceled {
				t.Errorf("got %v, want %v", err, context.Canceled)
			}
		})
	}
	s.Resume()
}
