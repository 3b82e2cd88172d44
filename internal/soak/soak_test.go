package soak

import (
	"context"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/internal/browser"
	"github.com/confsync/confsync/internal/stores"
	"github.com/confsync/confsync/source"
)

// duration returns how long to soak: CONFSYNC_SOAK, or just long enough to see
// that it works.
func duration(t *testing.T) time.Duration {
	text := os.Getenv("CONFSYNC_SOAK")
	if text == "" {
		return 8 * time.Second
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("CONFSYNC_SOAK: %v", err)
	}
	return d
}

// TestSoak runs everything at once.
func TestSoak(t *testing.T) {
	total := duration(t)
	round := min(time.Minute, total/4)
	window := browser.Open(t)
	all := []*place{filePlace(t), httpPlace(t), natsPlace(t)}
	for _, s := range stores.All() {
		all = append(all, storePlace(t, s))
	}
	settle(t, all)
	s := startService(t, sourcesOf(all))
	defer s.close()
	p := openPage(t, window, s.cfg)
	broken := []*breakable{{name: "the page", proxy: p.proxy}}
	for _, p := range all {
		if p.proxy != nil {
			broken = append(broken, &breakable{name: p.name, server: p.server, proxy: p.proxy})
		}
	}

	var measured []figures
	for began := time.Now(); time.Since(began) < total; {
		work(t, all, round, broken)
		converged := pause(t, s, p, all)
		f := measure(t, p)
		f.at, f.converged = time.Since(began), converged
		measured = append(measured, f)
		t.Logf("%s", f)
	}
	report(t, s, p, all, broken, measured)
	flat(t, measured)
}

// work writes and breaks things for a while.
func work(t *testing.T, all []*place, d time.Duration, broken []*breakable) {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	var running sync.WaitGroup
	for _, p := range all {
		running.Go(func() {
			for ctx.Err() == nil {
				p.step(ctx)
				rest(ctx, time.Duration(20+rand.N(80))*time.Millisecond)
			}
		})
	}
	for _, b := range broken {
		running.Go(func() { b.run(ctx, min(d, 10*time.Second)) })
	}
	running.Wait()
}

// pause lets everything arrive, in the program and on the page, and returns how
// long it took to be in the program.
func pause(t *testing.T, s *service, p *page, all []*place) (converged time.Duration) {
	t.Helper()
	settle(t, all)
	healed := time.Now()
	if !await.Holds(await.Limit, func() bool {
		those := missing(s.cfg.Get(), all)
		if slices.ContainsFunc(those, func(p *place) bool { return p.overtaken(t) }) {
			t.Log("a write that was given up has been made")
			settle(t, all)
		}
		return len(those) == 0
	}) {
		for _, p := range missing(s.cfg.Get(), all) {
			t.Errorf("%s: %+v was written, and there is %+v", p.name, p.written, s.cfg.Get().Parts[p.name])
		}
		t.Fatalf("not within %v: everything written has arrived\n%v", await.Limit, s.cfg.Status())
	}
	converged = time.Since(healed)
	p.shows(t, all)
	return converged
}

// missing returns the places whose state is not in the configuration.
func missing(a *app, all []*place) (those []*place) {
	for _, p := range all {
		got := a.Parts[p.name]
		if got.A != p.written.A || got.Level != p.written.Level || !maps.Equal(got.Map, p.written.Map) {
			those = append(those, p)
		}
	}
	return those
}

// settle writes something good everywhere, and nothing that build refuses.
func settle(t *testing.T, all []*place) {
	t.Helper()
	sum := 0
	for _, p := range all {
		p.settle(t)
		sum += p.written.A
	}
	if refused(sum) {
		all[0].settle(t) // writes one more
	}
}

func sourcesOf(all []*place) (sources []source.Source) {
	for _, p := range all {
		sources = append(sources, p.source)
	}
	return sources
}
