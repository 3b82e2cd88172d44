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

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
)

const probe = 700 * time.Millisecond // of the sources

// fault is something that happens to a store or to the way there. Both functions
// check that it did.
type fault struct {
	name   string
	outage bool // no source reaches the store until heal
	inject func()
	heal   func() // nil for what is over at once
}

// faultRun is one store under faults: its server, a writer, and a program for each
// layout in which it holds a configuration; and one in a process of its own.
type faultRun struct {
	*testing.T
	store    Store
	server   *testserver.Server
	proxy    *testserver.Proxy
	through  Client // the programs' client, by the proxy
	writer   *writer
	ledger   *ledger
	watchers []*watcher
	process  *process
	rand     *rand.Rand
	tally    *tally

	counted int64 // how far ZooKeeper had counted before it was wiped
}

const (
	root = "app"
	poll = 500 * time.Millisecond // of Redis, where notifications are off
)

func newFaultRun(t *testing.T, b Store, seed uint64, tally *tally) *faultRun {
	server := b.Serve(t)
	proxy := testserver.NewProxy(t, server.Addr())
	led := newLedger()
	o := &faultRun{
		T: t, store: b, server: server, proxy: proxy, ledger: led, tally: tally,
		through: connect(t, b, proxy.Addr(), nil),
		writer:  &writer{root: root, ledger: led, client: connect(t, b, server.Addr(), nil), rand: rand.New(rand.NewPCG(seed, 1)), base: State{}},
		rand:    rand.New(rand.NewPCG(seed, 2)),
	}
	for o.writer.commits.Load() == 0 { // so that there is a document
		o.writer.step(t.Context())
	}
	for _, l := range b.Layouts {
		o.watchers = append(o.watchers, watch(t, o.through.Source(l, root, Options{Probe: probe, Poll: poll}), l, led))
	}
	o.process = startProcess(t, b, proxy.Addr(), b.Layouts[0], led)
	return o
}

// run injects every fault once, with an outage that lasts, and then others until
// the end. At last the programs hold what the store does.
func (b *faultRun) run(end time.Time) {
	ctx, cancel := context.WithCancel(context.Background())
	var writing sync.WaitGroup
	writing.Go(func() { b.writer.run(ctx) })
	defer writing.Wait()
	defer cancel()

	b.converge()
	for round := 0; round == 0 || time.Now().Before(end); round++ {
		faults := b.allFaults()
		b.rand.Shuffle(len(faults), func(i, j int) { faults[i], faults[j] = faults[j], faults[i] })
		for _, f := range faults {
			if round > 0 && time.Now().After(end) {
				break
			}
			b.runFault(f, round == 0 || b.rand.IntN(3) == 0)
			time.Sleep(time.Duration(b.rand.IntN(300)) * time.Millisecond) // so that faults come at any moment
		}
	}
	cancel()
	writing.Wait()
	b.agree()
}

// runFault goes through one fault.
func (b *faultRun) runFault(f fault, lasting bool) {
	b.Helper()
	began, watches, accepted, before := time.Now(), b.watches(), b.proxy.Accepted(), b.statuses()
	f.inject()
	var noticed time.Duration
	switch {
	case f.outage && lasting:
		noticed = b.noticed(f.name, began, before)
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
		if most, all = max(most, n), all+n; n > mostWatches(policy(), took) {
			b.Errorf("%s: %s was watched %d times in %v, want %d at most", f.name, b.programs()[i].name, n, took, mostWatches(policy(), took))
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
	for _, p := range b.programs() {
		at = min(at, p.position())
	}
	b.ledger.forget(at)
}

// until waits until something holds, and else says what didn't.
func (b *faultRun) until(what func() string, holds func() bool) {
	b.Helper()
	if !await.Holds(await.Limit, holds) {
		b.Fatalf("not within %v: %s", await.Limit, what())
	}
}

func (b *faultRun) watches() []int {
	var all []int
	for _, p := range b.programs() {
		n, _, _ := p.counts()
		all = append(all, n)
	}
	return all
}

// programs returns the checkers of all, that of the process last.
func (b *faultRun) programs() (all []*checker) {
	for _, w := range b.watchers {
		all = append(all, w.checker)
	}
	return append(all, b.process.checker)
}

func (b *faultRun) statuses() (all []source.Status) {
	for _, w := range b.watchers {
		all = append(all, w.status())
	}
	return all
}

// noticed waits until every program says that it is stale, and why, and since
// when, which is earlier only if it was stale before: on a busy machine it may be.
// It returns how long that took.
func (b *faultRun) noticed(what string, began time.Time, before []source.Status) time.Duration {
	b.Helper()
	for i, w := range b.watchers {
		b.until(func() string { return fmt.Sprintf("%s: a stale %s: %+v", what, w.Name(), w.status()) },
			func() bool { return w.status().State == source.Stale })
		st, since := w.status(), began
		if before[i].State == source.Stale {
			since = before[i].Since
		}
		if st.Err == nil || st.Since.Before(since) || st.Since.After(time.Now()) {
			b.Errorf("%s since %v: %+v, want an error and since when", what, began, st)
		}
	}
	return time.Since(began)
}

// converge waits for a commit, stops the writer for a moment, and waits until
// every program has what the store holds.
func (b *faultRun) converge() {
	b.Helper()
	before := b.writer.commits.Load()
	b.until(func() string { return "a commit" }, func() bool { return b.writer.commits.Load() > before })
	must(b, b.writer.frozen(await.Limit, func(State) error {
		at := b.ledger.committed()
		for _, w := range b.watchers {
			b.until(func() string {
				return fmt.Sprintf("%s at position %d of %d; %v; %v", w.Name(), w.position(), at, w.cfg.Status(), b.ledger.failures())
			}, func() bool { return w.has(at) })
		}
		b.until(func() string {
			return fmt.Sprintf("%s at position %d of %d; %v", b.process.name, b.process.position(), at, b.ledger.failures())
		}, func() bool { return b.process.has(at) })
		return nil
	}))
}

// agree compares what the programs have with what the store says itself.
func (b *faultRun) agree() {
	b.Helper()
	var held State
	b.until(func() string { return "a reading of the store" }, func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		var err error
		held, err = b.writer.direct().Read(ctx, root)
		return err == nil
	})
	if _, _, ok := b.ledger.find(held, b.ledger.committed()); !ok {
		b.Errorf("the store holds %v, which is not what was written last", held)
	}
	for _, w := range b.watchers {
		b.until(func() string { return fmt.Sprintf("%v in %s; there is %v", held, w.Name(), w.bound()) },
			func() bool { return maps.Equal(w.bound(), held) })
	}
	at := b.ledger.committed()
	b.until(func() string { return fmt.Sprintf("%s at position %d of %d", b.process.name, b.process.position(), at) },
		func() bool { return b.process.has(at) })
	for _, p := range b.programs() {
		_, emits, mixed := p.counts()
		b.tally.add(emits, mixed)
	}
	b.tally.commits = b.writer.commits.Load()
}
