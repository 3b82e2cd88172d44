package nats_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	confnats "github.com/confsync/confsync/source/nats"
	"github.com/confsync/confsync/tree"
)

// TestServer has what one server is enough for, and each case a bucket of its own.
func TestServer(t *testing.T) {
	server := testserver.NATS(t)
	js := connect(t, server.Addr())
	n := 0
	fresh := func(t *testing.T, cfg jetstream.KeyValueConfig) jetstream.KeyValue {
		n++
		cfg.Bucket = fmt.Sprintf("b%d", n)
		return bucket(t, js, cfg)
	}

	// Writers write while many programs start; all end with what was written last.
	t.Run("TestN1NothingFallsBetween", func(t *testing.T) {
		kv := fresh(t, jetstream.KeyValueConfig{})
		stop := make(chan struct{})
		var writing sync.WaitGroup
		for w := range 4 {
			writing.Go(func() {
				for i := 0; ; i++ {
					select {
					case <-stop:
						return
					default:
						put(t, kv, fmt.Sprintf("app.w%d.k%d", w, i%10), fmt.Sprint(i))
					}
				}
			})
		}
		var sups []*source.Supervisor
		for range 30 {
			sups = append(sups, supervise(t, kv, "app", nil))
			time.Sleep(10 * time.Millisecond) // so that each starts at another moment
		}
		close(stop)
		writing.Wait()
		last := put(t, kv, "app.last", "x")
		for _, sup := range sups {
			await.Until(t, "the last state", func() bool { snap, _, _ := sup.Latest(); return snap.Revision == fmt.Sprint(last) })
		}
		first, _, _ := sups[0].Latest()
		for i, sup := range sups {
			if snap, _, _ := sup.Latest(); snap.Tree.Root().String() != first.Tree.Root().String() {
				t.Errorf("program %d has %v, the first %v", i, snap.Tree.Root(), first.Tree.Root())
			}
		}
	})

	// One writer raises a, b and c by turns, so at any revision a >= b >= c >= a-1. The
	// server has more to do besides, in the bucket and elsewhere.
	t.Run("TestN1EachSnapshotIsOneRevision", func(t *testing.T) {
		kv := fresh(t, jetstream.KeyValueConfig{})
		for _, key := range []string{"a", "b", "c"} {
			put(t, kv, "app."+key, "0")
		}
		stop := make(chan struct{})
		var writing sync.WaitGroup
		write := func(keys ...string) {
			for i := 1; ; i++ {
				for _, key := range keys {
					select {
					case <-stop:
						return
					default:
						put(t, kv, key, fmt.Sprint(i))
					}
				}
				if i%20 == 0 {
					time.Sleep(10 * time.Millisecond) // so that nobody writes now and then
				}
			}
		}
		writing.Go(func() { write("app.a", "app.b", "app.c") })
		for w := range 6 {
			writing.Go(func() { write(fmt.Sprintf("other.k%d", w)) })
		}
		sup := supervise(t, kv, "app", quick())
		var seen, noted int
		for range 15 {
			ctx, cancel := context.WithCancel(t.Context())
			n := 0
			err := confnats.New(kv, "app", quick()).Watch(ctx, func(snap source.Snapshot) {
				seen++
				if n++; n == 5 {
					cancel()
				}
				if snap.Note != "" {
					noted++
					return
				}
				var of [3]int
				for i, key := range []string{"a", "b", "c"} {
					of[i], _ = strconv.Atoi(snap.Tree.Lookup(tree.Path{key}).Text())
				}
				if of[0] < of[1] || of[1] < of[2] || of[2] < of[0]-1 {
					t.Errorf("a snapshot holds %v", snap.Tree.Root())
				}
			})
			cancel()
			if !errors.Is(err, context.Canceled) {
				t.Errorf("Watch = %v", err)
			}
		}
		close(stop)
		writing.Wait()
		last := fmt.Sprint(put(t, kv, "app.last", "x"))
		await.Until(t, "a state that is known to be the last", func() bool {
			snap, _, _ := sup.Latest()
			return snap.Note == "" && snap.Revision == last
		})
		t.Logf("%d snapshots, %d noted", seen, noted)
	})

	t.Run("TestN4DeletionsAndMarkersAreNoValues", func(t *testing.T) {
		kv := fresh(t, jetstream.KeyValueConfig{History: 10, LimitMarkerTTL: time.Second})
		for i := range 5 {
			put(t, kv, "app.a", fmt.Sprint(i))
			put(t, kv, "app.b", fmt.Sprint(i))
			put(t, kv, "app.c", fmt.Sprint(i))
		}
		must(t, kv.Delete(t.Context(), "app.c"))
		sup := supervise(t, kv, "app", quick())
		await.Live(t, sup, `{a:"4" b:"4"}`) // and none of the history
		must(t, kv.Delete(t.Context(), "app.a"))
		await.Live(t, sup, `{b:"4"}`)
		must(t, kv.Purge(t.Context(), "app.b"))
		await.Live(t, sup, `nothing`)
		put(t, kv, "app.b", "")
		await.Live(t, sup, `{b:""}`)
		_, err := kv.Create(t.Context(), "app.short", []byte("x"), jetstream.KeyTTL(time.Second))
		must(t, err)
		await.Live(t, sup, `{b:"" short:"x"}`)
		await.Live(t, sup, `{b:""}`)
	})

	t.Run("TestN3BucketPurged", func(t *testing.T) {
		kv := fresh(t, jetstream.KeyValueConfig{})
		put(t, kv, "app.a", "1")
		put(t, kv, "app.b", "1")
		sup := supervise(t, kv, "app", quick())
		await.Live(t, sup, `{a:"1" b:"1"}`)
		stream, err := js.Stream(t.Context(), "KV_"+kv.Bucket())
		must(t, err)
		must(t, stream.Purge(t.Context(), jetstream.WithPurgeSubject("$KV."+kv.Bucket()+".app.a")))
		await.Live(t, sup, `{b:"1"}`)
		must(t, stream.Purge(t.Context()))
		await.Live(t, sup, `nothing`)
		put(t, kv, "app.a", "2")
		await.Live(t, sup, `{a:"2"}`)
	})

	t.Run("TestN3ExpiryWithoutMarkers", func(t *testing.T) {
		kv := fresh(t, jetstream.KeyValueConfig{TTL: 2 * time.Second})
		put(t, kv, "app.a", "1")
		sup := supervise(t, kv, "app", quick())
		await.Until(t, "the key", func() bool { snap, _, _ := sup.Latest(); return snap.Tree.Root().String() == `{a:"1"}` })
		await.Live(t, sup, `nothing`)
	})

	// A bucket that is gone is an error, and another one in its place a new epoch.
	t.Run("TestN3BucketDeletedAndMadeAnew", func(t *testing.T) {
		kv := fresh(t, jetstream.KeyValueConfig{})
		for i := range 5 {
			put(t, kv, "app.a", fmt.Sprint(i))
		}
		sup := supervise(t, kv, "app", quick())
		await.Live(t, sup, `{a:"4"}`)
		must(t, js.DeleteKeyValue(t.Context(), kv.Bucket()))
		if st := await.Stale(t, sup); !errors.Is(st.Err, jetstream.ErrStreamNotFound) && !errors.Is(st.Err, jetstream.ErrBucketNotFound) {
			t.Errorf("error %v", st.Err)
		}
		if snap, _, _ := sup.Latest(); snap.Tree.Root().String() != `{a:"4"}` {
			t.Errorf("the last good state is %v now", snap.Tree.Root())
		}
		again := bucket(t, js, jetstream.KeyValueConfig{Bucket: kv.Bucket()})
		put(t, again, "app.b", "new")
		await.Live(t, sup, `{b:"new"}`)
		must(t, js.DeleteKeyValue(t.Context(), kv.Bucket())) // and at once, between two probes
		again = bucket(t, js, jetstream.KeyValueConfig{Bucket: kv.Bucket()})
		put(t, again, "app.c", "newer")
		await.Live(t, sup, `{c:"newer"}`)
	})

	// The consumer behind the watcher is taken away.
	t.Run("TestN7SilentWatcherIsNoticed", func(t *testing.T) {
		kv := fresh(t, jetstream.KeyValueConfig{})
		put(t, kv, "app.a", "1")
		sup := supervise(t, kv, "app", quick())
		await.Live(t, sup, `{a:"1"}`)
		stream, err := js.Stream(t.Context(), "KV_"+kv.Bucket())
		must(t, err)
		gone := 0
		for name := range stream.ConsumerNames(t.Context()).Name() {
			must(t, stream.DeleteConsumer(t.Context(), name))
			gone++
		}
		if gone == 0 {
			t.Fatal("there was no consumer")
		}
		put(t, kv, "app.a", "2")
		await.Live(t, sup, `{a:"2"}`)
	})

	t.Run("TestKeysAndOrigins", func(t *testing.T) {
		kv := fresh(t, jetstream.KeyValueConfig{})
		put(t, kv, "app.a", "own")
		put(t, kv, "app.a.b", "below")
		put(t, kv, "application.x", "no")
		put(t, kv, "app", "the prefix itself")
		revision := put(t, kv, "app.hosts.0", "h")
		sup := supervise(t, kv, "app", quick())
		await.Live(t, sup, `{a:"own"{b:"below"} hosts:{0:"h"}}`)
		if got := sup.Status().Bytes; got != int64(len("own"+"below"+"h")) {
			t.Errorf("%d bytes were read", got)
		}
		snap, _, _ := sup.Latest()
		at, ok := snap.Tree.Origin(tree.Path{"hosts", "0"})
		if want := fmt.Sprintf(`nats "app.hosts.0" (revision %d)`, revision); !ok || at.String() != want {
			t.Errorf("origin %v, want %s", at, want)
		}
		put(t, kv, "slash/a/b", "1")
		opts := quick()
		opts.Separator = "/"
		await.Live(t, supervise(t, kv, "slash", opts), `{a:{b:"1"}}`)
		put(t, kv, "app.a", "own")
		await.Until(t, "the new revision", func() bool { next, _, _ := sup.Latest(); return next.Revision != snap.Revision })
		if next, _, _ := sup.Latest(); !next.Tree.Same(snap.Tree) {
			t.Error("the same value again is another tree")
		}
	})

	t.Run("TestDocument", func(t *testing.T) {
		kv := fresh(t, jetstream.KeyValueConfig{})
		opts := quick()
		opts.Document = document.YAML
		sup := supervise(t, kv, "app.yaml", opts)
		await.Until(t, "absence", func() bool { return errors.Is(sup.Status().Err, source.ErrAbsent) })
		put(t, kv, "app.yaml", "a: 1")
		await.Live(t, sup, `{a:1}`)
		must(t, kv.Delete(t.Context(), "app.yaml"))
		await.Until(t, "absence", func() bool { return errors.Is(sup.Status().Err, source.ErrAbsent) })
		if snap, _, _ := sup.Latest(); snap.Tree.Root().String() != `{a:1}` {
			t.Errorf("the last good document is %v now", snap.Tree.Root())
		}
	})

	t.Run("TestU10TooMuchIsRefusedAndLeft", func(t *testing.T) {
		kv := fresh(t, jetstream.KeyValueConfig{})
		big := strings.Repeat("x", 100<<10)
		for i := range 50 {
			put(t, kv, fmt.Sprintf("app.k%d", i), big)
		}
		opts := quick()
		opts.MaxBytes = 500 << 10
		sup := supervise(t, kv, "app", opts)
		tooLarge := func() bool {
			found := tree.Problems(sup.Status().Err)
			return len(found) == 1 && found[0].Kind == tree.TooLarge
		}
		await.Until(t, "a refusal", tooLarge)
		for i := range 49 {
			must(t, kv.Delete(t.Context(), fmt.Sprintf("app.k%d", i)))
		}
		await.Live(t, sup, `{k49:"`+big+`"}`)
		for i := range 10 {
			put(t, kv, fmt.Sprintf("app.k%d", i), big)
		}
		await.Until(t, "a refusal", tooLarge)
	})

	t.Run("TestU11OneWatchAtATime", func(t *testing.T) {
		kv := fresh(t, jetstream.KeyValueConfig{})
		src := confnats.New(kv, "app", nil)
		await.Live(t, await.Supervise(t, src), `nothing`)
		if err := src.Watch(t.Context(), func(source.Snapshot) { t.Error("emitted") }); !errors.Is(err, source.ErrWatched) {
			t.Errorf("the second Watch = %v, want %v", err, source.ErrWatched)
		}
	})
}
