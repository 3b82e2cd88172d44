package stores

import (
	"context"
	"testing"
	"time"

	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
)

// TestU6BackoffSpreadsAFleet cuts 200 programs, each with a client of its own,
// off a store at once. They don't come back at once, neither during the outage
// nor when it is over.
func TestU6BackoffSpreadsAFleet(t *testing.T) {
	sideBySide(t, spreads)
}

func spreads(t *testing.T, b backend) {
	const fleet, outage = 200, 6 * time.Second
	policy := source.Policy{MinBackoff: 200 * time.Millisecond, MaxBackoff: 2 * time.Second, StaleAfter: time.Second}
	server := b.serve(t)
	direct := b.connect(t, server.Addr(), nil)
	t.Cleanup(direct.close)
	must(t, direct.commit(t.Context(), txn{root: root, put: map[string]string{"a": "1"}}))
	proxy := testserver.NewProxy(t, server.Addr())
	var connecting, watching dials
	var sups []*source.Supervisor
	for range fleet {
		c := b.connect(t, proxy.Addr(), &connecting)
		t.Cleanup(c.close)
		src := noting{c.source(keys, root, options{probe: 5 * time.Second}), &watching}
		sups = append(sups, supervise(t, src, policy))
	}
	count := func(state source.State) (n int) {
		for _, sup := range sups {
			if sup.Status().State == state {
				n++
			}
		}
		return n
	}
	eventually(t, time.Minute, func() string { return "a fleet that is live" }, func() bool { return count(source.Live) == fleet })

	proxy.Cut()
	cut := time.Now()
	eventually(t, time.Minute, func() string { return "a fleet that is stale" }, func() bool { return count(source.Stale) == fleet })
	time.Sleep(time.Until(cut.Add(outage))) // an outage that lasts
	must(t, direct.commit(t.Context(), txn{root: root, put: map[string]string{"a": "2"}}))
	healed := time.Now()
	proxy.Heal()
	eventually(t, time.Minute, func() string { return "a fleet that is live again" }, func() bool {
		for _, sup := range sups {
			if snap, _, _ := sup.Latest(); valuesOf(snap.Tree)["a"] != "2" {
				return false
			}
		}
		return count(source.Live) == fleet
	})
	back := time.Now()

	settled := cut.Add(2 * time.Second) // the first waits are short: they find out whether it was a hiccup
	during, after := watching.between(settled, healed), watching.between(healed, back)
	t.Logf("%d programs cut off for %.1fs, back after %.1fs", fleet, healed.Sub(cut).Seconds(), back.Sub(healed).Seconds())
	t.Logf("watches: %d in the first 2s; then at most %d in a second and %d in 100ms; after the heal at most %d in 100ms",
		len(watching.between(cut, settled)), during.peak(time.Second), during.peak(100*time.Millisecond), after.peak(100*time.Millisecond))
	down, up := connecting.between(settled, healed), connecting.between(healed, back)
	t.Logf("connections asked for: %d in the first 2s; then at most %d in a second; after the heal at most %d in a second",
		len(connecting.between(cut, settled)), down.peak(time.Second), up.peak(time.Second))

	// With waits of 1s to 3s, 100 a second are to be expected, and in step all 200 in 100ms.
	if n := during.peak(time.Second); n < fleet/10 || n > 3*fleet/2 {
		t.Errorf("%d programs watched %d times in a second of the outage", fleet, n)
	}
	if n := max(during.peak(100*time.Millisecond), after.peak(100*time.Millisecond)); n > fleet/2 {
		t.Errorf("%d of %d programs watched in 100ms", n, fleet)
	}
	// What a client does by itself is its own: some dial a few times for each request.
	if n := max(down.peak(time.Second), up.peak(time.Second)); n > 4*fleet {
		t.Errorf("%d connections in a second of %d programs", n, fleet)
	}
}

// noting is a source that notes when it is watched.
type noting struct {
	source.Source
	at *dials
}

func (n noting) Watch(ctx context.Context, emit func(source.Snapshot)) error {
	n.at.note()
	return n.Source.Watch(ctx, emit)
}

// moments are in order.
type moments []time.Time

func (d *dials) between(from, to time.Time) (some moments) {
	for _, at := range d.all() {
		if !at.Before(from) && at.Before(to) {
			some = append(some, at)
		}
	}
	return some
}

// peak is the most moments within any window.
func (m moments) peak(window time.Duration) (most int) {
	first := 0
	for i := range m {
		for m[i].Sub(m[first]) > window {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}
