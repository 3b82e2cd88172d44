package stores

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
)

const (
	probe  = 700 * time.Millisecond // of the sources
	stated = 2 * probe              // within which each of them finds out that it is cut off
	slack  = 5 * time.Second        // for a busy machine

	// bound is for a source to converge once a fault has healed. It is that long
	// because ZooKeeper's client waits 28s, with this session, for the greeting of a
	// server that was only starting when it connected.
	bound = 45 * time.Second
)

// fault is something that happens to a store or to the way there. Both functions
// check that it did.
type fault struct {
	name   string
	outage bool // no source reaches the store until heal
	inject func()
	heal   func() // nil for what is over at once
}

// bout is one store under faults: its server, a writer, and a program for each
// way in which it holds a configuration.
type bout struct {
	*testing.T
	backend
	server   *testserver.Server
	proxy    *testserver.Proxy
	through  client // the programs' client, by the proxy
	writer   *writer
	ledger   *ledger
	watchers []*watcher
	rand     *rand.Rand
	tally    *tally

	counted int64 // how far ZooKeeper had counted before it was wiped
}

const root = "app"

func newBout(t *testing.T, b backend, seed uint64, tally *tally) *bout {
	server := b.serve(t)
	proxy := testserver.NewProxy(t, server.Addr())
	l := newLedger()
	o := &bout{
		T: t, backend: b, server: server, proxy: proxy, ledger: l, tally: tally,
		through: b.connect(t, proxy.Addr(), nil),
		writer:  &writer{root: root, ledger: l, client: b.connect(t, server.Addr(), nil), rand: rand.New(rand.NewPCG(seed, 1)), base: state{}},
		rand:    rand.New(rand.NewPCG(seed, 2)),
	}
	t.Cleanup(o.through.close)
	t.Cleanup(func() { o.writer.direct().close() })
	for o.writer.commits.Load() == 0 { // so that there is a document
		o.writer.step(t.Context())
	}
	for _, w := range b.ways {
		o.watchers = append(o.watchers, watch(t, o.through.source(w, root, options{probe: probe}), w, l))
	}
	return o
}

// run injects every fault once, with an outage that lasts, and then others until
// the end. At last the programs hold what the store does.
func (b *bout) run(end time.Time) {
	ctx, cancel := context.WithCancel(context.Background())
	var writing sync.WaitGroup
	writing.Go(func() { b.writer.run(ctx) })
	defer writing.Wait()
	defer cancel()

	b.converge()
	for round := 0; round == 0 || time.Now().Before(end); round++ {
		faults := append(b.commonFaults(), b.faults(b)...)
		b.rand.Shuffle(len(faults), func(i, j int) { faults[i], faults[j] = faults[j], faults[i] })
		for _, f := range faults {
			if round > 0 && time.Now().After(end) {
				break
			}
			b.suffer(f, round == 0 || b.rand.IntN(3) == 0)
			time.Sleep(time.Duration(b.rand.IntN(300)) * time.Millisecond) // so that faults come at any moment
		}
	}
	cancel()
	writing.Wait()
	b.agree()
}

// suffer goes through one fault.
func (b *bout) suffer(f fault, lasting bool) {
	b.Helper()
	began, watches, accepted := time.Now(), b.watches(), b.proxy.Accepted()
	f.inject()
	var noticed time.Duration
	switch {
	case f.outage && lasting:
		noticed = b.noticed(f.name, began)
	case f.heal != nil:
		time.Sleep(time.Duration(b.rand.IntN(800)) * time.Millisecond) // however long the fault lasts
	}
	if f.heal != nil {
		f.heal()
	}
	healed := time.Now()
	b.converge()
	took := time.Since(began)
	most, all := 0, 0
	for i, n := range b.watches() {
		n -= watches[i]
		if most, all = max(most, n), all+n; n > mostWatches(took) {
			b.Errorf("%s: %s was watched %d times in %v, want %d at most", f.name, b.watchers[i].Name(), n, took, mostWatches(took))
		}
	}
	// A Watch may connect a few times, and a client by itself too.
	dialled := int(b.proxy.Accepted() - accepted)
	if limit := 5*all + 5*int(took.Seconds()) + 20; dialled > limit {
		b.Errorf("%s: %d connections and %d watches in %v, want %d connections at most", f.name, dialled, all, took, limit)
	}
	b.tally.note(f.name, lasting && f.outage, noticed, time.Since(healed), most, dialled)
	if wrong := b.ledger.failures(); len(wrong) > 0 {
		b.Fatalf("after %s: %s", f.name, strings.Join(wrong, "\n"))
	}
	at := b.ledger.committed()
	for _, w := range b.watchers {
		at = min(at, w.position())
	}
	b.ledger.forget(at)
}

func (b *bout) watches() []int {
	var all []int
	for _, w := range b.watchers {
		n, _, _ := w.counts()
		all = append(all, n)
	}
	return all
}

// noticed waits until every program says that it is stale, and why, and since
// when. It returns how long that took.
func (b *bout) noticed(what string, began time.Time) time.Duration {
	b.Helper()
	for _, w := range b.watchers {
		limit := stated + policy().StaleAfter + slack
		eventually(b, time.Until(began.Add(limit)), func() string {
			return fmt.Sprintf("%s: a stale %s: %+v", what, w.Name(), w.status())
		}, func() bool { return w.status().State == source.Stale })
		if st := w.status(); st.Err == nil || st.Since.Before(began) || st.Since.After(time.Now()) {
			b.Errorf("%s since %v: %+v, want an error and since when", what, began, st)
		}
	}
	return time.Since(began)
}

// converge waits for a commit, stops the writer for a moment, and waits until
// every program has what the store holds.
func (b *bout) converge() {
	b.Helper()
	before := b.writer.commits.Load()
	eventually(b, bound, func() string { return "a commit" }, func() bool { return b.writer.commits.Load() > before })
	must(b, b.writer.frozen(bound, func(state) error {
		at := b.ledger.committed()
		for _, w := range b.watchers {
			eventually(b, bound, func() string {
				return fmt.Sprintf("%s at position %d of %d; %v; %v", w.Name(), w.position(), at, w.cfg.Status(), b.ledger.failures())
			}, func() bool { return w.has(at) })
		}
		return nil
	}))
}

// agree compares what the programs have with what the store says itself.
func (b *bout) agree() {
	b.Helper()
	var held state
	eventually(b, bound, func() string { return "a reading of the store" }, func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		var err error
		held, err = b.writer.direct().read(ctx, root)
		return err == nil
	})
	if _, _, ok := b.ledger.find(held, b.ledger.committed()); !ok {
		b.Errorf("the store holds %v, which is not what was written last", held)
	}
	for _, w := range b.watchers {
		eventually(b, bound, func() string { return fmt.Sprintf("%v in %s; there is %v", held, w.Name(), w.bound()) },
			func() bool { return maps.Equal(w.bound(), held) })
		_, emits, restless := w.counts()
		b.tally.add(emits, restless)
	}
	b.tally.commits = b.writer.commits.Load()
}
