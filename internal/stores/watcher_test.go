package stores

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
)

// policy returns that of the watchers: a program's, with shorter times.
func policy() source.Policy {
	return source.Policy{
		StaleAfter: 500 * time.Millisecond, Resync: 20 * time.Second,
		MinBackoff: 100 * time.Millisecond, MaxBackoff: time.Second,
	}
}

// mostWatches returns how many times a source may be watched within d: no wait
// between two attempts is shorter than half its mean, and no healthy Watch than
// half of Resync.
func mostWatches(p source.Policy, d time.Duration) int {
	n, wait := 2+int(2*d/cmp.Or(p.Resync, 15*time.Minute)), p.MinBackoff
	for ; d >= 0; n++ {
		d -= wait / 2
		wait = min(wait+wait/2, p.MaxBackoff)
	}
	return n
}

// app is what the writer's keys are bound to.
type app struct {
	Seq string
	K   map[string]map[string]string
}

// watcher is a program's whole configuration, from one way of a store.
type watcher struct {
	*tap
	cfg *confsync.Config[app]
}

func watch(t testing.TB, src source.Source, l Layout, led *ledger) *watcher {
	t.Helper()
	p := &tap{Source: src, layout: l, ledger: led}
	cfg, err := confsync.Open(context.Background(), confsync.Options[app]{
		Sources: []source.Source{p},
		Logger:  slog.New(slog.DiscardHandler),
		Unknown: confsync.RejectUnknown,
		Policy:  policy(),
	})
	must(t, err)
	t.Cleanup(func() { cfg.Close() })
	return &watcher{p, cfg}
}

func (w *watcher) status() source.Status { return w.cfg.Status().Sources[0] }

// bound returns the state that the program has been given.
func (w *watcher) bound() State {
	a, all := w.cfg.Get(), State{}
	if a.Seq != "" {
		all["seq"] = a.Seq
	}
	for group, values := range a.K {
		for name, value := range values {
			all["k/"+group+"/"+name] = value
		}
	}
	return all
}

// has reports whether the program has a state from this position on, and all is well.
func (w *watcher) has(position int) bool {
	st := w.status()
	if st.State != source.Live || st.Err != nil {
		return false
	}
	_, _, ok := w.ledger.find(w.bound(), position)
	return ok
}

// tap is a source whose every snapshot is held against the ledger.
type tap struct {
	source.Source
	layout Layout
	ledger *ledger

	mu       sync.Mutex
	watches  int
	emits    int
	mixed    int    // of these are not at one revision, and may be so
	at       int    // the position of the newest
	epoch    int    // and its epoch
	revision uint64 // and its revision; 0 for none
}

func (p *tap) Watch(ctx context.Context, emit func(source.Snapshot)) error {
	p.mu.Lock()
	p.watches++
	p.mu.Unlock()
	return p.Source.Watch(ctx, func(snap source.Snapshot) {
		p.look(snap)
		emit(snap)
	})
}

// look finds the state that a snapshot is of, which is none from before the last
// one but where the store itself has gone back.
func (p *tap) look(snap source.Snapshot) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.emits++
	values := valuesOf(snap.Tree)
	switch {
	case p.layout == Document && errors.Is(snap.Err, source.ErrAbsent):
		values = State{} // believed only if the store was empty
	case snap.Err != nil:
		p.ledger.fail("%s emitted the error %v", p.Name(), snap.Err)
		return
	}
	at, epoch, ok := p.ledger.find(values, p.at)
	if !ok && strings.HasPrefix(snap.Note, "not at one revision") && p.ledger.had(values) {
		p.mixed++
		return
	}
	if !ok {
		_, _, once := p.ledger.find(values, 0)
		p.ledger.fail("%s emitted %v at revision %s, which is no state since position %d; an earlier one: %t; note %q",
			p.Name(), values, snap.Revision, p.at, once, snap.Note)
		return
	}
	revision, _ := strconv.ParseUint(snap.Revision, 10, 64)
	if epoch == p.epoch && revision < p.revision {
		p.ledger.fail("%s went back from revision %d to %s in one epoch of the store", p.Name(), p.revision, snap.Revision)
	}
	p.at, p.epoch, p.revision = at, epoch, revision
}

// counts returns the numbers of watches, snapshots and mixed ones so far.
func (p *tap) counts() (watches, emits, mixed int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.watches, p.emits, p.mixed
}

func (p *tap) position() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.at
}
