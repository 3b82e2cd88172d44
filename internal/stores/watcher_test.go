package stores

import (
	"cmp"
	"context"
	"log/slog"
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
	p := &tap{src, &checker{name: src.Name(), layout: l, ledger: led}}
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

// tap is a source whose every snapshot is checked.
type tap struct {
	source.Source
	*checker
}

func (p *tap) Watch(ctx context.Context, emit func(source.Snapshot)) error {
	p.watched()
	return p.Source.Watch(ctx, func(snap source.Snapshot) {
		p.check(summarise(snap))
		emit(snap)
	})
}
