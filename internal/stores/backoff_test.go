package stores

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
)

// TestU6BackoffSpreadsAFleet cuts 200 programs, each with a client of its own,
// off a store at once. None of them asks more often than its backoff lets it,
// and the waits of one are not those of another, neither during the outage nor
// when it is over.
func TestU6BackoffSpreadsAFleet(t *testing.T) {
	sideBySide(t, spreads)
}

func spreads(t *testing.T, b Store) {
	const fleet, outage = 200, 6 * time.Second
	p := source.Policy{MinBackoff: 200 * time.Millisecond, MaxBackoff: 2 * time.Second, StaleAfter: time.Second}
	server := b.Serve(t)
	direct := connect(t, b, server.Addr(), nil)
	must(t, direct.Commit(t.Context(), Transaction{Root: root, Put: map[string]string{"a": "1"}}))
	proxy := testserver.NewProxy(t, server.Addr())
	var connecting Dials
	began, ended := make([]Dials, fleet), make([]Dials, fleet) // each program's attempts
	var sups []*source.Supervisor
	for i := range fleet {
		c := connect(t, b, proxy.Addr(), &connecting)
		src := noting{c.Source(Keys, root, Options{Probe: 5 * time.Second, Poll: poll}), &began[i], &ended[i]}
		sups = append(sups, await.SuperviseBy(t, src, p))
	}
	all := func(state source.State) func() bool {
		return func() bool {
			return !slices.ContainsFunc(sups, func(sup *source.Supervisor) bool { return sup.Status().State != state })
		}
	}
	await.Until(t, "a fleet that is live", all(source.Live))

	proxy.Cut()
	cut := time.Now()
	await.Until(t, "a fleet that is stale", all(source.Stale))
	time.Sleep(time.Until(cut.Add(outage))) // an outage that lasts
	must(t, direct.Commit(t.Context(), Transaction{Root: root, Put: map[string]string{"a": "2"}}))
	healed := time.Now()
	proxy.Heal()
	await.Until(t, "a fleet that has what was written meanwhile", func() bool {
		return !slices.ContainsFunc(sups, func(sup *source.Supervisor) bool {
			snap, _, _ := sup.Latest()
			return valuesOf(snap.Tree)["a"] != "2"
		})
	})
	await.Until(t, "a fleet that is live again", all(source.Live))
	back := time.Now()

	took := back.Sub(cut)
	most, total := 0, 0
	var waits []time.Duration // of the programs, before their first attempt in the outage
	for i := range fleet {
		attempts, breaks := between(began[i].All(), cut, back), between(ended[i].All(), cut, back)
		most, total = max(most, len(attempts)), total+len(attempts)
		waits = append(waits, attempts[0].Sub(breaks[0]))
	}
	dialled := len(between(connecting.All(), cut, back))
	t.Logf("%d programs cut off for %.1fs, back after %.1fs: %d watches, %d of one at most; %d connections asked for",
		fleet, healed.Sub(cut).Seconds(), back.Sub(healed).Seconds(), total, most, dialled)
	if limit := mostWatches(p, took); most > limit {
		t.Errorf("one program watched %d times in %v, want %d at most", most, took, limit)
	}
	if shortest, longest := slices.Min(waits), slices.Max(waits); longest-shortest < p.MinBackoff/2 {
		t.Errorf("all wait from %v to %v: they are in step", shortest, longest)
	}
	// What a client does by itself is its own: some dial a few times for each
	// request, some twice a second.
	if limit := 4*total + 4*fleet*(1+int(took.Seconds())); dialled > limit {
		t.Errorf("%d connections of %d programs in %v, want %d at most", dialled, fleet, took, limit)
	}
}

// noting is a source that notes when a Watch begins and when it ends.
type noting struct {
	source.Source
	began, ended *Dials
}

func (n noting) Watch(ctx context.Context, emit func(source.Snapshot)) error {
	n.began.Note()
	defer n.ended.Note()
	return n.Source.Watch(ctx, emit)
}

// between returns the moments from one to another.
func between(all []time.Time, from, to time.Time) (some []time.Time) {
	for _, at := range all {
		if !at.Before(from) && at.Before(to) {
			some = append(some, at)
		}
	}
	return some
}
