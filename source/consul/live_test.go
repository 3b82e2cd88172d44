package consul_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/consul"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

// perTxn is how many keys write sets in a transaction.
const perTxn = 4

// write sets keys from several clients until ctx ends, and counts how many times it did.
func write(ctx context.Context, t *testing.T, addr string, workers int, total *atomic.Int64, key func(worker, n int) string) {
	t.Helper()
	var wg sync.WaitGroup
	for worker := range workers {
		client, _ := connect(t, addr, "")
		wg.Go(func() {
			for n := 0; ctx.Err() == nil; {
				var txn api.TxnOps
				for range perTxn {
					txn = append(txn, &api.TxnOp{KV: &api.KVTxnOp{Verb: api.KVSet, Key: key(worker, n), Value: fmt.Append(nil, n)}})
					n++
				}
				if ok, _, _, err := client.Txn().Txn(txn, nil); err != nil || !ok {
					t.Error(ok, err)
					return
				}
				total.Add(perTxn)
			}
		})
	}
	wg.Wait()
}

// All keys of the store, by path, as a plain client reads them.
func stored(t *testing.T, client *api.Client, prefix string) map[string]string {
	t.Helper()
	pairs, _, err := client.KV().List(prefix, nil)
	if err != nil {
		t.Fatal(err)
	}
	values := make(map[string]string)
	for _, p := range pairs {
		values[strings.TrimPrefix(p.Key, prefix)] = string(p.Value)
	}
	return values
}

func values(t tree.Tree) map[string]string {
	all := make(map[string]string)
	for p, n := range t.Root().Leaves {
		all[strings.Join(p, "/")] = n.Text()
	}
	return all
}

// Row U1: 1,000 writes, as quick as they can be, while 100 watches start; all of them
// converge, and none goes back. Each has two connections at most, and the server's
// own limit is of 200 from one address.
func TestU1Consul(t *testing.T) {
	const watchers, least = 100, 1000
	server := testserver.Consul(t, testserver.ConsulConfig{
		Config: map[string]any{"limits": map[string]any{"http_max_conns_per_client": 10 * watchers}},
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var written atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		write(ctx, t, server.Addr(), 8, &written, func(worker, n int) string {
			return fmt.Sprintf("app/w%d/k%d", worker, n%10)
		})
	}()
	watches := make([]*watch, watchers)
	for i := range watches {
		client, _ := connect(t, server.Addr(), "")
		time.Sleep(time.Duration(rand.IntN(40)) * time.Millisecond) // each starts at another moment of the writing
		watches[i] = follow(t, consul.New(client, "app", nil))
	}
	for _, w := range watches {
		w.until("a key", func(s source.Snapshot) bool { return s.Tree.Root() != nil })
	}
	await.Until(t, fmt.Sprint(least, " writes"), func() bool { return written.Load() >= least })
	cancel()
	await.Receive(t, "the end of the writing", done)
	client, _ := connect(t, server.Addr(), "")
	want := stored(t, client, "app/")
	for i, w := range watches {
		w.until("the last state", func(s source.Snapshot) bool { return maps.Equal(values(s.Tree), want) })
		last := uint64(0)
		for _, s := range w.all() {
			if at := index(t, s); at < last {
				t.Errorf("watch %d went back from %d to %d", i, last, at)
			} else {
				last = at
			}
		}
	}
}

func TestTransactionIsOneSnapshot(t *testing.T) {
	server := testserver.Consul(t, testserver.ConsulConfig{})
	client, _ := connect(t, server.Addr(), "")
	w := follow(t, consul.New(client, "app", nil))
	w.tree("nothing")
	const rounds, ops = 10, 64
	for round := range rounds {
		var txn api.TxnOps
		for i := range ops {
			txn = append(txn, &api.TxnOp{KV: &api.KVTxnOp{Verb: api.KVSet, Key: fmt.Sprintf("app/k%02d", i), Value: fmt.Append(nil, round)}})
		}
		if ok, _, _, err := client.Txn().Txn(txn, nil); err != nil || !ok {
			t.Fatal(ok, err)
		}
	}
	w.until("the last transaction", func(s source.Snapshot) bool { return values(s.Tree)["k00"] == fmt.Sprint(rounds-1) })
	for _, s := range w.all() {
		all := values(s.Tree)
		for _, v := range all {
			if len(all) != ops && len(all) != 0 || v != all["k00"] {
				t.Fatalf("a torn snapshot: %v", all)
			}
		}
	}
}

func TestC7AbsentPrefixBusyNeighbour(t *testing.T) {
	server := testserver.Consul(t, testserver.ConsulConfig{})
	client, count := connect(t, server.Addr(), "")
	w := follow(t, consul.New(client, "app", nil))
	w.tree("nothing")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	before := count.n.Load()
	start := time.Now()
	var written atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		write(ctx, t, server.Addr(), 2, &written, func(_, n int) string { return fmt.Sprintf("application/k%d", n%10) })
	}()
	await.Until(t, "200 writes, and two requests", func() bool { return written.Load() >= 200 && count.n.Load() >= before+2 })
	cancel()
	await.Receive(t, "the end of the writing", done)
	asked := count.n.Load() - before
	limit := int64(time.Since(start).Seconds()) + 14 // a burst of ten, one a second, a probe
	t.Logf("%d writes, %d requests", written.Load(), asked)
	if asked > limit {
		t.Errorf("%d requests during %d writes elsewhere, want up to %d", asked, written.Load(), limit)
	}
	put(t, client, "app/a", "1")
	w.tree(`{a:"1"}`)
}

func TestC9TheSameValueAgain(t *testing.T) {
	server := testserver.Consul(t, testserver.ConsulConfig{})
	client, _ := connect(t, server.Addr(), "")
	put(t, client, "app/a/x", "1")
	put(t, client, "app/b", "2")
	w := follow(t, consul.New(client, "app", nil))
	first := w.tree(`{a:{x:"1"} b:"2"}`)
	put(t, client, "app/b", "2")                                                                             // Consul counts this as no write
	if _, err := client.KV().Put(&api.KVPair{Key: "app/b", Value: []byte("2"), Flags: 7}, nil); err != nil { // and this as one
		t.Fatal(err)
	}
	moved := w.until("a new place", func(s source.Snapshot) bool {
		return originOf(t, s, "b").Revision != originOf(t, first, "b").Revision
	})
	if !moved.Tree.Same(first.Tree) {
		t.Error("the same value again made another tree")
	}
	put(t, client, "app/b", "3")
	changed := w.tree(`{a:{x:"1"} b:"3"}`)
	if p := (tree.Path{"a"}); changed.Tree.Lookup(p) != first.Tree.Lookup(p) {
		t.Error("a map that no write touched is not shared")
	}
	for _, s := range w.all() {
		if !s.Tree.Same(first.Tree) && !s.Tree.Same(changed.Tree) {
			t.Errorf("a third tree: %v", s.Tree.Root())
		}
	}
}

// Row C10: of a document at rest a probe reads the start.
func TestC10DocumentAtRest(t *testing.T) {
	server := testserver.Consul(t, testserver.ConsulConfig{})
	direct, _ := connect(t, server.Addr(), "")
	noise := make([]byte, 300<<10) // for an answer is packed
	for i := range noise {
		noise[i] = byte(rand.Uint32())
	}
	put(t, direct, "app", `{"a": "`+base64.StdEncoding.EncodeToString(noise)+`"}`)
	proxy := testserver.NewProxy(t, server.Addr())
	client, count := connect(t, proxy.Addr(), "")
	w := follow(t, consul.New(client, "app", &consul.Options{Document: document.JSON, Probe: 2 * time.Second}))
	w.until("the document", func(s source.Snapshot) bool { return s.Tree.Root() != nil })
	proxy.Bandwidth(100 << 10)
	_, before := proxy.Bytes()
	asked := count.n.Load()
	await.Until(t, "probes", func() bool { return count.n.Load() >= asked+5 })
	if _, after := proxy.Bytes(); after-before > int64(len(noise)) {
		t.Errorf("4 probes took %d bytes, more than the whole document", after-before)
	}
	put(t, direct, "app", `{"a": "b"}`) // the Watch has gone on
	w.tree(`{a:"b"}`)
}

func TestC10BytesAtRest(t *testing.T) {
	server := testserver.Consul(t, testserver.ConsulConfig{})
	direct, _ := connect(t, server.Addr(), "")
	const keys, size = 8_000, 128
	for i := 0; i < keys; i += 64 {
		var txn api.TxnOps
		for k := i; k < min(i+64, keys); k++ {
			value := make([]byte, size)
			for j := range value {
				value[j] = byte('a' + rand.IntN(26))
			}
			txn = append(txn, &api.TxnOp{KV: &api.KVTxnOp{Verb: api.KVSet, Key: fmt.Sprintf("app/s%03d/k%d", k/8, k%8), Value: value}})
		}
		if ok, _, _, err := direct.Txn().Txn(txn, nil); err != nil || !ok {
			t.Fatal(ok, err)
		}
	}
	proxy := testserver.NewProxy(t, server.Addr())
	client, count := connect(t, proxy.Addr(), "")
	w := follow(t, consul.New(client, "app", &consul.Options{Wait: 3 * time.Second, Probe: time.Second}))
	first := w.until("all keys", func(s source.Snapshot) bool { return len(values(s.Tree)) == keys })
	_, body := proxy.Bytes()
	asked := count.n.Load()

	again := w.until("the wait's end", func(source.Snapshot) bool { return true })
	_, all := proxy.Bytes()
	probes := count.n.Load() - asked
	t.Logf("the list: %d bytes; a wait that passes: %d bytes, %d probes among them", body, all-body, probes)
	if !again.Tree.Same(first.Tree) || again.Revision != first.Revision {
		t.Error("a wait that passed made another tree")
	}
	if probes < 2 || all-body > body+1000*(probes+1) {
		t.Errorf("a wait that passed took %d bytes and %d probes, want no more than one list of %d bytes", all-body, probes, body)
	}
}
